//! Makes what Argo CD reads: Applications, projects, and what an operator applies once by hand.
//!
//! Comes in: a site with everything resolved, and its final manifests. Goes out: files as values; the caller writes them. Promised:
//! specs are in the form that Argo CD's controller would give them (no empty structs), nothing here needs the network or the clock,
//! and the same input gives the same files.

mod application;
mod bootstrap;
mod builtin;
mod destination;
mod differences;
mod dry_run;
mod fleet;
mod kind_health;
mod names;
mod node_policy;
mod object_options;
mod operator;
mod project;
mod retry;
mod rights;
mod root;
mod settings;

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalogue::ApiProvider;
use crate::kinds::{GroupKind, Kinds};
use crate::ledger::Holding;
use crate::manifest::Object;
use crate::model::{ArgoCd, ArgoFlavour, FleetSpec, Platform, Topology};
use crate::plan::{Instance, InstanceSource, SitePlan};
use crate::rules;
use pointer_diagnostics::Diagnostics;

pub use bootstrap::{Bootstrap, BootstrapFiles, BootstrapStep};
pub use builtin::builtin_objects;
pub(crate) use destination::instance_namespace;
pub(crate) use dry_run::{definitions, for_whole_app, skips_dry_run, without_definition};
pub use fleet::fleet_bundle;
pub use names::{Name, NameKind, SiteNames, application_name, names};
pub use object_options::{NeededAnnotation, needed_annotations};
pub use settings::{HEALTH_KEY, HEALTH_SCRIPT, SettingsPatch};

/// The wave of a site's AppProject: before, and when things are removed after, every Application.
const PROJECT_WAVE: &str = "-100";
/// The namespace that Applications of cluster-scoped objects name; nothing is put there.
const DEFAULT_NAMESPACE: &str = "default";

/// Input of the bundle pass.
#[derive(Debug, Clone, Copy)]
pub struct BundleInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The final manifests, by instance, the built-in ones among them.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// Facts about the kinds of the site.
    pub kinds: &'a Kinds,
    /// Kinds and namespaces that the site is rid of and Argo CD may still be removing: the site's project permits it, because Argo CD removes nothing else.
    pub leftovers: &'a Holding,
    /// The directories, from the root of the fleet, that building an instance's overlay reads beside the overlay's own: bases,
    /// components. An instance that is not here reads its app's directory.
    pub directories: &'a BTreeMap<String, BTreeSet<String>>,
}

/// A file of the output, before it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its path below the site's directory of out/ (below out/fleet for files of the fleet).
    pub path: String,
    /// Its YAML documents.
    pub documents: Vec<Value>,
}

/// Makes a site's `apps/` and `bootstrap/`.
pub fn bundle(input: &BundleInput<'_>, found: &mut Diagnostics) -> Vec<File> {
    let context = BundleContext {
        input: *input,
        kinds: input.kinds,
    };
    let mut files = vec![File::new("apps/project.yaml", project::of_site(&context))];
    for instance in &input.plan.instances {
        let path = format!("apps/{}.yaml", instance.name);
        files.push(File::new(
            &path,
            application::of_instance(&context, instance),
        ));
    }
    files.push(File::kustomization("apps", &files));
    let applied = applied_by_hand(&context);
    files.push(File::kustomization("bootstrap", &applied));
    files.extend(applied);
    if has_settings_of_its_own(&context.fleet().argocd) {
        let scripts = kind_health::site_scripts(&context);
        files.push(settings_file(&context.fleet().argocd, &scripts));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    check_scopes(&context, found);
    files
}

/// Returns what somebody applies once: the root and its project and, where every site has its own Argo CD, what must be there before.
fn applied_by_hand(context: &BundleContext<'_>) -> Vec<File> {
    let root = root::of_site(context);
    let mut files = vec![
        File::new("bootstrap/project.yaml", root.app_project(context.fleet())),
        File::new("bootstrap/root.yaml", root.application(context.fleet())),
    ];
    if !has_settings_of_its_own(&context.fleet().argocd) {
        return files;
    }
    let mut instances = context.site().instances.iter();
    let policy = node_policy::node_policy(context.site());
    if instances.any(|instance| matches!(instance.source, InstanceSource::Nodes))
        && !policy.is_empty()
    {
        files.push(File {
            path: "bootstrap/node-policy.yaml".to_owned(),
            documents: policy,
        });
    }
    files.extend(operator::operator_file(&context.fleet().argocd));
    if context.fleet().argocd.flavour == ArgoFlavour::OpenshiftGitops {
        files.push(File {
            path: "bootstrap/rights.yaml".to_owned(),
            documents: rights::of_site(context),
        });
    }
    files
}

/// Tells whether each site has an Argo CD, with settings, of its own.
fn has_settings_of_its_own(argocd: &ArgoCd) -> bool {
    argocd.topology == Topology::PerSite
}

/// Returns the patch of Argo CD's settings, which no kustomization lists.
fn settings_file(argocd: &ArgoCd, scripts: &BTreeMap<String, String>) -> File {
    let patch = settings::settings_patch(argocd, scripts);
    File::new(&format!("bootstrap/{}", patch.file), patch.document)
}

/// State that all parts of the bundle pass share.
#[derive(Debug, Clone, Copy)]
struct BundleContext<'a> {
    input: BundleInput<'a>,
    kinds: &'a Kinds,
}

