//! Nodes of a cluster as the pools of a site file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::ClusterNode;
use crate::model::{Arch, Role};
use kubernetes_vocabulary::{Quantity, Taint};

/// Builds the pools that describe the nodes: `{pools: {…}}`, ready for a site file. Nodes with the same architecture, roles, taints and
/// dividing labels are one pool; what all of them have stands there once. `reserved` is the platform's share, per node.
pub fn build_pools(
    nodes: &[ClusterNode],
    reserved: &BTreeMap<String, BTreeMap<String, Quantity>>,
) -> Value {
    let dividing = dividing_labels(nodes);
    let mut groups: BTreeMap<PoolGroup, Vec<&ClusterNode>> = BTreeMap::new();
    for node in nodes {
        groups
            .entry(PoolGroup::of(node, &dividing))
            .or_default()
            .push(node);
    }
    let names = name_groups(groups.keys());
    let pools = groups
        .iter()
        .zip(names)
        .map(|((group, nodes), name)| (name, build_pool(group, nodes, reserved)));
    json!({"pools": pools.collect::<Map<String, Value>>()})
}

/// Properties that all nodes of one pool share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PoolGroup {
    roles: Vec<Role>,
    arch: Arch,
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
}

impl PoolGroup {
    fn of(node: &ClusterNode, dividing: &BTreeSet<&str>) -> Self {
        let labels = node
            .labels
            .iter()
            .filter(|(key, _)| dividing.contains(key.as_str()));
        Self {
            roles: node.roles.clone(),
            arch: node.arch,
            labels: labels.map(|(k, v)| (k.clone(), v.clone())).collect(),
            taints: node.taints.clone(),
        }
    }
}

/// Finds the labels that divide nodes into groups: a key that has fewer values than nodes that carry it. A key with a value of its own on each
/// of several nodes says something of the node, not of a group.
fn dividing_labels(nodes: &[ClusterNode]) -> BTreeSet<&str> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in nodes.iter().flat_map(|n| &n.labels) {
        values.entry(key).or_default().push(value);
    }
    let divides = |values: &Vec<&str>| {
        let distinct: BTreeSet<&&str> = values.iter().collect();
        distinct.len() == 1 || distinct.len() * 2 <= values.len()
    };
    values
        .into_iter()
        .filter(|(_, values)| divides(values))
        .map(|(key, _)| key)
        .collect()
}

/// Names each group after its role and, where that is ambiguous, its architecture and the values of its labels.
fn name_groups<'a>(groups: impl Iterator<Item = &'a PoolGroup> + Clone) -> Vec<String> {
    let role = |group: &PoolGroup| match group.roles.as_slice() {
        [] => "node".to_owned(),
        [one] => role_name(*one).to_owned(),
        _ => "converged".to_owned(),
    };
    let with_arch = |group: &PoolGroup| format!("{}-{}", role(group), group.arch);
    let with_labels = |group: &PoolGroup| {
        let said: Vec<String> = group
            .labels
            .values()
            .map(|v| to_name(v))
            .filter(|v| !v.is_empty())
            .collect();
        format!("{}-{}", with_arch(group), said.join("-"))
    };
    let forms: [&dyn Fn(&PoolGroup) -> String; 3] = [&role, &with_arch, &with_labels];
    for form in forms {
        let names: Vec<String> = groups
            .clone()
            .map(form)
            .map(|n| n.trim_matches('-').chars().take(63).collect())
            .collect();
        if names.iter().collect::<BTreeSet<_>>().len() == names.len() {
            return names;
        }
    }
    groups
        .enumerate()
        .map(|(i, group)| format!("{}-{i}", with_arch(group)))
        .collect()
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::ControlPlane => "control-plane",
        Role::Worker => "worker",
        Role::Infra => "infra",
    }
}

