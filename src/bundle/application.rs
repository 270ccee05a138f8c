//! The Application of an instance.

use crate::argocd::{
    GO_ON, MANIFEST_GENERATE_PATHS, PRUNE_LAST, RESOURCES_FINALIZER, SKIP_DRY_RUN, SYNC_OPTIONS,
    SYNC_WAVE, WHEN_FAILED,
};
use kubernetes_vocabulary::labels::APP_PART_OF;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::model::OnRemove;
use crate::plan::{Instance, InstanceSource};

use super::destination::{destination_cluster, destination_namespace};
use super::object_options::{asks_before_deletion, on_remove};
use super::retry::{RetriedApplication, retry_policy};
use super::{ArgoCdVersion, BundleContext, differences, dry_run, is_since, names, repository_path};

/// The Application of an instance.
pub(super) fn of_instance(context: &BundleContext<'_>, instance: &Instance) -> Value {
    let (site, fleet) = (context.site(), context.fleet());
    let mut metadata = json!({
        "name": names::application_name(&site.name, &instance.name),
        "namespace": fleet.argocd.namespace(),
        "labels": {APP_PART_OF: names::site_name(&site.name), "siteplan.dev/site": site.name},
        "annotations": annotations(context, instance),
    });
    if on_remove(instance) != OnRemove::Keep {
        metadata["finalizers"] = json!([RESOURCES_FINALIZER]);
    }
    let (key, cluster) = destination_cluster(context);
    let ignored = differences::of_objects(context.objects(instance));
    let mut spec = json!({
        "project": names::site_name(&site.name),
        "source": source(context, &instance.name),
        "destination": {key: cluster, "namespace": destination_namespace(context, instance)},
        "syncPolicy": {
            "automated": automated(&instance.source),
            "retry": retry_policy(&fleet.argocd, retried_application(&instance.source)),
        },
    });
    let options = sync_options(context, instance, !ignored.is_empty());
    if !options.is_empty() {
        spec["syncPolicy"]["syncOptions"] = json!(options);
    }
    if !ignored.is_empty() {
        spec["ignoreDifferences"] = json!(ignored);
    }
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec})
}

/// Returns where Argo CD finds a directory of the site's output, and at which revision.
fn source(context: &BundleContext<'_>, directory: &str) -> Value {
    let (fleet, site) = (context.fleet(), &context.site().site.spec);
    let pin = site.pin.as_ref().or(fleet.source.pin.as_ref());
    json!({
        "repoURL": fleet.source.repo_url,
        "path": repository_path(fleet, &format!("out/{}/{directory}", context.site().name)),
        "targetRevision": pin.unwrap_or(&fleet.source.revision),
    })
}

fn annotations(context: &BundleContext<'_>, instance: &Instance) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert(SYNC_WAVE.to_owned(), json!(instance.wave.to_string()));
    annotations.insert(
        MANIFEST_GENERATE_PATHS.to_owned(),
        json!(generate_paths(context, instance)),
    );
    // A node that is away is no reason for the rest of the site to wait.
    if matches!(instance.source, InstanceSource::Nodes) {
        annotations.insert(WHEN_FAILED.to_owned(), json!(GO_ON));
    }
    // Argo CD waits for somebody before it deletes what the Application deployed. It goes last, so that its root does not wait too.
    if on_remove(instance) != OnRemove::Keep && asks_before_deletion(context.objects(instance)) {
        annotations.insert(SYNC_OPTIONS.to_owned(), json!(PRUNE_LAST));
    }
    annotations
}

/// Every directory whose change can change the manifests: the overlay and what it is built on.
fn generate_paths(context: &BundleContext<'_>, instance: &Instance) -> String {
    let own = instance
        .app()
        .map(|app| BTreeSet::from([app.directory.clone()]))
        .unwrap_or_default();
    let read = context
        .input
        .directories
        .get(&instance.name)
        .unwrap_or(&own);
    let overlay = format!("out/{}/{}", context.site().name, instance.name);
    let read = read
        .iter()
        .filter(|d| **d != overlay)
        .map(|d| format!("/{}", plain(&repository_path(context.fleet(), d))));
    let mut paths: Vec<String> = std::iter::once(".".to_owned()).chain(read).collect();
    paths.dedup();
    paths.join(";")
}

/// The directory, or the nearest one above whose path Argo CD reads as it is written.
fn plain(directory: &str) -> &str {
    let strange = |name: &str| name.contains([';', '*', '?', '[', '\\']) || name.trim() != name;
    let mut end = 0;
    for name in directory.split('/') {
        if strange(name) {
            return directory[..end].trim_end_matches('/');
        }
        end += name.len() + 1;
    }
    directory
}

fn retried_application(source: &InstanceSource) -> RetriedApplication {
    match source {
        InstanceSource::Nodes => RetriedApplication::Nodes,
        InstanceSource::App(_) | InstanceSource::Namespaces => RetriedApplication::Instance,
    }
}

/// Returns what is synced without being asked. What is false is left out: Argo CD takes it out when it writes the Application.
fn automated(source: &InstanceSource) -> Value {
    match source {
        InstanceSource::App(_) => json!({"prune": true, "selfHeal": true}),
        InstanceSource::Namespaces | InstanceSource::Nodes => json!({"selfHeal": true}),
    }
}

fn sync_options(
    context: &BundleContext<'_>,
    instance: &Instance,
    ignores: bool,
) -> Vec<&'static str> {
    let argocd = &context.fleet().argocd;
    let skips = dry_run::for_whole_app(argocd)
        && !dry_run::without_definition(context.site(), context.objects(instance)).is_empty();
    let keeps = on_remove(instance) == OnRemove::Keep && is_since(argocd, ArgoCdVersion::new(3, 4));
    let is_app = matches!(instance.source, InstanceSource::App(_));
    let options = [
        (keeps, "Delete=false"),
        (keeps && !is_app, "Prune=false"),
        (is_app, PRUNE_LAST),
        (ignores, "RespectIgnoreDifferences=true"),
        (
            matches!(instance.source, InstanceSource::Nodes),
            "ServerSideApply=true",
        ),
        (skips, SKIP_DRY_RUN),
    ];
    options
        .into_iter()
        .filter_map(|(wanted, option)| wanted.then_some(option))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn directories_that_argo_cd_would_read_as_patterns_are_widened() {
        assert_eq!(plain("base/apps/web"), "base/apps/web");
        assert_eq!(plain("base/app[s]/web"), "base");
        assert_eq!(plain("base/apps/a;b"), "base/apps");
        assert_eq!(plain("*"), "");
    }
}
