//! The objects of the apps that siteplan makes itself: `namespaces` and `nodes`.

use crate::argocd::{COMPARE_OPTIONS, KEEP_FOR_EVER, SYNC_OPTIONS};
use kubernetes_vocabulary::labels;
use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::manifest::Object;
use crate::model::{NodeState, PodSecurity, Topology};
use crate::plan::{Instance, InstanceSource, NamespacePlan, NodePlan, SitePlan};

use super::node_policy::node_policy_files;

/// The objects of a built-in instance with the names of their files; nothing for an app of base/apps.
pub fn builtin_objects(site: &SitePlan, instance: &Instance) -> Vec<(String, Object)> {
    match instance.source {
        InstanceSource::App(_) => Vec::new(),
        InstanceSource::Namespaces => {
            let objects = site.namespaces.iter();
            objects
                .map(|(name, plan)| (format!("namespace.{name}.yaml"), namespace(name, plan)))
                .collect()
        }
        InstanceSource::Nodes => {
            let nodes = site
                .nodes
                .iter()
                .filter_map(|node| Some((node, managed_labels(site, node)?)));
            let objects = nodes.map(|(node, labels)| {
                (
                    format!("node.{}.yaml", node.name),
                    self::node(&node.name, &labels),
                )
            });
            let mut objects: Vec<(String, Object)> = objects.collect();
            // Where the site has its own Argo CD, whoever bootstraps it brings the policy.
            if site.fleet.spec.argocd.topology == Topology::Hub && !objects.is_empty() {
                objects.extend(node_policy_files(site));
            }
            objects
        }
    }
}

fn namespace(name: &str, plan: &NamespacePlan) -> Object {
    let mut labels = plan.spec.labels.clone();
    if let Some(level) = plan.pod_security {
        for mode in ["audit", "enforce", "warn"] {
            labels.insert(
                format!("{}{mode}", labels::POD_SECURITY_PREFIX),
                level_name(level).to_owned(),
            );
        }
    }
    let mut annotations = plan.spec.annotations.clone();
    annotations
        .entry(SYNC_OPTIONS.to_owned())
        .or_insert_with(|| KEEP_FOR_EVER.to_owned());
    annotations
        .entry(COMPARE_OPTIONS.to_owned())
        .or_insert_with(|| "IgnoreExtraneous".to_owned());
    let mut metadata = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("annotations".to_owned(), json!(annotations)),
    ]);
    if !labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(labels));
    }
    Object::new(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
}

fn level_name(level: PodSecurity) -> &'static str {
    match level {
        PodSecurity::Privileged => "privileged",
        PodSecurity::Baseline => "baseline",
        PodSecurity::Restricted => "restricted",
    }
}

/// Only metadata: a Node's taints are one list that others write too, and so they are never here.
fn node(name: &str, labels: &BTreeMap<&str, &str>) -> Object {
    Object::new(json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {SYNC_OPTIONS: KEEP_FOR_EVER, COMPARE_OPTIONS: "IgnoreExtraneous"},
        },
    }))
}

/// The labels that siteplan puts on a node; `None` for a node that is not there, has no name yet, or is none of ours. Argo CD would
/// make a Node that does not exist, and that would keep the real one from joining.
fn managed_labels<'a>(
    site: &'a SitePlan,
    node: &'a NodePlan,
) -> Option<BTreeMap<&'a str, &'a str>> {
    if node.unnamed || node.state == Some(NodeState::Replacing) {
        return None;
    }
    let own = node.labels.iter().filter(|(key, _)| !is_kubelets(key));
    let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
    let mut labels = site.labels_of_apps(node)?;
    labels.extend(own);
    (!labels.is_empty()).then_some(labels)
}

/// Checks whether the node's kubelet or the installer writes the label.
fn is_kubelets(key: &str) -> bool {
    const KUBELETS: &[&str] = &[
        labels::ARCH,
        labels::HOSTNAME,
        labels::OS,
        labels::NODE_ROLE_CONTROL_PLANE,
        labels::NODE_ROLE_MASTER,
        labels::NODE_ROLE_WORKER,
    ];
    KUBELETS.contains(&key)
}
