//! The result of planning: a site with everything resolved, so that later passes look nothing up.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::claim::Claim;
use crate::images::ImageFacts;
use crate::kinds::Kinds;
use crate::load::{App, Fleet, Site};
use crate::manifest::Object;
use crate::model::{
    Arch, Availability, DiskGroup, NamespaceSpec, NodeSpec, NodeState, Placement, PodSecurity,
    Role, StorageClassRef,
};
use crate::operators::OperatorFacts;
use crate::template;
use kubernetes_vocabulary::{LabelRequirement, Quantity, Taint};
use pointer_diagnostics::{Origin, Pointer};

/// A site with everything resolved.
#[derive(Debug, Clone)]
pub struct SitePlan {
    /// The site's name.
    pub name: String,
    /// The site as it was loaded: for origins, and for facts that need no resolving.
    pub site: Arc<Site>,
    /// The fleet that the site belongs to.
    pub fleet: Arc<Fleet>,
    /// The pools, by name.
    pub pools: BTreeMap<String, PoolPlan>,
    /// All nodes, by pool, then name. Nodes of a pool with `replicas` have made-up names (`<pool>-0` …).
    pub nodes: Vec<NodePlan>,
    /// The storage roles.
    pub storage: BTreeMap<String, StorageClassRef>,
    /// Every namespace that the site needs, with its one owner's view of it.
    pub namespaces: BTreeMap<String, NamespacePlan>,
    /// The instances, by wave, then name; the built-in ones among them.
    pub instances: Vec<Instance>,
    /// The sites whose control planes this one hosts, by name.
    pub hosted: Vec<Site>,
    /// The fleet's facts of images.
    pub image_facts: Arc<ImageFacts>,
    /// The fleet's versions of operators.
    pub operator_facts: Arc<OperatorFacts>,
    /// The claims of the site's fields and its apps' values.
    pub claims: Vec<Claim>,
}

/// A pool, and the node labels and taints that tell its nodes from those of all other pools.
#[derive(Debug, Clone)]
pub struct PoolPlan {
    /// The pool's name.
    pub name: String,
    /// The architecture of its nodes.
    pub arch: Arch,
    /// Node affinity expressions, beside the architecture's, that select the pool's nodes and no others.
    pub selector: Vec<LabelRequirement>,
    /// The taints that every node of the pool carries.
    pub taints: Vec<Taint>,
    /// Set if siteplan puts the labels on the nodes.
    pub manage_labels: bool,
}

/// A node with what it has from its pool.
#[derive(Debug, Clone)]
pub struct NodePlan {
    /// Its name.
    pub name: String,
    /// Its pool.
    pub pool: String,
    /// Its architecture.
    pub arch: Arch,
    /// Roles of the node.
    pub roles: Vec<Role>,
    /// All labels: the pool's, its own, `kubernetes.io/arch`, `kubernetes.io/hostname`, `topology.kubernetes.io/zone`, the roles'.
    pub labels: BTreeMap<String, String>,
    /// All taints.
    pub taints: Vec<Taint>,
    /// Resources in all; empty where unknown.
    pub capacity: BTreeMap<String, Quantity>,
    /// Resources offered to pods, where imported.
    pub allocatable: BTreeMap<String, Quantity>,
    /// The platform's share of the capacity.
    pub reserved: BTreeMap<String, Quantity>,
    /// Its disks, by group.
    pub disks: BTreeMap<String, DiskGroup>,
    /// Its own entry in the site file (a default one for nodes without names).
    pub spec: NodeSpec,
    /// Its state, where it is not simply there.
    pub state: Option<NodeState>,
    /// Set if its name is made up (`replicas` instead of `nodes`).
    pub unnamed: bool,
    /// Place in the input.
    pub origin: Origin,
}

/// A namespace that the site needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamespacePlan {
    /// The pod security level: the most permissive that is asked for.
    pub pod_security: Option<PodSecurity>,
    /// Labels and annotations, pod security not among them.
    pub spec: NamespaceSpec,
    /// The instances that live in it.
    pub instances: Vec<String>,
}

/// The source of an instance.
#[derive(Debug, Clone)]
pub enum InstanceSource {
    /// An app of base/apps.
    App(Arc<App>),
    /// The built-in app that owns every Namespace.
    Namespaces,
    /// The built-in app that owns node labels.
    Nodes,
}

