//! Pools and their nodes: architecture, role, size, taints, disks, state.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kubernetes_vocabulary::{Quantity, Taint, TaintEffect};

use super::install::PowerMachine;

/// A group of nodes that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// The CPU architecture of its nodes.
    pub arch: Arch,
    /// Roles of its nodes; `[worker]` if not written.
    #[serde(default = "default_roles")]
    pub roles: Vec<Role>,
    /// Labels that, with the architecture, tell the pool from others.
    #[serde(default)]
    #[schemars(schema_with = "kubernetes_vocabulary::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// Taints that each of its nodes carries.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// siteplan puts the labels on the nodes (through the built-in app `nodes`).
    #[serde(default)]
    pub manage_labels: bool,
    /// Resources of a node of the pool in all, by name (`cpu`, `memory`, `pods` …).
    #[serde(default)]
    pub capacity: BTreeMap<String, Quantity>,
    /// Resources that a node of the pool offers to pods, as imported from the cluster; instead of `capacity`.
    #[serde(default)]
    pub allocatable: BTreeMap<String, Quantity>,
    /// The platform's own share of each node's capacity.
    #[serde(default)]
    pub reserved: BTreeMap<String, Quantity>,
    /// Groups of disks that every node of the pool has, by name.
    #[serde(default)]
    pub disks: BTreeMap<String, DiskGroup>,
    /// The nodes by name. Where names do not exist yet: `replicas`.
    #[serde(default)]
    pub nodes: BTreeMap<String, NodeSpec>,
    /// The number of nodes, where they have no names yet (hosted node pools).
    pub replicas: Option<u32>,
    /// The bounds between which a hosted node pool grows and shrinks by itself. Without `replicas`, the proof counts on `min`.
    pub autoscaling: Option<PoolAutoscaling>,
    /// Its virtual machines on Power; with `cluster.install`.
    pub machine: Option<PowerMachine>,
    /// The version of the platform on the nodes of a hosted node pool, while they stay behind the control plane.
    pub version: Option<String>,
}

impl Pool {
    /// Returns the number of nodes without names.
    pub fn count_unnamed(&self) -> Option<u32> {
        self.replicas.or(self.autoscaling.map(|bounds| bounds.min))
    }
}

/// The bounds of the number of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolAutoscaling {
    /// The least number.
    pub min: u32,
    /// The largest number.
    pub max: u32,
}

fn default_roles() -> Vec<Role> {
    vec![Role::Worker]
}

/// A CPU architecture, in the spelling of the node label `kubernetes.io/arch`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit x86; `x86_64` is accepted.
    #[serde(alias = "x86_64")]
    #[schemars(extend("x-aliases" = ["x86_64"]))]
    Amd64,
    /// 64-bit Arm; `aarch64` is accepted.
    #[serde(alias = "aarch64")]
    #[schemars(extend("x-aliases" = ["aarch64"]))]
    Arm64,
    /// IBM Power, little endian.
    Ppc64le,
    /// IBM Z.
    S390x,
}

impl Arch {
    /// All of them, sorted.
    pub const ALL: [Self; 4] = [Self::Amd64, Self::Arm64, Self::Ppc64le, Self::S390x];

    /// Returns the value of the node label `kubernetes.io/arch`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
        }
    }
}

impl std::fmt::Display for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}

/// The role of a node.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs the API server and etcd.
    ControlPlane,
    /// Runs workloads.
    Worker,
    /// Runs the platform's own services.
    Infra,
}

/// A pod's tolerance of a taint, as Kubernetes writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Toleration")]
pub struct TolerationSpec {
    /// The taint's key; absent with `Exists`: every key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The comparison of the value; `Equal` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationMatch>,
    /// The taint's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The taint's effect; absent: every effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// The time that a `NoExecute` taint is tolerated, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

/// The comparison of a toleration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TolerationOperator")]
pub enum TolerationMatch {
    /// Key and value are equal.
    Equal,
    /// The key is there.
    Exists,
}

/// A group of disks of a node that are used for one purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiskGroup {
    /// The number of disks; the number of paths if not written.
    pub count: Option<u32>,
    /// The size of each disk.
    pub size: Option<Quantity>,
    /// Their stable paths (`/dev/disk/by-path/…`, `/dev/disk/by-id/…`).
    #[serde(default)]
    #[schemars(extend("items" = {"type": "string", "format": "disk-path"}))]
    pub paths: Vec<String>,
}

/// One node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeSpec {
    /// Its zone (`topology.kubernetes.io/zone`): rack, fire section, building.
    #[serde(default)]
    #[schemars(schema_with = "kubernetes_vocabulary::schema::optional_label_value")]
    pub zone: Option<String>,
    /// Its baseboard management controller.
    pub bmc: Option<Bmc>,
    /// Its addresses, by network.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = {"type": "string", "format": "ip"}))]
    pub addresses: BTreeMap<String, String>,
    /// Labels of this node only.
    #[serde(default)]
    #[schemars(schema_with = "kubernetes_vocabulary::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// Taints of this node only, beside the pool's.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Disks that differ from the pool's, by group.
    #[serde(default)]
    pub disks: BTreeMap<String, DiskGroup>,
    /// Capacity that differs from the pool's, by resource.
    #[serde(default)]
    pub capacity: BTreeMap<String, Quantity>,
    /// Allocatable resources that differ from the pool's.
    #[serde(default)]
    pub allocatable: BTreeMap<String, Quantity>,
    /// `replacing` while the machine is away; `unschedulable` while it is cordoned.
    pub state: Option<NodeState>,
}

/// A node's state, where it is not simply there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// The machine is away and another will take its name.
    Replacing,
    /// The node is cordoned.
    Unschedulable,
}

/// A baseboard management controller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bmc {
    /// Its IP address or host name.
    #[schemars(extend("format" = "host"))]
    pub address: String,
    /// The MAC address of the node's boot interface.
    #[schemars(extend("format" = "mac"))]
    pub boot_mac: Option<String>,
    /// The path of the node in the controller's Redfish tree, for instance `/redfish/v1/Systems/1`, where there is more than one.
    #[schemars(extend(
        "pattern" = r"^/[^\s\p{C}]*$",
        "x-expects" = "a path that begins with `/`, for instance `/redfish/v1/Systems/1`"
    ))]
    pub systems_uri: Option<String>,
}
