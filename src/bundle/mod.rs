//! Makes what Argo CD reads: Applications, projects, and what an operator applies once by hand.
//!
//! Comes in: a site with everything resolved, and its final manifests. Goes out: files as values; the caller writes them. Promised:
//! specs are in the form that Argo CD's controller would give them (no empty structs), nothing here needs the network or the clock,
//! and the same input gives the same files.

mod application;
mod builtin;
mod destination;
mod differences;
mod dry_run;
mod fleet;
mod names;
mod object_options;
mod project;
mod rights;
mod root;
mod settings;

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalogue::ApiProvider;
use crate::kinds::{GroupKind, Kinds};
use crate::manifest::Object;
use crate::model::{ArgoCd, ArgoFlavour, FleetSpec, Platform, Topology};
use crate::plan::{Instance, SitePlan};
use crate::rules;
use pointer_diagnostics::Diagnostics;

pub use builtin::builtin_objects;
pub(crate) use dry_run::{definitions, for_whole_app, skips_dry_run, without_definition};
pub use fleet::fleet_bundle;
pub use names::{Name, NameKind, SiteNames, application_name, names};
pub use object_options::{NeededAnnotation, needed_annotations};
pub use settings::{HEALTH_KEY, HEALTH_SCRIPT};

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
    /// Every group and kind that is in a base of base/apps, whether the site uses it or not: the site's project permits the cluster-scoped ones,
    /// so that Argo CD can still prune the last object of a kind.
    pub base_kinds: &'a BTreeSet<(String, String)>,
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
    let bootstrap = bootstrap(&context);
    files.push(File::kustomization("bootstrap", &bootstrap));
    files.extend(bootstrap);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    check_scopes(&context, found);
    files
}

/// Returns the manifests that an operator applies once: the root and its project and, where every site has its own Argo CD, its settings and rights.
fn bootstrap(context: &BundleContext<'_>) -> Vec<File> {
    let root = root::of_site(context);
    let mut files = vec![
        File::new("bootstrap/project.yaml", root.app_project(context.fleet())),
        File::new("bootstrap/root.yaml", root.application(context.fleet())),
    ];
    if context.fleet().argocd.topology == Topology::PerSite {
        let (name, document) = settings::health(&context.fleet().argocd);
        files.push(File::new(&format!("bootstrap/{name}"), document));
        if context.fleet().argocd.flavour == ArgoFlavour::OpenshiftGitops {
            files.push(File {
                path: "bootstrap/rights.yaml".to_owned(),
                documents: rights::of_site(context),
            });
        }
    }
    files
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
