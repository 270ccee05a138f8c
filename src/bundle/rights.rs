//! RBAC rights of OpenShift GitOps' Argo CD on a site: it may change the kinds that the site renders, and no others.
//!
//! The default instance can read everything but change little. Its usual remedy, cluster-admin, would let a mistake in git reach all
//! of the cluster. Roles that are rendered are a special case: Kubernetes lets nobody grant what he does not have, so their rules
//! are granted here too; and nobody may bind a role without the verb `bind` on it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::kinds::GroupKind;
use crate::manifest::Object;

use super::{BundleContext, project, settings};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The ClusterRole and its binding to the application controller.
pub(super) fn of_site(context: &BundleContext<'_>) -> Vec<Value> {
    let name = format!("siteplan-{}", context.site().name);
    let labels = json!({"siteplan.dev/site": context.site().name});
    let argocd = &context.fleet().argocd;
    let controller = format!(
        "{}-argocd-application-controller",
        settings::instance_name(argocd)
    );
    vec![
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name, "labels": labels},
            "rules": rules(context),
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name, "labels": labels},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": controller, "namespace": argocd.namespace()}],
        }),
    ]
}

fn rules(context: &BundleContext<'_>) -> Vec<Value> {
    let (cluster, namespaced) = project::kinds(context);
    let mut resources: BTreeMap<(&str, &[&str]), BTreeSet<String>> = BTreeMap::new();
    for kind in cluster.iter().chain(&namespaced) {
        resources
            .entry((&kind.group, verbs(kind)))
            .or_default()
            .insert(resource_name(context, kind));
    }
    let own = resources
        .into_iter()
        .map(|((group, verbs), resources)| json!({"apiGroups": [group], "resources": resources, "verbs": verbs}));
    let objects = || {
        context
            .input
            .rendered
            .values()
            .flatten()
            .filter(|o| o.group() == RBAC)
    };
    let mut rules: Vec<Value> = own.chain(bound(objects())).collect();
    let mut granted: Vec<Value> = objects()
        .filter_map(|o| o.get("/rules")?.as_array())
        .flatten()
        .cloned()
        .collect();
    granted.sort_by_cached_key(Value::to_string);
    granted.dedup();
    rules.extend(granted);
    rules
}

/// Returns the name of a kind's resource. What the site is rid of is not among the kinds that it teaches.
fn resource_name(context: &BundleContext<'_>, kind: &GroupKind) -> String {
    let leftovers = &context.input.leftovers.kinds;
    let known = leftovers
        .iter()
        .find(|k| k.group == kind.group && k.kind == kind.kind);
    known.map_or_else(|| context.kinds.resource(kind), |k| k.resource.clone())
}

/// Namespaces and nodes are never deleted, and nodes never made: a Node without a machine keeps its replacement from joining.
fn verbs(kind: &GroupKind) -> &'static [&'static str] {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Node") => &["get", "list", "patch", "update", "watch"],
        ("", "Namespace") => &["create", "get", "list", "patch", "update", "watch"],
        _ => &[
            "create", "delete", "get", "list", "patch", "update", "watch",
        ],
    }
}

/// The verb `bind` on every role that a rendered binding refers to.
fn bound<'a>(objects: impl Iterator<Item = &'a Object>) -> impl Iterator<Item = Value> {
    let mut roles: BTreeMap<&'static str, BTreeSet<&str>> = BTreeMap::new();
    for reference in objects.filter_map(|o| o.get("/roleRef")) {
        let text = |key: &str| {
            reference
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let resource = if text("kind") == "ClusterRole" {
            "clusterroles"
        } else {
            "roles"
        };
        roles.entry(resource).or_default().insert(
            reference
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        );
    }
    let rules: Vec<Value> = roles
        .into_iter()
        .map(|(resource, names)| json!({"apiGroups": [RBAC], "resources": [resource], "resourceNames": names, "verbs": ["bind"]}))
        .collect();
    rules.into_iter()
}
