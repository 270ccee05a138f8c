//! `sites/**/<name>.yaml` and `base/profiles/*.yaml`: what one site is, and what sites share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Availability;
use super::install::Install;
use super::namespace::NamespaceSpec;
use super::network::Network;
use super::nodes::{Arch, Pool, TolerationSpec};
use super::operators::OperatorUpdates;
use super::requirements::SiteRequirements;
use super::storage::StorageClassRef;
use super::team::Team;

/// A site: its nodes, storage, networks, promise of availability, and the apps that run on it.
///
/// A Profile has the same fields. Profiles are merged in order, then the site over them: maps merge, other lists replace,
/// `null` removes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSpec {
    /// The profiles that this site is made of, in order; later ones win.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// The 40-digit commit that the site's Applications stay at, in place of the fleet's: for rings, and for a site that waits.
    pub pin: Option<String>,
    /// Updates of the operators that the site's Subscriptions install.
    #[serde(default)]
    pub operator_updates: OperatorUpdates,
    /// The cluster as a whole.
    #[serde(default)]
    pub cluster: Cluster,
    /// The site's networks, by name.
    #[serde(default)]
    pub networks: BTreeMap<String, Network>,
    /// Groups of nodes that are alike, by name.
    #[serde(default)]
    pub pools: BTreeMap<String, Pool>,
    /// Storage by role: apps ask for a role, never for a class.
    #[serde(default)]
    pub storage: BTreeMap<String, StorageClassRef>,
    /// The promise of availability.
    #[serde(default)]
    pub ha: Ha,
    /// Properties that a site must have for what its profiles bring; each is checked against what the site says of itself.
    #[serde(default)]
    pub requirements: SiteRequirements,
    /// Namespaces that need more than what their apps ask for. What apps need is added.
    #[serde(default)]
    pub namespaces: BTreeMap<String, NamespaceSpec>,
    /// The instances of apps on this site, by name.
    #[serde(default)]
    pub apps: BTreeMap<String, AppInstance>,
    /// Teams that look after single instances, by name.
    #[serde(default)]
    pub teams: BTreeMap<String, Team>,
    /// Patches to single instances, each with a reason and an end. Those of a site are added to those of its profiles.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// The cluster as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// OpenShift, or plain Kubernetes.
    #[serde(default)]
    pub platform: Platform,
    /// The platform's version: `MAJOR.MINOR`, or all of it.
    #[schemars(extend("format" = "version"))]
    pub version: Option<String>,
    /// The DNS domain below which the cluster's name stands.
    #[serde(default)]
    #[schemars(schema_with = "kubernetes_vocabulary::schema::optional_domain")]
    pub base_domain: Option<String>,
    /// The control plane is hosted outside of the cluster (HyperShift); so it is where `hostedOn` is written.
    #[serde(default)]
    pub hosted: bool,
    /// The site of the fleet that hosts the control plane: an instance there, with the name of this site, makes the `HostedCluster` and
    /// a `NodePool` for each pool.
    pub hosted_on: Option<String>,
    /// The platform that gives a hosted cluster its nodes; with `hostedOn`.
    pub node_platform: Option<NodePlatform>,
    /// The release image of a hosted cluster, where it is not the published one of `version`.
    pub release_image: Option<String>,
    /// Virtual IPs of the API and of ingress.
    pub vips: Option<Vips>,
    /// The infrastructure on which `openshift-install` makes the cluster; `out/<site>/install/install-config.yaml` follows from it.
    pub install: Option<Install>,
}

/// The platform that gives a hosted cluster its nodes, as `HostedCluster` and `NodePool` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodePlatform {
    /// Virtual machines on the hosting cluster (`KubeVirt`).
    Kubevirt,
    /// Machines that boot the discovery image of the hosting cluster's assisted service (`Agent`).
    Agent,
    /// Machines that somebody else makes (`None`).
    None,
}

impl Cluster {
    /// Checks that the control plane runs outside of the cluster.
    pub fn is_hosted(&self) -> bool {
        self.hosted || self.hosted_on.is_some()
    }
}

/// Virtual IPs of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Vips {
    /// The Kubernetes API.
    #[schemars(extend("format" = "ip"))]
    pub api: String,
    /// Ingress.
    #[schemars(extend("format" = "ip"))]
    pub ingress: String,
}

/// The kind of Kubernetes of a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// `OpenShift` Container Platform.
    #[default]
    Openshift,
    /// Any other Kubernetes.
    Kubernetes,
}

/// The promise of availability.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ha {
    /// The site's shape; asserted, not derived.
    pub mode: Option<HaMode>,
    /// Losses that the site survives; proved.
    #[serde(default)]
    pub survive: Survive,
}

/// The shape of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HaMode {
    /// One node that is everything.
    SingleNode,
    /// Three nodes, each control plane and worker.
    ThreeNode,
    /// A control plane of its own, and workers.
    Workers,
}

/// Losses that the site survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Survive {
    /// The number of nodes that may be lost at once.
    #[serde(default)]
    pub nodes: u32,
    /// The number of zones that may be lost at once.
    #[serde(default)]
    pub zones: u32,
}

/// An app on a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppInstance {
    /// The app in base/apps; the instance's own name if not written.
    #[serde(rename = "use")]
    pub uses: Option<String>,
    /// It runs here; a profile's app is switched off with `false`.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// The namespace, where it is not the app's own.
    pub namespace: Option<String>,
    /// The pool that its pods run on; absent: every node whose architecture its images have.
    pub pool: Option<String>,
    /// The app's values; see the app's own schema.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// Placements of single parts that do not follow `pool`.
    #[serde(default)]
    pub placement: BTreeMap<String, Placement>,
    /// Storage roles that this instance takes from other roles of the site: the app's role to the site's.
    #[serde(default)]
    pub storage: BTreeMap<String, String>,
    /// Availability of its parts, where it is not the app's: part to availability.
    #[serde(default)]
    pub availability: BTreeMap<String, Availability>,
}

impl Default for AppInstance {
    fn default() -> Self {
        Self {
            uses: None,
            enabled: true,
            namespace: None,
            pool: None,
            values: BTreeMap::new(),
            placement: BTreeMap::new(),
            storage: BTreeMap::new(),
            availability: BTreeMap::new(),
        }
    }
}

fn enabled() -> bool {
    true
}

/// The placement of a part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placement {
    /// The pool.
    pub pool: Option<String>,
    /// The architectures, where the pool or the images leave a choice.
    #[serde(default)]
    pub arch: Vec<Arch>,
    /// Labels that a node must have.
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that its pods tolerate.
    #[serde(default)]
    pub tolerations: Vec<TolerationSpec>,
}

/// A patch to one instance, with a reason and an end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// The instance.
    pub app: String,
    /// The patch, in kustomize's own form: `{target: {…}, patch: "…"}` or a strategic merge patch as a map.
    pub patch: Value,
    /// The reason for it.
    pub reason: String,
    /// The last day on which it is acceptable, `YYYY-MM-DD`.
    pub until: String,
}
