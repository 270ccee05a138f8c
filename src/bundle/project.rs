//! The project of a site's Applications: it permits what they hold and nothing else.

use crate::argocd::{RESOURCES_FINALIZER, SYNC_WAVE};
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::kinds::GroupKind;
use kubernetes_vocabulary::ResourceScope;

use super::destination::{destination_cluster, destination_namespace};
use super::{BundleContext, PROJECT_WAVE, names};

/// The AppProject of a site.
pub(super) fn of_site(context: &BundleContext<'_>) -> Value {
    let site = context.site();
    let mut spec = Map::new();
    spec.insert(
        "description".to_owned(),
        json!(format!("Applications of site {}", site.name)),
    );
    spec.insert(
        "sourceRepos".to_owned(),
        json!([context.fleet().source.repo_url]),
    );
    spec.insert("destinations".to_owned(), destinations(context));
    let (cluster, namespaced) = kinds(context);
    spec.insert("clusterResourceWhitelist".to_owned(), listed(&cluster));
    spec.insert("namespaceResourceWhitelist".to_owned(), listed(&namespaced));
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": names::site_name(&site.name),
            "namespace": context.fleet().argocd.namespace(),
            "labels": {"siteplan.dev/site": site.name},
            "annotations": {SYNC_WAVE: PROJECT_WAVE},
            "finalizers": [RESOURCES_FINALIZER],
        },
        "spec": spec,
    })
}

/// Kinds in the form of a project's lists.
pub(super) fn listed(kinds: &BTreeSet<GroupKind>) -> Value {
    kinds
        .iter()
        .map(|k| json!({"group": k.group, "kind": k.kind}))
        .collect()
}

/// The cluster-scoped kinds of all bases, and the namespaced ones of the site's own objects. While something of the site is being removed,
/// the namespaced ones of all bases too: Argo CD does not prune what its project no longer permits.
pub(super) fn kinds(context: &BundleContext<'_>) -> (BTreeSet<GroupKind>, BTreeSet<GroupKind>) {
    let removing = context
        .fleet()
        .removals
        .iter()
        .any(|removal| removal.site == context.site().name);
    let (mut cluster, mut namespaced) = (BTreeSet::new(), BTreeSet::new());
    for (group, kind) in context.input.base_kinds {
        let kind = GroupKind::new(group, kind);
        match context.kinds.scope(&kind) {
            Some(ResourceScope::Cluster) => _ = cluster.insert(kind),
            Some(ResourceScope::Namespaced) if removing => _ = namespaced.insert(kind),
            Some(ResourceScope::Namespaced) | None => {}
        }
    }
    for object in context.input.rendered.values().flatten() {
        match context.kinds.scope_of(object) {
            ResourceScope::Cluster => cluster.insert(GroupKind::of(object)),
            ResourceScope::Namespaced => namespaced.insert(GroupKind::of(object)),
        };
    }
    (cluster, namespaced)
}

/// Every namespace that the site makes, or that an object or an Application of it names.
fn destinations(context: &BundleContext<'_>) -> Value {
    let objects = context.input.rendered.values().flatten();
    let of_objects = objects
        .filter(|o| context.kinds.scope_of(o) == ResourceScope::Namespaced)
        .filter_map(|o| o.namespace());
    let of_apps = context
        .site()
        .instances
        .iter()
        .map(|i| destination_namespace(context, i));
    let made = context.site().namespaces.keys().map(String::as_str);
    let namespaces: BTreeSet<&str> = of_objects.chain(of_apps).chain(made).collect();
    let cluster = destination_cluster(context);
    let destination = |namespace: &str| json!({cluster.0: cluster.1, "namespace": namespace});
    namespaces.into_iter().map(destination).collect()
}