impl<'a> BundleContext<'a> {
    fn site(&self) -> &'a SitePlan {
        self.input.plan
    }

    fn fleet(&self) -> &'a FleetSpec {
        &self.input.plan.fleet.spec
    }

    fn objects(&self, instance: &Instance) -> &'a [Object] {
        self.input
            .rendered
            .get(&instance.name)
            .map_or(&[], Vec::as_slice)
    }
}

impl File {
    fn new(path: &str, document: Value) -> Self {
        Self {
            path: path.to_owned(),
            documents: vec![document],
        }
    }

    /// The kustomization of a directory over its files.
    fn kustomization(directory: &str, files: &[Self]) -> Self {
        let names = files
            .iter()
            .filter_map(|f| f.path.strip_prefix(directory)?.strip_prefix('/'));
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        Self::new(
            &format!("{directory}/{KUSTOMIZATION_FILE}"),
            kustomization(&names),
        )
    }
}

/// A kustomization that only lists resources.
fn kustomization(resources: &[impl AsRef<str>]) -> Value {
    let resources: Vec<&str> = resources.iter().map(AsRef::as_ref).collect();
    json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources})
}

/// A path in the git repository, of one in the fleet's directory.
pub(crate) fn repository_path(fleet: &FleetSpec, path: &str) -> String {
    match fleet.source.directory.trim_matches('/') {
        "" | "." => path.to_owned(),
        directory => format!("{directory}/{path}"),
    }
}

/// A version of Argo CD, without its patch level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArgoCdVersion {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl ArgoCdVersion {
    /// Returns a version.
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

/// Checks whether the Argo CD is of a version or newer. One that cannot be read is older than all.
pub(crate) fn is_since(argocd: &ArgoCd, since: ArgoCdVersion) -> bool {
    argocd
        .version()
        .is_some_and(|(major, minor)| ArgoCdVersion::new(major, minor) >= since)
}

/// Checks whether every cluster of the site's platform has the API.
pub(crate) fn comes_with_platform(site: &SitePlan, kind: &GroupKind) -> bool {
    match crate::kinds::provider(&kind.group, &kind.kind) {
        Some(ApiProvider::Kubernetes | ApiProvider::ArgoCd) => true,
        Some(ApiProvider::Openshift) => site.site.spec.cluster.platform == Platform::Openshift,
        Some(ApiProvider::Operator(_)) | None => false,
    }
}

/// Kinds of whose scope nothing is known, each once.
fn check_scopes(context: &BundleContext<'_>, found: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for instance in &context.site().instances {
        for object in context.objects(instance) {
            let kind = GroupKind::of(object);
            if context.kinds.scope(&kind).is_some() || !seen.insert(kind.clone()) {
                continue;
            }
            let origin = instance.app().map_or_else(
                || instance.origin.clone(),
                |app| app.origin(&pointer_diagnostics::Pointer::root()),
            );
            let taken = if object.namespace().is_some() {
                "namespaced"
            } else {
                "cluster-scoped"
            };
            found.push(
                rules::UNKNOWN_KIND_SCOPE
                    .report(format!("nothing says whether `{kind}` is namespaced; taken for {taken} because of `{}`", object.id()))
                    .primary_key(origin, "the app's base holds it")
                    .context_key(instance.origin.clone(), "on this site")
                    .help(format!(
                        "put its CustomResourceDefinition into an app of the site, or add `{{group: {}, kind: {}, scope: Namespaced}}` \
                         (or `Cluster`) to `catalogue:` of the app",
                        kind.group, kind.kind
                    )),
            );
        }
    }
}
