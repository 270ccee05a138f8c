//! The problem in numbers: everything that a search looks up again and again is worked out once.

use std::collections::BTreeMap;

use super::problem::Problem;
use super::terms::{
    AffinityGroup, AntiTerm, Claim, Spread, anti_terms, claims, groups, own_segments, spreads,
};
use crate::scheduler::{self, PODS, whole};
use kubernetes_vocabulary::Quantity;

/// No domain, no node.
pub(super) const NONE: u32 = u32::MAX;
/// More than any node has; small enough to add and multiply a little.
const PLENTY: i64 = 1 << 62;

/// The problem in numbers. Workloads and nodes are their positions in the problem.
pub(super) struct Index<'a> {
    /// What the numbers stand for.
    pub(super) problem: &'a Problem,
    /// How many resources there are.
    pub(super) resources: usize,
    /// What each node offers: `node * resources + resource`.
    pub(super) capacity: Vec<i64>,
    /// What a pod of each workload takes: resources of which it takes something.
    pub(super) needs: Vec<Vec<(usize, i64)>>,
    /// Whether a pod of the workload may run on the node whatever else runs.
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
    pub(super) spreads: Vec<Spread>,
    pub(super) spread_of: Vec<Vec<usize>>,
    pub(super) counted_by: Vec<Vec<usize>>,
    /// Where the workload's own volumes tie it to a segment: the segment of each node.
    pub(super) own_segment: Vec<Option<Vec<u32>>>,
    /// Shared claims that are tied to a segment or to one pod.
    pub(super) claims: Vec<Claim>,
    pub(super) claims_of: Vec<Vec<usize>>,
    /// Nodes of the same class are interchangeable as long as they hold the same pods.
    pub(super) class: Vec<u32>,
    /// Whether a workload's pods matter to others by more than the resources they take.
    pub(super) interacts: Vec<bool>,
}

impl<'a> Index<'a> {
    pub(super) fn new(problem: &'a Problem) -> Self {
        let (names, capacity) = capacity(problem);
        let anti = anti_terms(problem);
        let groups = groups(problem);
        let spreads = spreads(problem);
        let claims = claims(problem);
        let each = |which: &dyn Fn(usize) -> Vec<usize>| {
            (0..problem.workloads.len()).map(which).collect::<Vec<_>>()
        };
        let mut index = Self {
            problem,
            resources: names.len(),
            needs: problem
                .workloads
                .iter()
                .map(|w| needs(&w.spec, &names))
                .collect(),
            allowed: problem
                .workloads
                .iter()
                .map(|w| allowed(problem, &w.spec, w.per_node))
                .collect(),
            ports: each(&|w| port_conflicts(problem, w)),
            anti_owned: each(&|w| positions(&anti, |t| t.owners[w])),
            anti_hit: each(&|w| positions(&anti, |t| t.targets[w])),
            group_of: (0..problem.workloads.len())
                .map(|w| groups.iter().position(|g| g.owners[w]))
                .collect(),
            member_of: each(&|w| positions(&groups, |g| g.members[w])),
            spread_of: each(&|w| positions(&spreads, |s| s.owner == w)),
            counted_by: each(&|w| positions(&spreads, |s| s.counts[w])),
            own_segment: own_segments(problem),
            claims_of: each(&|w| positions(&claims, |c| c.users[w])),
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
    fn classes(&self) -> Vec<u32> {
        let mut known: BTreeMap<Vec<i64>, u32> = BTreeMap::new();
        let domains: Vec<Vec<u32>> = self
            .domain_columns()
            .into_iter()
            .map(|column| anonymous(&column))
            .collect();
        (0..self.nodes())
            .map(|n| {
                let mut key: Vec<i64> =
                    self.capacity[n * self.resources..(n + 1) * self.resources].to_vec();
                key.extend(self.allowed.iter().map(|of| i64::from(of[n])));
                key.extend(self.spreads.iter().map(|s| i64::from(s.counted[n])));
                key.extend(domains.iter().map(|column| i64::from(column[n])));
                let next = u32::try_from(known.len()).unwrap_or(NONE);
                *known.entry(key).or_insert(next)
            })
            .collect()
    }

    fn domain_columns(&self) -> Vec<Vec<u32>> {
        let anti = self.anti.iter().map(|t| &t.domain);
        let groups = self.groups.iter().flat_map(|g| &g.domains);
        let spreads = self.spreads.iter().map(|s| &s.domain);
        let segments = self
            .own_segment
            .iter()
            .flatten()
            .chain(self.claims.iter().map(|c| &c.segment));
        let mut columns: Vec<Vec<u32>> = anti
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

/// The column with all domains of one node replaced by the same word.
fn anonymous(column: &[u32]) -> Vec<u32> {
    let mut nodes_in: BTreeMap<u32, u32> = BTreeMap::new();
    for domain in column {
        *nodes_in.entry(*domain).or_default() += 1;
    }
    column
        .iter()
        .map(|d| {
            if *d != NONE && nodes_in.get(d) == Some(&1) {
                NONE - 1
            } else {
                *d
            }
        })
        .collect()
}

fn positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| wanted(item))
        .map(|(i, _)| i)
        .collect()
}

/// The resources that anything asks for, the number of pods first, and what each node offers of them.
fn capacity(problem: &Problem) -> (Vec<&str>, Vec<i64>) {
    let asked = problem
        .workloads
        .iter()
        .flat_map(|w| w.spec.requests.keys())
        .map(String::as_str);
    let mut names: Vec<&str> = asked.filter(|name| *name != PODS).collect();
    names.sort_unstable();
    names.dedup();
    names.insert(0, PODS);
    let offer = |node: &scheduler::Node, name: &str| match &node.allocatable {
        Some(offers) => offers.get(name).map_or(0, |q| amount(name, *q)),
        None => PLENTY,
    };
    let capacity = problem
        .nodes
        .iter()
        .flat_map(|node| names.iter().map(move |name| offer(node, name)))
        .collect();
    (names, capacity)
}

fn needs(spec: &scheduler::PodSpec, names: &[&str]) -> Vec<(usize, i64)> {
    let need = |(r, name): (usize, &&str)| match spec.requests.get(*name) {
        _ if r == 0 => Some((0, 1)),
        Some(quantity) => Some((r, amount(name, *quantity))).filter(|(_, n)| *n > 0),
        None => None,
    };
    names.iter().enumerate().filter_map(need).collect()
}

fn amount(resource: &str, quantity: Quantity) -> i64 {
    i64::try_from(whole(resource, quantity))
        .unwrap_or(PLENTY)
        .clamp(-PLENTY, PLENTY)
}

fn allowed(problem: &Problem, spec: &scheduler::PodSpec, per_node: bool) -> Vec<bool> {
    let spec = if per_node {
        &spec.with_daemon_tolerations()
    } else {
        spec
    };
    problem
        .nodes
        .iter()
        .map(|node| scheduler::fixed(spec, node).is_empty())
        .collect()
}

fn port_conflicts(problem: &Problem, w: usize) -> Vec<usize> {
    let spec = &problem.workloads[w].spec;
    if spec.host_ports.is_empty() {
        return Vec::new();
    }
    positions(&problem.workloads, |other| {
        scheduler::ports_conflict(spec, &other.spec)
    })
}
