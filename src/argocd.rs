//! Names of Argo CD's API that several passes spell.

/// The API group of Applications and AppProjects.
pub const GROUP: &str = "argoproj.io";
/// The name of the cluster that Argo CD itself runs in.
pub const IN_CLUSTER_NAME: &str = "in-cluster";
/// The API server of the cluster that Argo CD itself runs in.
pub const IN_CLUSTER_SERVER: &str = "https://kubernetes.default.svc";

/// The annotation that orders resources within a sync.
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
/// The annotation with a resource's own sync options.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// Sync options that keep a resource when it leaves git and when its Application is deleted.
pub const KEEP_FOR_EVER: &str = "Prune=false,Delete=false";
/// The annotation with a resource's own compare options.
pub const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
/// The annotation that makes a resource a hook of a sync or a deletion.
pub const HOOK: &str = "argocd.argoproj.io/hook";
/// The annotation of an Application with the paths whose changes make it render anew.
pub const MANIFEST_GENERATE_PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";

/// The annotation of an Application that says what its parent does when it fails; our health script reads it.
pub const WHEN_FAILED: &str = "siteplan.dev/when-failed";
/// The value of [`WHEN_FAILED`] with which a failure holds up nothing.
pub const GO_ON: &str = "go-on";

/// The sync option that skips the dry run of resources whose kind the cluster does not have yet.
pub const SKIP_DRY_RUN: &str = "SkipDryRunOnMissingResource=true";

/// The sync option that prunes after everything else of a sync.
pub const PRUNE_LAST: &str = "PruneLast=true";

/// The finalizer that makes Argo CD delete the resources of an Application, or of a project, before the object itself goes.
pub const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// The finalizer that Argo CD puts on an Application with a `PostDelete` hook.
pub const POST_DELETE_FINALIZER: &str = "post-delete-finalizer.argocd.argoproj.io";
/// The finalizer that Argo CD puts on an Application with a `PreDelete` hook.
pub const PRE_DELETE_FINALIZER: &str = "pre-delete-finalizer.argocd.argoproj.io";
