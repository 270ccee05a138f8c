//! Differences between a site file and its cluster.

use kubernetes_vocabulary::labels::HOSTNAME;
use std::collections::BTreeMap;

use serde::Serialize;

use super::ClusterNode;
use crate::model::NodeState;
use crate::plan::{NodePlan, SitePlan};

/// One difference between what a site file says of a node and what the cluster says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NodeDifference {
    /// The node.
    pub node: String,
    /// The field, as the site file names it.
    pub field: String,
    /// The site file's value; empty where it says nothing.
    pub site: String,
    /// The cluster's value; empty where it says nothing.
    pub cluster: String,
}

/// Lists every difference, by node and field. Pools without node names are compared by the number of nodes of their architecture and labels.
pub fn compare_nodes(plan: &SitePlan, cluster: &[ClusterNode]) -> Vec<NodeDifference> {
    let by_name: BTreeMap<&str, &ClusterNode> =
        cluster.iter().map(|n| (n.name.as_str(), n)).collect();
    let named = plan.nodes.iter().filter(|n| !n.unnamed);
    let mut differences: Vec<NodeDifference> = named
        .flat_map(|node| match by_name.get(node.name.as_str()) {
            Some(other) => compare_fields(node, other),
            // A machine that is away may have taken its node with it.
            None if node.state == Some(NodeState::Replacing) => Vec::new(),
            None => vec![make_difference(&node.name, "node", "in the site file", "")],
        })
        .collect();
    let claimed = |node: &ClusterNode| {
        plan.nodes.iter().any(|n| {
            if n.unnamed {
                n.arch == node.arch && has_pool_labels(node, n)
            } else {
                n.name == node.name
            }
        })
    };
    let unknown = cluster.iter().filter(|node| !claimed(node));
    differences
        .extend(unknown.map(|node| make_difference(&node.name, "node", "", "in the cluster")));
    differences.extend(compare_pool_sizes(plan, cluster));
    differences.sort();
    differences
}

fn compare_fields(node: &NodePlan, other: &ClusterNode) -> Vec<NodeDifference> {
    let mut found = Vec::new();
    let mut differ = |field: &str, site: String, cluster: String| {
        if site != cluster {
            found.push(make_difference(&node.name, field, &site, &cluster));
        }
    };
    differ("arch", node.arch.to_string(), other.arch.to_string());
    differ(
        "zone",
        node.spec.zone.clone().unwrap_or_default(),
        other.zone.clone().unwrap_or_default(),
    );
    let cordoned = |is_cordoned: bool| match is_cordoned {
        true => "unschedulable".to_owned(),
        false => String::new(),
    };
    if node.state != Some(NodeState::Replacing) {
        differ(
            "state",
            cordoned(node.state == Some(NodeState::Unschedulable)),
            cordoned(other.unschedulable),
        );
    }
    let mut taints = node.taints.clone();
    taints.sort_unstable();
    differ("taints", print_taints(&taints), print_taints(&other.taints));
    for (key, value) in &node.labels {
        let there = other
            .all_labels
            .get(key)
            .map(|v| format!("{v:?}"))
            .unwrap_or_default();
        differ(&format!("labels.{key}"), format!("{value:?}"), there);
    }
    for (resource, quantity) in &node.allocatable {
        let offered = other.allocatable.get(resource).copied().unwrap_or_default();
        if offered < *quantity {
            differ(
                &format!("allocatable.{resource}"),
                quantity.to_string(),
                offered.to_string(),
            );
        }
    }
    found
}

/// Compares the number of nodes of each pool without node names.
fn compare_pool_sizes(plan: &SitePlan, cluster: &[ClusterNode]) -> Vec<NodeDifference> {
    let mut wanted: BTreeMap<&str, Vec<&NodePlan>> = BTreeMap::new();
    for node in plan.nodes.iter().filter(|n| n.unnamed) {
        wanted.entry(&node.pool).or_default().push(node);
    }
    let counted = wanted.into_iter().filter_map(|(pool, nodes)| {
        let first = nodes.first()?;
        let there = cluster
            .iter()
            .filter(|n| n.arch == first.arch && has_pool_labels(n, first))
            .count();
        (there != nodes.len()).then(|| {
            make_difference(
                pool,
                "replicas",
                &nodes.len().to_string(),
                &there.to_string(),
            )
        })
    });
    counted.collect()
}

/// Checks that the cluster's node has every label that the site file gives to the pool's nodes.
fn has_pool_labels(node: &ClusterNode, planned: &NodePlan) -> bool {
    let own = planned
        .labels
        .iter()
        .filter(|(key, _)| key.as_str() != HOSTNAME);
    own.into_iter()
        .all(|(key, value)| node.all_labels.get(key) == Some(value))
}

fn print_taints(taints: &[kubernetes_vocabulary::Taint]) -> String {
    let one = |t: &kubernetes_vocabulary::Taint| format!("{}={}:{:?}", t.key, t.value, t.effect);
    taints.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn make_difference(node: &str, field: &str, site: &str, cluster: &str) -> NodeDifference {
    NodeDifference {
        node: node.to_owned(),
        field: field.to_owned(),
        site: site.to_owned(),
        cluster: cluster.to_owned(),
    }
}
