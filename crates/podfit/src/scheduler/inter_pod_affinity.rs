//! `InterPodAffinity`: required pod affinity and anti-affinity, the pod's own and, for anti-affinity, those of the pods that are there.
//!
//! - A pod with affinity needs, for each of its terms, a pod in the node's domain that matches *all* of its terms; the first of a group
//!   passes without one if it matches its own terms and no pod anywhere matches them. The node must have every topology key.
//! - Anti-affinity works both ways, and not on nodes without the topology key.

use std::collections::BTreeMap;

use super::{ClusterState, FilterReason, Namespaces, PodAffinityTerm, PodSpec};

impl PodAffinityTerm {
    /// Returns whether the term means the pod.
    pub fn matches(&self, pod: &PodSpec, namespaces: &Namespaces) -> bool {
        let by_label = || {
            self.namespace_selector
                .as_ref()
                .is_some_and(|s| s.matches(&namespaces.labels(&pod.namespace)))
        };
        (self.namespaces.contains(&pod.namespace) || by_label())
            && self
                .selector
                .as_ref()
                .is_some_and(|s| s.matches(&pod.labels))
    }
}

/// Returns whether the pod matches all terms; `false` where there are none.
pub fn matches_all_terms(
    terms: &[PodAffinityTerm],
    pod: &PodSpec,
    namespaces: &Namespaces,
) -> bool {
    !terms.is_empty() && terms.iter().all(|t| t.matches(pod, namespaces))
}

pub(super) fn filter(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    filter_existing_anti_affinity(cluster, spec, node)
        .or_else(|| filter_affinity(cluster, spec, node))
        .or_else(|| filter_anti_affinity(cluster, spec, node))
}

fn filter_existing_anti_affinity(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    cluster.placed.iter().find_map(|p| {
        let mut terms = p
            .spec
            .anti_affinity
            .iter()
            .filter(|t| t.matches(spec, cluster.namespaces));
        let term = terms.find(|t| share_domain(cluster, &t.topology_key, p.node, node))?;
        Some(FilterReason::AntiAffinity {
            key: term.topology_key.clone(),
            with: p.spec.owner.clone(),
        })
    })
}

fn filter_anti_affinity(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    spec.anti_affinity.iter().find_map(|term| {
        let mut there = cluster
            .placed
            .iter()
            .filter(|p| share_domain(cluster, &term.topology_key, p.node, node));
        let other = there.find(|p| term.matches(p.spec, cluster.namespaces))?;
        Some(FilterReason::AntiAffinity {
            key: term.topology_key.clone(),
            with: other.spec.owner.clone(),
        })
    })
}

fn filter_affinity(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    let terms = &spec.affinity;
    if let Some(term) = terms
        .iter()
        .find(|t| !cluster.nodes[node].labels.contains_key(&t.topology_key))
    {
        return Some(FilterReason::MissingTopologyKey {
            key: term.topology_key.clone(),
        });
    }
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for placed in cluster
        .placed
        .iter()
        .filter(|p| matches_all_terms(terms, p.spec, cluster.namespaces))
    {
        for term in terms {
            if let Some(value) = cluster.nodes[placed.node].labels.get(&term.topology_key) {
                *counts.entry((&term.topology_key, value)).or_default() += 1;
            }
        }
    }
    let absent = terms.iter().find(|term| {
        let value = cluster.nodes[node].labels.get(&term.topology_key);
        value
            .is_none_or(|value| !counts.contains_key(&(term.topology_key.as_str(), value.as_str())))
    })?;
    let first_of_group = counts.is_empty() && matches_all_terms(terms, spec, cluster.namespaces);
    (!first_of_group).then(|| FilterReason::Affinity {
        key: absent.topology_key.clone(),
    })
}

fn share_domain(cluster: &ClusterState<'_>, key: &str, a: usize, b: usize) -> bool {
    let value = cluster.nodes[a].labels.get(key);
    value.is_some() && value == cluster.nodes[b].labels.get(key)
}
