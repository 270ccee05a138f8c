//! Indexes the constraints between pods as numbers: anti-affinity, affinity, spread, shared volumes.

use std::collections::BTreeMap;

use super::domain::{DomainColumn, number_domains};
use super::problem::PlacementProblem;
use crate::scheduler::{
    PodAffinityTerm, PodSpec, SpreadConstraint, matches_all_terms, spread_counts_node,
};

/// A required anti-affinity term: an owner and a target are never in the same domain.
pub(super) struct AntiTerm {
    /// The domain of each node.
    pub(super) domain: DomainColumn,
    /// By workload: whether it has the term.
    pub(super) owners: Vec<bool>,
    /// By workload: whether the term means it.
    pub(super) targets: Vec<bool>,
}

/// The required affinity terms of a workload: an owner needs a member in its domain, for each term.
pub(super) struct AffinityGroup {
    /// The domain of each node, for each term.
    pub(super) domains: Vec<DomainColumn>,
    /// By workload: whether it has these terms.
    pub(super) owners: Vec<bool>,
    /// By workload: whether all terms mean it.
    pub(super) members: Vec<bool>,
}

/// A spread constraint that forbids.
pub(super) struct SpreadRule {
    /// The workload that has it.
    pub(super) owner: usize,
    /// The one node for whose pod it speaks; `None`: it speaks for all pods of the owner.
    pub(super) node: Option<usize>,
    /// The domain of each node.
    pub(super) domain: DomainColumn,
    /// True if what is on the node is counted.
    pub(super) counted: Vec<bool>,
    /// By workload: whether its pods are counted.
    pub(super) counts: Vec<bool>,
    /// The number of pods by which a domain may exceed the emptiest.
    pub(super) max_skew: u32,
    /// With fewer domains, the emptiest counts as none.
    pub(super) min_domains: u32,
    /// True if a lost node, which has taints, makes no domain.
    pub(super) honors_taints: bool,
}

/// A claim that several pods use.
pub(super) struct SharedClaim {
    /// The segment of each node.
    pub(super) segment: DomainColumn,
    /// By workload: whether it uses the claim.
    pub(super) users: Vec<bool>,
    /// True if one pod only may use it.
    pub(super) exclusive: bool,
}

pub(super) fn index_anti_terms(problem: &PlacementProblem) -> Vec<AntiTerm> {
    let mut owners: BTreeMap<&PodAffinityTerm, Vec<bool>> = BTreeMap::new();
    for (w, workload) in problem.workloads.iter().enumerate() {
        for term in &workload.spec.anti_affinity {
            owners
                .entry(term)
                .or_insert_with(|| vec![false; problem.workloads.len()])[w] = true;
        }
    }
    let meant = |term: &PodAffinityTerm| {
        problem
            .workloads
            .iter()
            .map(|w| term.matches(&w.spec, &problem.namespaces))
            .collect()
    };
    owners
        .into_iter()
        .map(|(term, owners)| AntiTerm {
            domain: number_domains(&problem.nodes, &[&term.topology_key]),
            owners,
            targets: meant(term),
        })
        .collect()
}

pub(super) fn index_affinity_groups(problem: &PlacementProblem) -> Vec<AffinityGroup> {
    let mut owners: BTreeMap<&Vec<PodAffinityTerm>, Vec<bool>> = BTreeMap::new();
    for (w, workload) in problem
        .workloads
        .iter()
        .enumerate()
        .filter(|(_, w)| !w.spec.affinity.is_empty())
    {
        owners
            .entry(&workload.spec.affinity)
            .or_insert_with(|| vec![false; problem.workloads.len()])[w] = true;
    }
    owners
        .into_iter()
        .map(|(terms, owners)| AffinityGroup {
            domains: terms
                .iter()
                .map(|t| number_domains(&problem.nodes, &[&t.topology_key]))
                .collect(),
            owners,
            members: problem
                .workloads
                .iter()
                .map(|w| matches_all_terms(terms, &w.spec, &problem.namespaces))
                .collect(),
        })
        .collect()
}

pub(super) fn index_spreads(problem: &PlacementProblem) -> Vec<SpreadRule> {
    let of = |(owner, workload): (usize, &super::Workload)| -> Vec<SpreadRule> {
        if workload.per_node {
            return index_daemon_spreads(problem, owner);
        }
        let spread = |constraint| index_spread(problem, owner, &workload.spec, constraint);
        workload.spec.required_spread().map(spread).collect()
    };
    problem.workloads.iter().enumerate().flat_map(of).collect()
}

/// Returns a DaemonSet's pods are pinned by node affinity, so that each has its own view of which nodes count.
fn index_daemon_spreads(problem: &PlacementProblem, owner: usize) -> Vec<SpreadRule> {
    let spec = problem.workloads[owner].spec.with_daemon_tolerations();
    if spec.required_spread().next().is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (n, node) in problem.nodes.iter().enumerate() {
        let pinned = spec.pinned_to(&node.name);
        for constraint in pinned.required_spread() {
            found.push(SpreadRule {
                node: Some(n),
                ..index_spread(problem, owner, &pinned, constraint)
            });
        }
    }
    found
}

fn index_spread(
    problem: &PlacementProblem,
    owner: usize,
    spec: &PodSpec,
    constraint: &SpreadConstraint,
) -> SpreadRule {
    SpreadRule {
        owner,
        node: None,
        domain: number_domains(&problem.nodes, &[&constraint.topology_key]),
        counted: problem
            .nodes
            .iter()
            .map(|n| spread_counts_node(spec, constraint, n))
            .collect(),
        counts: problem
            .workloads
            .iter()
            .map(|w| constraint.matches(spec, &w.spec))
            .collect(),
        max_skew: constraint.max_skew,
        min_domains: constraint.min_domains.unwrap_or(1),
        honors_taints: constraint.honors_taints(),
    }
}

/// Finds the segment of each node, for workloads whose own volumes tie their pods to one once they have run.
pub(super) fn index_own_segments(problem: &PlacementProblem) -> Vec<Option<DomainColumn>> {
    let of = |workload: &super::Workload| {
        let own = workload.spec.volumes.iter().filter(|v| !v.shared);
        let mut keys: Vec<&str> = own.flat_map(|v| &v.segment).map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        (!keys.is_empty()).then(|| number_domains(&problem.nodes, &keys))
    };
    problem.workloads.iter().map(of).collect()
}

pub(super) fn index_claims(problem: &PlacementProblem) -> Vec<SharedClaim> {
    let mut found: BTreeMap<(&str, &str), SharedClaim> = BTreeMap::new();
    for (w, workload) in problem.workloads.iter().enumerate() {
        let tied = workload
            .spec
            .volumes
            .iter()
            .filter(|v| v.shared && (v.exclusive || !v.segment.is_empty()));
        for volume in tied {
            let keys: Vec<&str> = volume.segment.iter().map(String::as_str).collect();
            let claim = found
                .entry((&workload.spec.namespace, &volume.claim))
                .or_insert_with(|| SharedClaim {
                    segment: number_domains(&problem.nodes, &keys),
                    users: vec![false; problem.workloads.len()],
                    exclusive: false,
                });
            claim.users[w] = true;
            claim.exclusive |= volume.exclusive;
        }
    }
    found.into_values().collect()
}
