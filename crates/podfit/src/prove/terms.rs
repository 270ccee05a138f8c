//! What ties pods to each other, in numbers: anti-affinity, affinity, spread, shared volumes.

use std::collections::BTreeMap;

use super::index::NONE;
use super::problem::Problem;
use crate::scheduler::{
    PodAffinityTerm, PodSpec, SpreadConstraint, matches_all_terms, spread_counts_node,
};

/// A required anti-affinity term: an owner and a target are never in the same domain.
pub(super) struct AntiTerm {
    /// The domain of each node.
    pub(super) domain: Vec<u32>,
    /// By workload: whether it has the term.
    pub(super) owners: Vec<bool>,
    /// By workload: whether the term means it.
    pub(super) targets: Vec<bool>,
}

/// The required affinity terms of a workload: an owner needs a member in its domain, for each term.
pub(super) struct AffinityGroup {
    /// The domain of each node, for each term.
    pub(super) domains: Vec<Vec<u32>>,
    /// By workload: whether it has these terms.
    pub(super) owners: Vec<bool>,
    /// By workload: whether all terms mean it.
    pub(super) members: Vec<bool>,
}

/// A spread constraint that forbids.
pub(super) struct Spread {
    /// The workload that has it.
    pub(super) owner: usize,
    /// The one node for whose pod it speaks; `NONE`: it speaks for all pods of the owner.
    pub(super) node: u32,
    /// The domain of each node.
    pub(super) domain: Vec<u32>,
    /// Whether what is on the node is counted.
    pub(super) counted: Vec<bool>,
    /// By workload: whether its pods are counted.
    pub(super) counts: Vec<bool>,
    /// How far a domain may be above the emptiest.
    pub(super) max_skew: u32,
    /// With fewer domains, the emptiest counts as none.
    pub(super) min_domains: u32,
    /// Whether a lost node, which has taints, makes no domain.
    pub(super) honors_taints: bool,
}

/// A claim that several pods use.
pub(super) struct Claim {
    /// The segment of each node.
    pub(super) segment: Vec<u32>,
    /// By workload: whether it uses the claim.
    pub(super) users: Vec<bool>,
    /// Whether one pod only may use it.
    pub(super) exclusive: bool,
}

/// The domain of each node: a number for each value of the label.
fn domains(problem: &Problem, keys: &[&str]) -> Vec<u32> {
    let mut known: BTreeMap<Vec<&str>, u32> = BTreeMap::new();
    let values = |labels: &'_ BTreeMap<String, String>| -> Option<Vec<String>> {
        keys.iter().map(|key| labels.get(*key).cloned()).collect()
    };
    let all: Vec<Option<Vec<String>>> = problem.nodes.iter().map(|n| values(&n.labels)).collect();
    all.iter()
        .map(|values| {
            let Some(values) = values else { return NONE };
            let next = u32::try_from(known.len()).unwrap_or(NONE);
            *known
                .entry(values.iter().map(String::as_str).collect())
                .or_insert(next)
        })
        .collect()
}

fn domain(problem: &Problem, key: &str) -> Vec<u32> {
    domains(problem, &[key])
}

pub(super) fn anti_terms(problem: &Problem) -> Vec<AntiTerm> {
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
            domain: domain(problem, &term.topology_key),
            owners,
            targets: meant(term),
        })
        .collect()
}

pub(super) fn groups(problem: &Problem) -> Vec<AffinityGroup> {
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
                .map(|t| domain(problem, &t.topology_key))
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

pub(super) fn spreads(problem: &Problem) -> Vec<Spread> {
    let of = |(owner, workload): (usize, &super::Workload)| -> Vec<Spread> {
        if workload.per_node {
            return daemon_spreads(problem, owner);
        }
        let spread = |constraint| spread(problem, owner, &workload.spec, constraint);
        workload.spec.required_spread().map(spread).collect()
    };
    problem.workloads.iter().enumerate().flat_map(of).collect()
}

/// A DaemonSet's pods are pinned by node affinity, so that each has its own view of which nodes count.
fn daemon_spreads(problem: &Problem, owner: usize) -> Vec<Spread> {
    let spec = problem.workloads[owner].spec.with_daemon_tolerations();
    if spec.required_spread().next().is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (n, node) in problem.nodes.iter().enumerate() {
        let pinned = spec.pinned_to(&node.name);
        for constraint in pinned.required_spread() {
            let node = u32::try_from(n).unwrap_or(NONE);
            found.push(Spread {
                node,
                ..spread(problem, owner, &pinned, constraint)
            });
        }
    }
    found
}

fn spread(
    problem: &Problem,
    owner: usize,
    spec: &PodSpec,
    constraint: &SpreadConstraint,
) -> Spread {
    Spread {
        owner,
        node: NONE,
        domain: domain(problem, &constraint.topology_key),
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

/// Where a workload's own volumes tie its pods, once they have run: the segment of each node.
pub(super) fn own_segments(problem: &Problem) -> Vec<Option<Vec<u32>>> {
    let of = |workload: &super::Workload| {
        let own = workload.spec.volumes.iter().filter(|v| !v.shared);
        let mut keys: Vec<&str> = own.flat_map(|v| &v.segment).map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        (!keys.is_empty()).then(|| domains(problem, &keys))
    };
    problem.workloads.iter().map(of).collect()
}

pub(super) fn claims(problem: &Problem) -> Vec<Claim> {
    let mut found: BTreeMap<(&str, &str), Claim> = BTreeMap::new();
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
                .or_insert_with(|| Claim {
                    segment: domains(problem, &keys),
                    users: vec![false; problem.workloads.len()],
                    exclusive: false,
                });
            claim.users[w] = true;
            claim.exclusive |= volume.exclusive;
        }
    }
    found.into_values().collect()
}
