//! Root Applications, which bring projects and Applications, and the projects that permit just that.

use crate::argocd::{HOOK, IN_CLUSTER_SERVER};
use serde_json::{Value, json};

use crate::manifest::Object;
use crate::model::FleetSpec;

use super::retry::{RetriedApplication, retry_policy};
use super::{BundleContext, differences, names, repository_path};

/// Number of old syncs that a root remembers; each holds a line for every Application.
const HISTORY: u32 = 3;

/// A root Application and its project.
pub(super) struct Root<'a> {
    /// Its name.
    pub(super) name: String,
    /// The name of its project.
    pub(super) project: String,
    /// Title of the applications below it, in words.
    pub(super) title: String,
    /// The value of the label `siteplan.dev/site`.
    pub(super) site: &'a str,
    /// The directory that it syncs, from the root of the fleet.
    pub(super) path: String,
    /// Set if an Application below it has hooks that run when it is deleted.
    pub(super) deletion_hooks: bool,
}

/// The root of a site.
pub(super) fn of_site<'a>(context: &BundleContext<'a>) -> Root<'a> {
    let site = &context.site().name;
    Root {
        name: names::site_name(site),
        project: names::root_project(site),
        title: format!("site {site}"),
        site,
        path: format!("out/{site}/apps"),
        deletion_hooks: context
            .input
            .rendered
            .values()
            .flatten()
            .any(has_deletion_hook),
    }
}

impl Root<'_> {
    /// The Application. It has no finalizer: deleting it must not take what it holds with it. It never applies server-side: that
    /// would wipe the status of Applications that are syncing.
    pub(super) fn application(&self, fleet: &FleetSpec) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": self.name,
                "namespace": fleet.argocd.namespace(),
                "labels": {"siteplan.dev/site": self.site},
            },
            "spec": {
                "project": self.project,
                "source": {
                    "repoURL": fleet.source.repo_url,
                    "path": repository_path(fleet, &self.path),
                    "targetRevision": fleet.source.revision,
                },
                "destination": {"server": IN_CLUSTER_SERVER, "namespace": fleet.argocd.namespace()},
                "ignoreDifferences": [differences::of_applications(self.deletion_hooks)],
                "revisionHistoryLimit": HISTORY,
                "syncPolicy": {
                    "automated": {"prune": true, "selfHeal": true},
                    "syncOptions": ["RespectIgnoreDifferences=true"],
                    "retry": retry_policy(&fleet.argocd, RetriedApplication::Root),
                },
            },
        })
    }

    /// The project: Applications and projects in Argo CD's own namespace, and nothing else.
    pub(super) fn app_project(&self, fleet: &FleetSpec) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {
                "name": self.project,
                "namespace": fleet.argocd.namespace(),
                "labels": {"siteplan.dev/site": self.site},
            },
            "spec": {
                "description": format!("The root of {}", self.title),
                "sourceRepos": [fleet.source.repo_url],
                "destinations": [{"server": IN_CLUSTER_SERVER, "namespace": fleet.argocd.namespace()}],
                "namespaceResourceWhitelist": [
                    {"group": "argoproj.io", "kind": "AppProject"},
                    {"group": "argoproj.io", "kind": "Application"},
                ],
            },
        })
    }
}

/// Checks whether the object is a hook for which Argo CD puts a finalizer on the Application.
fn has_deletion_hook(object: &Object) -> bool {
    let hooks = object.annotation(HOOK).unwrap_or_default();
    hooks
        .split(',')
        .any(|hook| matches!(hook.trim(), "PreDelete" | "PostDelete"))
}
