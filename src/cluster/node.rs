//! Nodes as the API server lists them.

use kubernetes_vocabulary::labels::{ARCH, NODE_ROLE_PREFIX, ZONE};
use std::collections::BTreeMap;

use serde_json::Value;

use super::input::{ClusterInputError, read_object};
use crate::model::{Arch, Role};
use kubernetes_vocabulary::{Quantity, Taint, TaintEffect};

/// A node of a cluster, as far as a site file can describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterNode {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: Arch,
    /// Its roles, sorted.
    pub roles: Vec<Role>,
    /// Its zone.
    pub zone: Option<String>,
    /// Labels that somebody put there on purpose.
    pub labels: BTreeMap<String, String>,
    /// All labels.
    pub all_labels: BTreeMap<String, String>,
    /// Taints that stay; those of the node controller come and go.
    pub taints: Vec<Taint>,
    /// Its resources for pods.
    pub allocatable: BTreeMap<String, Quantity>,
    /// Its address on the cluster's network.
    pub address: Option<String>,
    /// True where it is cordoned.
    pub unschedulable: bool,
}

/// Prefixes of labels that the platform sets and a site file should not repeat.
const PLATFORM_LABELS: [&str; 14] = [
    "kubernetes.io/",
    "beta.kubernetes.io/",
    NODE_ROLE_PREFIX,
    "topology.kubernetes.io/",
    "failure-domain.beta.kubernetes.io/",
    "node.kubernetes.io/",
    "node.openshift.io/",
    "machine.openshift.io/",
    "machineconfiguration.openshift.io/",
    "hypershift.openshift.io/",
    "feature.node.kubernetes.io/",
    "topology.",
    "kubevirt.io/",
    "csi.volume.kubernetes.io/",
];

/// Suffixes of keys below which KubeVirt, the device plugins and others write what they found out.
const FOUND_OUT: [&str; 3] = [
    ".node.kubevirt.io/",
    ".feature.node.kubernetes.io/",
    ".nodefeature.openshift.io/",
];

/// Reads `oc get nodes -o yaml` or `-o json`: a list of nodes, or one.
pub fn read_nodes(text: &str) -> Result<Vec<ClusterNode>, ClusterInputError> {
    let mut document = read_object(text, "oc get nodes")?;
    let items = match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => vec![document],
    };
    let mut nodes = Vec::with_capacity(items.len());
    for item in &items {
        nodes.push(read_node(item)?);
    }
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}

fn read_node(item: &Value) -> Result<ClusterNode, ClusterInputError> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    if let Some(kind) = text("/kind")
        && kind != "Node"
    {
        return Err(ClusterInputError::NotANode(kind.to_owned()));
    }
    let name = text("/metadata/name").ok_or(ClusterInputError::NoName)?;
    let name = name.to_owned();
    let all_labels = read_strings(item.pointer("/metadata/labels"));
    let arch = all_labels
        .get(ARCH)
        .map(String::as_str)
        .or(text("/status/nodeInfo/architecture"))
        .ok_or_else(|| ClusterInputError::NoArchitecture(name.clone()))?;
    let arch = serde_json::from_value(Value::from(arch)).map_err(|_| {
        ClusterInputError::UnknownArchitecture {
            node: name.clone(),
            architecture: arch.to_owned(),
        }
    })?;
    Ok(ClusterNode {
        arch,
        roles: read_roles(&all_labels),
        zone: all_labels.get(ZONE).cloned(),
        labels: all_labels
            .iter()
            .filter(|(k, _)| !is_platform_label(k))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        taints: read_taints(item),
        allocatable: read_allocatable(item, &name)?,
        address: find_internal_ip(item),
        unschedulable: item.pointer("/spec/unschedulable") == Some(&Value::Bool(true)),
        all_labels,
        name,
    })
}

fn is_platform_label(label: &str) -> bool {
    let prefixed = PLATFORM_LABELS
        .iter()
        .any(|prefix| label.starts_with(prefix));
    prefixed || FOUND_OUT.iter().any(|part| label.contains(part))
}

fn read_roles(labels: &BTreeMap<String, String>) -> Vec<Role> {
    let mut roles: Vec<Role> = labels
        .keys()
        .filter_map(|key| match key.strip_prefix(NODE_ROLE_PREFIX)? {
            "control-plane" | "master" => Some(Role::ControlPlane),
            "worker" => Some(Role::Worker),
            "infra" => Some(Role::Infra),
            _ => None,
        })
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Reads the taints; those that the node controller sets and removes by itself are left out (`node.kubernetes.io/not-ready` and its like).
fn read_taints(item: &Value) -> Vec<Taint> {
    let all = item
        .pointer("/spec/taints")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut taints: Vec<Taint> = all
        .filter_map(|taint| {
            let key = taint.get("key")?.as_str()?.to_owned();
            let value = taint
                .get("value")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let effect: TaintEffect = serde_json::from_value(taint.get("effect")?.clone()).ok()?;
            Some(Taint { key, value, effect })
        })
        .filter(|t| {
            !t.key.starts_with("node.kubernetes.io/")
                && !t.key.starts_with("node.cloudprovider.kubernetes.io/")
        })
        .collect();
    taints.sort_unstable();
    taints
}

/// Reads CPU, memory, pods, and the extended resources that there are any of.
fn read_allocatable(
    item: &Value,
    name: &str,
) -> Result<BTreeMap<String, Quantity>, ClusterInputError> {
    let mut allocatable = BTreeMap::new();
    for (resource, text) in read_strings(item.pointer("/status/allocatable")) {
        let Ok(quantity) = Quantity::parse(&text) else {
            return Err(ClusterInputError::NotAQuantity {
                node: name.to_owned(),
                resource,
                amount: text,
            });
        };
        let basic = matches!(resource.as_str(), "cpu" | "memory" | "pods");
        let extended = resource.contains('/') || resource.starts_with("hugepages-");
        if basic || (extended && quantity > Quantity::ZERO) {
            allocatable.insert(resource, quantity);
        }
    }
    Ok(allocatable)
}

fn find_internal_ip(item: &Value) -> Option<String> {
    let addresses = item.pointer("/status/addresses")?.as_array()?;
    let internal = addresses
        .iter()
        .find(|a| a.get("type").and_then(Value::as_str) == Some("InternalIP"))?;
    internal.get("address")?.as_str().map(str::to_owned)
}

fn read_strings(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key.clone(), text.clone())),
            Value::Number(number) => Some((key.clone(), number.to_string())),
            _ => None,
        })
        .collect()
}
