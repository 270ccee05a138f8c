//! The problem in numbers: everything that a search looks up again and again is worked out once.

use std::collections::BTreeMap;

use super::domain::{DomainColumn, DomainId};
use super::problem::PlacementProblem;
use super::terms::{
    AffinityGroup, AntiTerm, SharedClaim, SpreadRule, index_affinity_groups, index_anti_terms,
    index_claims, index_own_segments, index_spreads,
};
use crate::scheduler::{self, PODS, to_scheduler_units};
use kubernetes_vocabulary::Quantity;

/// More than any node has; small enough to add and multiply a little.
const PLENTY: i64 = 1 << 62;

/// The problem in numbers. Workloads and nodes are their positions in the problem.
pub(super) struct ProblemIndex<'a> {
    /// The problem that the numbers stand for.
    pub(super) problem: &'a PlacementProblem,
    /// The number of resources.
    pub(super) resources: usize,
    /// The positions of CPU and memory, by which nodes are scored; without those that no pod asks for.
    pub(super) scored: Vec<usize>,
    /// The capacity of each node: `node * resources + resource`.
    pub(super) capacity: Vec<i64>,
    /// The requests of a pod of each workload: position of the resource and amount, without zeros.
    pub(super) needs: Vec<Vec<(usize, i64)>>,
    /// True if a pod of the workload may run on the node whatever else runs.
    pub(super) allowed: Vec<Vec<bool>>,
    /// Workloads whose pods cannot share a node with the workload's because of host ports.
    pub(super) ports: Vec<Vec<usize>>,
    /// Anti-affinity terms; for each workload those it owns, and those that mean it.
    pub(super) anti: Vec<AntiTerm>,
    pub(super) anti_owned: Vec<Vec<usize>>,
    pub(super) anti_hit: Vec<Vec<usize>>,
    /// Affinity: the terms of a workload together; for each workload its own, and those of which it is a target.
    pub(super) groups: Vec<AffinityGroup>,
    pub(super) group_of: Vec<Option<usize>>,
    pub(super) member_of: Vec<Vec<usize>>,
    /// Spread constraints; for each workload its own, and those that count it.
    pub(super) spreads: Vec<SpreadRule>,
    pub(super) spread_of: Vec<Vec<usize>>,
    pub(super) counted_by: Vec<Vec<usize>>,
    /// The segment of each node, for workloads whose own volumes tie them to one.
    pub(super) own_segment: Vec<Option<DomainColumn>>,
    /// Shared claims that are tied to a segment or to one pod.
    pub(super) claims: Vec<SharedClaim>,
    pub(super) claims_of: Vec<Vec<usize>>,
    /// Nodes of the same class are interchangeable as long as they hold the same pods.
    pub(super) class: Vec<usize>,
    /// True if a workload's pods matter to others by more than the resources they take.
    pub(super) interacts: Vec<bool>,
}

impl<'a> ProblemIndex<'a> {
    pub(super) fn new(problem: &'a PlacementProblem) -> Self {
        let (names, capacity) = read_capacity(problem);
        let anti = index_anti_terms(problem);
        let groups = index_affinity_groups(problem);
        let spreads = index_spreads(problem);
        let claims = index_claims(problem);
        let each = |which: &dyn Fn(usize) -> Vec<usize>| {
            (0..problem.workloads.len()).map(which).collect::<Vec<_>>()
        };
        let mut index = Self {
            problem,
            resources: names.len(),
            scored: find_positions(&names, |name| matches!(*name, scheduler::CPU | "memory")),
            needs: problem
                .workloads
                .iter()
                .map(|w| read_needs(&w.spec, &names))
                .collect(),
            allowed: problem
                .workloads
                .iter()
                .map(|w| list_allowed_nodes(problem, &w.spec, w.per_node))
                .collect(),
            ports: each(&|w| find_port_conflicts(problem, w)),
            anti_owned: each(&|w| find_positions(&anti, |t| t.owners[w])),
            anti_hit: each(&|w| find_positions(&anti, |t| t.targets[w])),
            group_of: (0..problem.workloads.len())
                .map(|w| groups.iter().position(|g| g.owners[w]))
                .collect(),
            member_of: each(&|w| find_positions(&groups, |g| g.members[w])),
            spread_of: each(&|w| find_positions(&spreads, |s| s.owner == w)),
            counted_by: each(&|w| find_positions(&spreads, |s| s.counts[w])),
            own_segment: index_own_segments(problem),
            claims_of: each(&|w| find_positions(&claims, |c| c.users[w])),
            class: Vec::new(),
            interacts: Vec::new(),
            capacity,
            anti,
            groups,
            spreads,
            claims,
        };
        index.interacts = (0..index.workloads())
            .map(|w| index.workload_interacts(w))
            .collect();
        index.class = index.classes();
        index
    }

    pub(super) fn nodes(&self) -> usize {
        self.problem.nodes.len()
    }

    pub(super) fn workloads(&self) -> usize {
        self.problem.workloads.len()
    }

