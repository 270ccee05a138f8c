//! Root Applications, which bring projects and Applications, and the projects that permit just that.

use crate::argocd::{HOOK, IN_CLUSTER_SERVER, PRUNE_LAST, RESOURCES_FINALIZER, SYNC_OPTIONS};
use serde_json::{Value, json};

use crate::manifest::Object;
use crate::model::{FleetSpec, Topology};

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
    /// What goes with it.
    pub(super) deletion: RootDeletion,
}

/// What happens to the Applications below a root that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RootDeletion {
    /// They stay, and what they deployed.
    KeepsApplications,
    /// They go, each as its app says, after somebody confirms: the project of the site asks for it.
    TakesApplications,
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
        deletion: match context.fleet().argocd.topology {
            Topology::PerSite => RootDeletion::KeepsApplications,
            Topology::Hub => RootDeletion::TakesApplications,
        },
    }
}

impl Root<'_> {
    /// The Application. It never applies server-side: that would wipe the status of Applications that are syncing.
    pub(super) fn application(&self, fleet: &FleetSpec) -> Value {
        let mut metadata = self.metadata(&self.name, fleet);
        if self.deletion == RootDeletion::TakesApplications {
            metadata["annotations"] = json!({SYNC_OPTIONS: PRUNE_LAST});
        }
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata,
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

    /// Returns the metadata of the Application and of the project. The finalizer of a project waits until no Application is in it.
    fn metadata(&self, name: &str, fleet: &FleetSpec) -> Value {
        let mut metadata = json!({
            "name": name,
            "namespace": fleet.argocd.namespace(),
            "labels": {"siteplan.dev/site": self.site},
        });
        if self.deletion == RootDeletion::TakesApplications {
            metadata["finalizers"] = json!([RESOURCES_FINALIZER]);
        }
        metadata
    }

    /// The project: Applications and projects in Argo CD's own namespace, and nothing else.
    pub(super) fn app_project(&self, fleet: &FleetSpec) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": self.metadata(&self.project, fleet),
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
