//! Nodes as the API server lists them.

use kubernetes_vocabulary::labels::{ARCH, NODE_ROLE_PREFIX, ZONE};
use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::model::{Arch, Role};
use kubernetes_vocabulary::{Quantity, Taint, TaintEffect};

/// A node of a cluster, as far as a site file can describe it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterNode {
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub arch: Arch,
    /// What it is for, sorted.
    pub roles: Vec<Role>,
    /// Its zone.
    pub zone: Option<String>,
    /// Labels that somebody put there on purpose.
    pub labels: BTreeMap<String, String>,
    /// All labels.
    pub all_labels: BTreeMap<String, String>,
    /// Taints that stay; those of the node controller come and go.
    pub taints: Vec<Taint>,
    /// What it offers to pods.
    pub allocatable: BTreeMap<String, Quantity>,
    /// Its address on the cluster's network.
    pub address: Option<String>,
    /// Whether it is cordoned.
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

/// Reads `oc get nodes -o json`: a list of nodes, or one.
pub fn nodes(json: &str) -> anyhow::Result<Vec<ClusterNode>> {
    let document: Value = serde_json::from_str(json)
        .context("the input is not the JSON of `oc get nodes -o json`")?;
    let items = match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    };
    let mut nodes: Vec<ClusterNode> = items.iter().map(node).collect::<anyhow::Result<_>>()?;
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}

fn node(item: &Value) -> anyhow::Result<ClusterNode> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    if text("/kind").is_some_and(|kind| kind != "Node") {
        bail!(
            "an item is of kind `{}`, expected `Node`",
            text("/kind").unwrap_or_default()
        );
    }
    let name = text("/metadata/name")
        .context("a node has no name")?
        .to_owned();
    let all_labels = strings(item.pointer("/metadata/labels"));
    let arch = all_labels
        .get(ARCH)
        .map(String::as_str)
        .or(text("/status/nodeInfo/architecture"));
    let arch = arch.with_context(|| format!("node `{name}` does not say its architecture"))?;
    let arch = serde_json::from_value(Value::String(arch.to_owned())).with_context(|| {
        format!("node `{name}` has the architecture `{arch}`, which siteplan does not know")
    })?;
    Ok(ClusterNode {
        arch,
        roles: roles(&all_labels),
        zone: all_labels.get(ZONE).cloned(),
        labels: all_labels
            .iter()
            .filter(|(k, _)| !is_platforms(k))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        taints: taints(item),
        allocatable: allocatable(item, &name)?,
        address: internal_ip(item),
        unschedulable: item.pointer("/spec/unschedulable") == Some(&Value::Bool(true)),
        all_labels,
        name,
    })
}

fn is_platforms(label: &str) -> bool {
    let prefixed = PLATFORM_LABELS
        .iter()
        .any(|prefix| label.starts_with(prefix));
    prefixed || FOUND_OUT.iter().any(|part| label.contains(part))
}

fn roles(labels: &BTreeMap<String, String>) -> Vec<Role> {
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

/// Taints that the node controller sets and removes by itself are left out (`node.kubernetes.io/not-ready` and its like).
fn taints(item: &Value) -> Vec<Taint> {
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

/// What is worth writing down: CPU, memory, pods, and extended resources that there are any of.
fn allocatable(item: &Value, name: &str) -> anyhow::Result<BTreeMap<String, Quantity>> {
    let mut allocatable = BTreeMap::new();
    for (resource, text) in strings(item.pointer("/status/allocatable")) {
        let quantity = Quantity::parse(&text).with_context(|| {
            format!("node `{name}` offers `{text}` of `{resource}`, which is not a quantity")
        })?;
        let basic = matches!(resource.as_str(), "cpu" | "memory" | "pods");
        let extended = resource.contains('/') || resource.starts_with("hugepages-");
        if basic || (extended && quantity > Quantity::ZERO) {
            allocatable.insert(resource, quantity);
        }
    }
    Ok(allocatable)
}

fn internal_ip(item: &Value) -> Option<String> {
    let addresses = item.pointer("/status/addresses")?.as_array()?;
    let internal = addresses
        .iter()
        .find(|a| a.get("type").and_then(Value::as_str) == Some("InternalIP"))?;
    internal.get("address")?.as_str().map(str::to_owned)
}

fn strings(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key.clone(), text.clone())),
            Value::Number(number) => Some((key.clone(), number.to_string())),
            _ => None,
        })
        .collect()
}