    fn workload_interacts(&self, w: usize) -> bool {
        let related = [
            &self.ports,
            &self.anti_owned,
            &self.anti_hit,
            &self.member_of,
        ];
        let more = [&self.spread_of, &self.counted_by, &self.claims_of];
        related.iter().chain(&more).any(|of| !of[w].is_empty()) || self.group_of[w].is_some()
    }

    /// Groups nodes that no filter can tell apart. A domain with one node only is as good as any other such domain.
    fn classes(&self) -> Vec<usize> {
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        let domains: Vec<Vec<i64>> = self
            .domain_columns()
            .into_iter()
            .map(|column| classify_domains(&column))
            .collect();
        (0..self.nodes())
            .map(|n| {
                let mut key: Vec<i64> =
                    self.capacity[n * self.resources..(n + 1) * self.resources].to_vec();
                key.extend(self.allowed.iter().map(|of| i64::from(of[n])));
                key.extend(self.spreads.iter().map(|s| i64::from(s.counted[n])));
                key.extend(domains.iter().map(|column| column[n]));
                let next = known.len();
                *known.entry(key).or_insert(next)
            })
            .collect()
    }

    fn domain_columns(&self) -> Vec<DomainColumn> {
        let anti = self.anti.iter().map(|t| &t.domain);
        let groups = self.groups.iter().flat_map(|g| &g.domains);
        let spreads = self.spreads.iter().map(|s| &s.domain);
        let segments = self
            .own_segment
            .iter()
            .flatten()
            .chain(self.claims.iter().map(|c| &c.segment));
        let mut columns: Vec<DomainColumn> = anti
            .chain(groups)
            .chain(spreads)
            .chain(segments)
            .cloned()
            .collect();
        columns.sort();
        columns.dedup();
        columns
    }
}

/// The class of nodes that lack a topology label.
const WITHOUT_DOMAIN: i64 = -1;
/// The class of nodes that are alone in their domain.
const ALONE: i64 = -2;

/// Returns what tells the nodes of a column apart: the domain where it has several nodes, one class for all nodes that are alone in
/// theirs, and one for those without a domain.
fn classify_domains(column: &[Option<DomainId>]) -> Vec<i64> {
    let mut nodes_in: BTreeMap<DomainId, u32> = BTreeMap::new();
    for domain in column.iter().flatten() {
        *nodes_in.entry(*domain).or_default() += 1;
    }
    column
        .iter()
        .map(|domain| match domain {
            None => WITHOUT_DOMAIN,
            Some(domain) if nodes_in[domain] == 1 => ALONE,
            Some(domain) => i64::try_from(domain.index()).unwrap_or(i64::MAX),
        })
        .collect()
}

fn find_positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| wanted(item))
        .map(|(i, _)| i)
        .collect()
}

/// Returns the resources that anything asks for, the number of pods first, and what each node offers of them.
fn read_capacity(problem: &PlacementProblem) -> (Vec<&str>, Vec<i64>) {
    let asked = problem
        .workloads
        .iter()
        .flat_map(|w| w.spec.requests.keys())
        .map(String::as_str);
    let mut names: Vec<&str> = asked.filter(|name| *name != PODS).collect();
    names.sort_unstable();
    names.dedup();
    names.insert(0, PODS);
    let offer = |node: &scheduler::NodeInfo, name: &str| match &node.allocatable {
        Some(offers) => offers.get(name).map_or(0, |q| to_amount(name, *q)),
        None => PLENTY,
    };
    let capacity = problem
        .nodes
        .iter()
        .flat_map(|node| names.iter().map(move |name| offer(node, name)))
        .collect();
    (names, capacity)
}

fn read_needs(spec: &scheduler::PodSpec, names: &[&str]) -> Vec<(usize, i64)> {
    let need = |(r, name): (usize, &&str)| match spec.requests.get(*name) {
        _ if r == 0 => Some((0, 1)),
        Some(quantity) => Some((r, to_amount(name, *quantity))).filter(|(_, n)| *n > 0),
        None => None,
    };
    names.iter().enumerate().filter_map(need).collect()
}

fn to_amount(resource: &str, quantity: Quantity) -> i64 {
    i64::try_from(to_scheduler_units(resource, quantity))
        .unwrap_or(PLENTY)
        .clamp(-PLENTY, PLENTY)
}

fn list_allowed_nodes(
    problem: &PlacementProblem,
    spec: &scheduler::PodSpec,
    per_node: bool,
) -> Vec<bool> {
    let spec = if per_node {
        &spec.with_daemon_tolerations()
    } else {
        spec
    };
    problem
        .nodes
        .iter()
        .map(|node| scheduler::find_static_reasons(spec, node).is_empty())
        .collect()
}

fn find_port_conflicts(problem: &PlacementProblem, w: usize) -> Vec<usize> {
    let spec = &problem.workloads[w].spec;
    if spec.host_ports.is_empty() {
        return Vec::new();
    }
    find_positions(&problem.workloads, |other| {
        scheduler::ports_conflict(spec, &other.spec)
    })
}
