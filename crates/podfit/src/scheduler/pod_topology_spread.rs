//! `PodTopologySpread`: constraints with `whenUnsatisfiable: DoNotSchedule`.
//!
//! A node is possible if, for each constraint, the matching pods in its domain, with this one if it matches, exceed those in the
//! emptiest domain by `maxSkew` at most. Domains are made by the nodes that have every constraint's topology key and pass the
//! constraint's inclusion policies; with fewer domains than `minDomains` the emptiest counts as 0.

use std::collections::BTreeMap;

use super::{
    ClusterState, FilterReason, NodeInfo, NodePolicy, PodSpec, SpreadConstraint, node_affinity,
    taint_toleration,
};

impl SpreadConstraint {
    /// Returns whether it counts the pod, which must be in the namespace of the constraint's owner.
    pub fn matches(&self, owner: &PodSpec, pod: &PodSpec) -> bool {
        owner.namespace == pod.namespace
            && self
                .selector
                .as_ref()
                .is_some_and(|s| s.matches(&pod.labels))
    }
}

/// Returns whether the constraint counts what is on the node.
pub(super) fn counts_node(spec: &PodSpec, constraint: &SpreadConstraint, node: &NodeInfo) -> bool {
    let keys = spec
        .required_spread()
        .all(|c| node.labels.contains_key(&c.topology_key));
    let affinity = constraint.node_affinity_policy == Some(NodePolicy::Ignore)
        || node_affinity::filter(spec, node).is_none();
    let taints = constraint.node_taints_policy != Some(NodePolicy::Honor)
        || taint_toleration::filter(spec, node).is_none();
    keys && affinity && taints
}

pub(super) fn filter(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    spec.required_spread().find_map(|constraint| {
        let key = &constraint.topology_key;
        let Some(value) = cluster.nodes[node].labels.get(key) else {
            return Some(FilterReason::MissingTopologyKey { key: key.clone() });
        };
        let domains = count_pods_by_domain(cluster, spec, constraint);
        let few = domains.len() < constraint.min_domains.unwrap_or(1) as usize;
        let least = if few {
            0
        } else {
            domains.values().copied().min().unwrap_or(usize::MAX)
        };
        let own = usize::from(constraint.matches(spec, spec));
        let here = domains.get(value.as_str()).copied().unwrap_or(0) + own;
        (here.saturating_sub(least) > constraint.max_skew as usize).then(|| FilterReason::Skew {
            key: key.clone(),
            max: constraint.max_skew,
        })
    })
}

/// Returns the matching pods in each domain.
fn count_pods_by_domain<'a>(
    cluster: &'a ClusterState<'_>,
    spec: &PodSpec,
    constraint: &SpreadConstraint,
) -> BTreeMap<&'a str, usize> {
    let mut domains = BTreeMap::new();
    for (index, node) in cluster.nodes.iter().enumerate() {
        let Some(value) = node.labels.get(&constraint.topology_key) else {
            continue;
        };
        if counts_node(spec, constraint, node) {
            let here = cluster
                .placed
                .iter()
                .filter(|p| p.node == index && constraint.matches(spec, p.spec))
                .count();
            *domains.entry(value.as_str()).or_default() += here;
        }
    }
    domains
}