fn to_name(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

fn build_pool(
    group: &PoolGroup,
    nodes: &[&ClusterNode],
    reserved: &BTreeMap<String, BTreeMap<String, Quantity>>,
) -> Value {
    let allocatable = least_of_each(nodes.iter().map(|n| &n.allocatable));
    let mut pool = Map::new();
    let mut put = |key: &str, value: Value| {
        if !matches!(&value, Value::Object(map) if map.is_empty())
            && !matches!(&value, Value::Array(list) if list.is_empty())
        {
            pool.insert(key.to_owned(), value);
        }
    };
    put("arch", json!(group.arch));
    put("roles", json!(group.roles));
    put("labels", json!(group.labels));
    put("taints", json!(group.taints));
    put("allocatable", json!(allocatable));
    put(
        "reserved",
        json!(most_of_each(
            nodes.iter().filter_map(|n| reserved.get(&n.name))
        )),
    );
    put(
        "nodes",
        nodes
            .iter()
            .map(|n| (n.name.clone(), build_node_entry(n, group)))
            .collect::<Map<_, _>>()
            .into(),
    );
    Value::Object(pool)
}

fn build_node_entry(node: &ClusterNode, group: &PoolGroup) -> Value {
    let mut entry = Map::new();
    let own: BTreeMap<&String, &String> = node
        .labels
        .iter()
        .filter(|(k, _)| !group.labels.contains_key(*k))
        .collect();
    entry.extend(
        node.zone
            .as_ref()
            .map(|zone| ("zone".to_owned(), json!(zone))),
    );
    entry.extend(
        node.address
            .as_ref()
            .map(|a| ("addresses".to_owned(), json!({"machine": a}))),
    );
    entry.extend((!own.is_empty()).then(|| ("labels".to_owned(), json!(own))));
    entry.extend(
        node.unschedulable
            .then(|| ("state".to_owned(), json!("unschedulable"))),
    );
    Value::Object(entry)
}

/// Returns the least of each resource: every node of the pool offers it.
fn least_of_each<'a>(
    all: impl Iterator<Item = &'a BTreeMap<String, Quantity>>,
) -> BTreeMap<String, Quantity> {
    combine_quantities(all, Quantity::min)
}

/// Returns the most of each resource.
fn most_of_each<'a>(
    all: impl Iterator<Item = &'a BTreeMap<String, Quantity>>,
) -> BTreeMap<String, Quantity> {
    combine_quantities(all, Quantity::max)
}

fn combine_quantities<'a>(
    all: impl Iterator<Item = &'a BTreeMap<String, Quantity>>,
    choose: impl Fn(Quantity, Quantity) -> Quantity,
) -> BTreeMap<String, Quantity> {
    let mut combined: BTreeMap<String, Quantity> = BTreeMap::new();
    for (resource, quantity) in all.flatten() {
        let slot = combined.entry(resource.clone()).or_insert(*quantity);
        *slot = choose(*slot, *quantity);
    }
    combined
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::read_nodes;

    fn list(items: &[(&str, &str, Value)]) -> Vec<ClusterNode> {
        let items: Vec<Value> = items
            .iter()
            .map(|(name, arch, labels)| {
                let mut labels = labels.clone();
                labels["kubernetes.io/arch"] = json!(arch);
                labels["node-role.kubernetes.io/worker"] = json!("");
                json!({"kind": "Node", "metadata": {"name": name, "labels": labels},
                       "status": {"allocatable": {"cpu": "3500m", "memory": "100Ki", "pods": "250", "nvidia.com/gpu": "0"}}})
            })
            .collect();
        read_nodes(&json!({"items": items}).to_string()).unwrap()
    }

    #[test]
    fn nodes_of_two_architectures_are_two_pools() {
        let nodes = list(&[
            ("a", "amd64", json!({"workload-type": "database"})),
            ("b", "ppc64le", json!({})),
        ]);
        let pools = build_pools(&nodes, &BTreeMap::new());
        assert_eq!(
            pools.pointer("/pools/worker-amd64/labels"),
            Some(&json!({"workload-type": "database"}))
        );
        assert_eq!(
            pools.pointer("/pools/worker-ppc64le/nodes/b"),
            Some(&json!({}))
        );
        assert_eq!(
            pools.pointer("/pools/worker-amd64/allocatable"),
            Some(&json!({"cpu": "3500m", "memory": "100Ki", "pods": "250"}))
        );
    }

    #[test]
    fn a_label_that_differs_on_every_node_stays_with_the_node() {
        let nodes = list(&[
            ("a", "amd64", json!({"serial": "1"})),
            ("b", "amd64", json!({"serial": "2"})),
        ]);
        let pools = build_pools(&nodes, &BTreeMap::new());
        assert_eq!(
            pools.pointer("/pools/worker/nodes/a/labels"),
            Some(&json!({"serial": "1"}))
        );
        assert_eq!(pools.pointer("/pools/worker/labels"), None);
    }

    #[test]
    fn what_is_not_a_list_of_nodes_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"items": [{"kind": "Pod"}]}"#,
            r#"{"items": [{"kind": "Node", "metadata": {"name": "a"}}]}"#,
        ] {
            assert!(read_nodes(text).is_err(), "{text}");
        }
    }
}
