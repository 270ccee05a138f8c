//! The project of a site's Applications: it permits what they hold and nothing else.

use crate::argocd::{RESOURCES_FINALIZER, SYNC_OPTIONS, SYNC_WAVE};
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::kinds::GroupKind;
use kubernetes_vocabulary::ResourceScope;

use super::destination::{destination_cluster, destination_namespace};
use super::object_options::CONFIRM_DELETION;
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
    let roles = list_roles(context);
    if !roles.is_empty() {
        spec.insert("roles".to_owned(), roles.into());
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": names::site_name(&site.name),
            "namespace": context.fleet().argocd.namespace(),
            "labels": {"siteplan.dev/site": site.name},
            // Deleting the site's root with all that it holds asks somebody first.
            "annotations": {SYNC_WAVE: PROJECT_WAVE, SYNC_OPTIONS: CONFIRM_DELETION},
            "finalizers": [RESOURCES_FINALIZER],
        },
        "spec": spec,
    })
}

/// Returns a role a team: what its groups may do with the Applications of its instances. `argocd proj role` writes the same form
/// (argo-cd docs/user-guide/projects.md, read 2026-11).
fn list_roles(context: &BundleContext<'_>) -> Vec<Value> {
    let site = context.site();
    let project = names::site_name(&site.name);
    let teams = site.site.spec.teams.iter();
    let roles = teams.map(|(name, team)| {
        let mut policies = Vec::new();
        for app in &team.apps {
            let application = names::application_name(&site.name, app);
            for (resource, action) in team.rights.actions() {
                policies.push(format!(
                    "p, proj:{project}:{name}, {resource}, {action}, {project}/{application}, allow"
                ));
            }
        }
        json!({"name": name, "groups": team.groups, "policies": policies})
    });
    roles.collect()
}

/// Kinds in the form of a project's lists.
pub(super) fn listed(kinds: &BTreeSet<GroupKind>) -> Value {
    kinds
        .iter()
        .map(|k| json!({"group": k.group, "kind": k.kind}))
        .collect()
}

/// The cluster-scoped and the namespaced kinds of the site's objects, and of what is still being removed from the site.
pub(super) fn kinds(context: &BundleContext<'_>) -> (BTreeSet<GroupKind>, BTreeSet<GroupKind>) {
    let (mut cluster, mut namespaced) = (BTreeSet::new(), BTreeSet::new());
    let objects = context.input.rendered.values().flatten();
    let of_objects = objects.map(|o| (context.kinds.scope_of(o), GroupKind::of(o)));
    let leftovers = context.input.leftovers.kinds.iter();
    let of_leftovers = leftovers.map(|k| (k.scope, GroupKind::new(&k.group, &k.kind)));
    for (scope, kind) in of_objects.chain(of_leftovers) {
        match scope {
            ResourceScope::Cluster => cluster.insert(kind),
            ResourceScope::Namespaced => namespaced.insert(kind),
        };
    }
    (cluster, namespaced)
}

/// Every namespace that the site makes, that an object or an Application of it names, or from which something is still being removed.
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
    let leftovers = context.input.leftovers.namespaces.iter();
    let removed = leftovers.map(String::as_str);
    let namespaces: BTreeSet<&str> = of_objects
        .chain(of_apps)
        .chain(made)
        .chain(removed)
        .collect();
    let cluster = destination_cluster(context);
    let destination = |namespace: &str| json!({cluster.0: cluster.1, "namespace": namespace});
    namespaces.into_iter().map(destination).collect()
}