/// An app on the site.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name on the site.
    pub name: String,
    /// Source of the instance.
    pub source: InstanceSource,
    /// Its namespace; `None` where the app has none of its own.
    pub namespace: Option<String>,
    /// Set if the namespace is another than the base's, so that the overlay has to change it.
    pub moved: bool,
    /// The sync wave: 0 for instances that need nothing.
    pub wave: u32,
    /// The instances it comes after.
    pub after: Vec<String>,
    /// The pool of its parts, unless `placement` says otherwise.
    pub pool: Option<String>,
    /// Placement of single parts.
    pub placement: BTreeMap<String, Placement>,
    /// Availability of single parts, where the site says so.
    pub availability: BTreeMap<String, Availability>,
    /// Storage classes by the role that the app asks for.
    pub storage: BTreeMap<String, StorageClassRef>,
    /// The architectures that the app's images exist for; `None`: it brings no images.
    pub images: Option<ImagePlan>,
    /// Variables of expressions: `values`, `site`, `nodes`, `disks`, `storage`, `networks` …
    pub context: template::TemplateContext,
    /// Patches of the site to this instance, by their index in the site's `exceptions`.
    pub exceptions: Vec<(usize, Value)>,
    /// Place of the instance in the input (`/spec/apps/<name>` of the site or a profile).
    pub origin: Origin,
}

/// The architectures that images exist for.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePlan {
    /// The architectures.
    pub arch: Vec<Arch>,
    /// The images that an operator chooses, for messages and the image policy.
    pub names: Vec<String>,
    /// Place in the input.
    pub origin: Origin,
}

impl NodePlan {
    /// Creates a node with nothing but its name, pool and architecture.
    pub fn new(name: &str, pool: &str, arch: Arch, origin: Origin) -> Self {
        Self {
            name: name.to_owned(),
            pool: pool.to_owned(),
            arch,
            roles: Vec::new(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            capacity: BTreeMap::new(),
            allocatable: BTreeMap::new(),
            reserved: BTreeMap::new(),
            disks: BTreeMap::new(),
            spec: NodeSpec::default(),
            state: None,
            unnamed: false,
            origin,
        }
    }
}

impl Instance {
    /// Returns the app, where it is not a built-in one.
    pub fn app(&self) -> Option<&Arc<App>> {
        match &self.source {
            InstanceSource::App(app) => Some(app),
            InstanceSource::Namespaces | InstanceSource::Nodes => None,
        }
    }
}

impl SitePlan {
    /// Returns the place that a field below the site's `spec` comes from.
    pub fn origin(&self, pointer: &Pointer) -> Origin {
        self.site.origin(pointer)
    }

    /// Returns the instance with a name.
    pub fn instance(&self, name: &str) -> Option<&Instance> {
        self.instances.iter().find(|i| i.name == name)
    }

    /// Returns the kinds that are known on the site: those of the table, and what its apps and its final manifests teach.
    pub fn learn_kinds(&self, rendered: &BTreeMap<String, Vec<Object>>) -> Kinds {
        let apps = self.instances.iter().filter_map(Instance::app);
        let entries = apps.flat_map(|app| &app.spec.catalogue);
        Kinds::learn(entries, rendered.values().flatten())
    }

    /// Returns the labels that apps need on a node; `None` for a node that siteplan does not label.
    pub fn labels_of_apps<'a>(&'a self, node: &NodePlan) -> Option<BTreeMap<&'a str, &'a str>> {
        let pool = self.pools.get(&node.pool)?;
        let instances = self.instances.iter();
        let here = instances.filter(|i| i.pool.as_ref().is_none_or(|pool| *pool == node.pool));
        let labels = here
            .filter_map(Instance::app)
            .flat_map(|app| &app.spec.nodes.labels);
        let labels = labels.map(|(key, value)| (key.as_str(), value.as_str()));
        pool.manage_labels.then(|| labels.collect())
    }

    /// Returns the nodes of a pool; all nodes for `None`.
    pub fn nodes_of<'a>(&'a self, pool: Option<&'a str>) -> impl Iterator<Item = &'a NodePlan> {
        self.nodes
            .iter()
            .filter(move |n| pool.is_none_or(|p| n.pool == p))
    }
}
