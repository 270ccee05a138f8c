//! State of an assignment and the room that it leaves: updated and queried in constant time per pod, node and term.

use super::domain::{DomainId, count_domains};
use super::index::ProblemIndex;

/// Pods that are alike and look for nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PodGroup {
    /// The workload.
    pub(super) workload: usize,
    /// The segment that the pods' own volumes are in; `None` if they are not bound yet.
    pub(super) within: Option<DomainId>,
    /// The one node that is possible (DaemonSet pods); `None` for all others.
    pub(super) only: Option<usize>,
    /// The number of pods.
    pub(super) pods: u32,
}

/// A pod of a workload on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodPlacement {
    /// The workload's position in the problem.
    pub workload: usize,
    /// The node's position in the problem.
    pub node: usize,
}

/// The pods on each node, with everything that the filters count.
#[derive(Clone)]
pub(super) struct PlacementState<'a> {
    pub(super) index: &'a ProblemIndex<'a>,
    /// The free capacity of each node: `node * resources + resource`.
    pub(super) free: Vec<i64>,
    /// The number of pods of each workload on each node: `node * workloads + workload`.
    pub(super) rows: Vec<u32>,
    /// Nodes that are lost.
    pub(super) down: Vec<bool>,
    anti_owners: Vec<Vec<u32>>,
    anti_targets: Vec<Vec<u32>>,
    groups: Vec<AffinityState>,
    pub(super) spreads: Vec<SpreadState>,
    claims: Vec<ClaimState>,
}

#[derive(Clone)]
struct AffinityState {
    /// Members in each domain, for each term.
    members: Vec<Vec<u32>>,
    /// Members that are not owners themselves, likewise.
    others: Vec<Vec<u32>>,
    /// Owners in each domain, likewise.
    owners: Vec<Vec<u32>>,
    /// Members in any domain of any term.
    total: u32,
}

/// The pods that a spread constraint counts.
#[derive(Clone)]
pub(super) struct SpreadState {
    /// Counted pods in each domain.
    pub(super) count: Vec<u32>,
    /// The owner's own pods in each domain.
    pub(super) own: Vec<u32>,
    /// Counted nodes in each domain; a domain without any does not exist.
    pub(super) nodes: Vec<u32>,
    /// The number of domains by their number of counted pods.
    levels: Vec<u32>,
    least: usize,
    pub(super) domains: u32,
}

#[derive(Clone, Copy)]
struct ClaimState {
    users: u32,
    /// The segment that the claim is in, or was in when its last pod went.
    at: Option<DomainId>,
    bound: bool,
}

impl<'a> PlacementState<'a> {
    /// Creates the state with no pod anywhere.
    pub(super) fn empty(index: &'a ProblemIndex<'a>) -> Self {
        let zeros = |column: &[Option<DomainId>]| vec![0; count_domains(column)];
        let group = |g: &super::terms::AffinityGroup| {
            let all: Vec<Vec<u32>> = g.domains.iter().map(|d| zeros(d)).collect();
            AffinityState {
                members: all.clone(),
                others: all.clone(),
                owners: all,
                total: 0,
            }
        };
        Self {
            index,
            free: index.capacity.clone(),
            rows: vec![0; index.nodes() * index.workloads()],
            down: vec![false; index.nodes()],
            anti_owners: index.anti.iter().map(|t| zeros(&t.domain)).collect(),
            anti_targets: index.anti.iter().map(|t| zeros(&t.domain)).collect(),
            groups: index.groups.iter().map(group).collect(),
            spreads: index.spreads.iter().map(SpreadState::new).collect(),
            claims: index
                .claims
                .iter()
                .map(|_| ClaimState {
                    users: 0,
                    at: None,
                    bound: false,
                })
                .collect(),
        }
    }

    /// Returns the number of the workload's pods on the node.
    pub(super) fn count(&self, w: usize, n: usize) -> u32 {
        self.rows[n * self.index.workloads() + w]
    }

    /// Returns all pods: workload and node.
    pub(super) fn running(&self) -> impl Iterator<Item = (usize, usize)> {
        let width = self.index.workloads();
        let each =
            move |(at, count): (usize, &u32)| (0..*count).map(move |_| (at % width, at / width));
        self.rows.iter().enumerate().flat_map(each)
    }

    /// Checks all filters: returns whether the scheduler would place a pod of the item on the node now.
    pub(super) fn check(&self, item: PodGroup, n: usize) -> bool {
        self.possible(item, n)
            && self.affinity_holds(item.workload, n)
            && self.spread_holds(item.workload, n)
    }

    /// Checks the filters that do not depend on the order of placement.
    pub(super) fn possible(&self, item: PodGroup, n: usize) -> bool {
        let (index, w) = (self.index, item.workload);
        index.allowed[w][n]
            && !self.down[n]
            && self.reaches(item, n)
            && self.fits(w, n)
            && index.ports[w]
                .iter()
                .all(|other| self.count(*other, n) == 0)
            && self.kept_apart(w, n)
            && self.claims_reachable(w, n)
    }

    /// Returns whether the item is not tied to other nodes.
    pub(super) fn reaches(&self, item: PodGroup, n: usize) -> bool {
        let segment = self.index.own_segment[item.workload].as_ref();
        item.only.is_none_or(|only| only == n)
            && (item.within.is_none() || segment.is_none_or(|s| s[n] == item.within))
    }

    /// Returns, for each shared claim, whether it is tied to another segment than the node's.
    pub(super) fn claims_tied_elsewhere(&self, n: usize) -> impl Iterator<Item = bool> {
        let tied = |c: &ClaimState| c.users > 0 || c.bound;
        self.claims
            .iter()
            .zip(&self.index.claims)
            .map(move |(state, claim)| tied(state) && state.at != claim.segment[n])
    }

    /// Returns whether the resources suffice.
    pub(super) fn fits(&self, w: usize, n: usize) -> bool {
        let at = n * self.index.resources;
        self.index.needs[w]
            .iter()
            .all(|(r, need)| self.free[at + r] >= *need)
    }

    /// Returns how many more pods of the item the node can take, looking at resources, ports and anti-affinity.
    pub(super) fn room(&self, item: PodGroup, n: usize) -> u32 {
        if !self.possible(item, n) {
            return 0;
        }
        let (index, w) = (self.index, item.workload);
        let alone = index.ports[w].contains(&w)
            || index.anti_owned[w]
                .iter()
                .any(|t| index.anti[*t].targets[w] && index.anti[*t].domain[n].is_some())
            || index.claims_of[w]
                .iter()
                .any(|c| index.claims[*c].exclusive);
        let at = n * index.resources;
        let fit = index.needs[w]
            .iter()
            .map(|(r, need)| self.free[at + r] / need)
            .min()
            .unwrap_or(i64::MAX);
        let most = if alone || item.only.is_some() {
            1
        } else {
            u32::MAX
        };
        u32::try_from(fit).unwrap_or(u32::MAX).min(most)
    }

    fn kept_apart(&self, w: usize, n: usize) -> bool {
        let index = self.index;
        let empty = |counts: &[Vec<u32>], t: usize| {
            index.anti[t].domain[n].is_none_or(|domain| counts[t][domain.index()] == 0)
        };
        index.anti_owned[w]
            .iter()
            .all(|t| empty(&self.anti_targets, *t))
            && index.anti_hit[w]
                .iter()
                .all(|t| empty(&self.anti_owners, *t))
    }

    fn claims_reachable(&self, w: usize, n: usize) -> bool {
        self.index.claims_of[w].iter().all(|c| {
            let (claim, state) = (&self.index.claims[*c], self.claims[*c]);
            let tied = state.users > 0 || state.bound;
            (!tied || claim.segment[n] == state.at) && !(claim.exclusive && state.users > 0)
        })
    }

    fn affinity_holds(&self, w: usize, n: usize) -> bool {
        let Some(g) = self.index.group_of[w] else {
            return true;
        };
        let (group, state) = (&self.index.groups[g], &self.groups[g]);
        let keys = group.domains.iter().all(|domain| domain[n].is_some());
        let with = || {
            group
                .domains
                .iter()
                .zip(&state.members)
                .all(|(domain, count)| domain[n].is_some_and(|domain| count[domain.index()] > 0))
        };
        keys && (with() || (state.total == 0 && group.members[w]))
    }

    /// Returns whether affinity can hold in the end, with members that are not placed yet (`awaited`): no more than one domain is opened by
    /// an owner itself.
    pub(super) fn affinity_possible(
        &self,
        w: usize,
        n: usize,
        awaited: impl Fn(usize) -> bool,
    ) -> bool {
        let Some(g) = self.index.group_of[w] else {
            return true;
        };
        let (group, state) = (&self.index.groups[g], &self.groups[g]);
        if group.domains.iter().any(|domain| domain[n].is_none()) {
            return false;
        }
        if (0..self.index.workloads()).any(|m| group.members[m] && !group.owners[m] && awaited(m)) {
            return true;
        }
        (0..group.domains.len()).all(|k| {
            let Some(here) = group.domains[k][n].map(DomainId::index) else {
                return false;
            };
            let bare = |d: usize| state.owners[k][d] > 0 && state.others[k][d] == 0;
            let opened = || (0..state.owners[k].len()).any(|d| d != here && bare(d));
            state.others[k][here] > 0 || (group.owners_are_members() && !opened())
        })
    }

    fn spread_holds(&self, w: usize, n: usize) -> bool {
        self.index.spread_of[w].iter().all(|s| {
            let (spread, state) = (&self.index.spreads[*s], &self.spreads[*s]);
            let domain = spread.domain[n];
            let own = u32::from(spread.counts[w]);
            if spread.node.is_some_and(|node| node != n) {
                return true;
            }
            domain.is_some_and(|domain| state.allows(state.count[domain.index()] + own, spread))
        })
    }

    /// Puts a pod on a node.
    pub(super) fn place(&mut self, w: usize, n: usize) {
        self.shift(w, n, true);
    }

    /// Takes a pod off a node.
    pub(super) fn remove(&mut self, w: usize, n: usize) {
        self.shift(w, n, false);
    }

    fn shift(&mut self, w: usize, n: usize, add: bool) {
        let index = self.index;
        let step = |count: &mut u32| {
            *count = if add {
                *count + 1
            } else {
                count.saturating_sub(1)
            }
        };
        step(&mut self.rows[n * index.workloads() + w]);
        for (r, need) in &index.needs[w] {
            self.free[n * index.resources + r] += if add { -need } else { *need };
        }
        for (terms, counts) in [
            (&index.anti_owned, &mut self.anti_owners),
            (&index.anti_hit, &mut self.anti_targets),
        ] {
            for t in &terms[w] {
                if let Some(domain) = index.anti[*t].domain[n] {
                    step(&mut counts[*t][domain.index()]);
                }
            }
        }
        self.shift_groups(w, n, step);
        for s in &index.counted_by[w] {
            self.spreads[*s].shift(&index.spreads[*s], n, add);
        }
        for s in &index.spread_of[w] {
            let spread = &index.spreads[*s];
            let is_counted = spread.counted[n] && spread.counts[w] && spread.node.is_none();
            if let Some(domain) = spread.domain[n].filter(|_| is_counted) {
                step(&mut self.spreads[*s].own[domain.index()]);
            }
        }
        for c in &index.claims_of[w] {
            let claim = &mut self.claims[*c];
            step(&mut claim.users);
            if add {
                claim.at = index.claims[*c].segment[n];
            }
        }
    }

    fn shift_groups(&mut self, w: usize, n: usize, step: impl Fn(&mut u32)) {
        let index = self.index;
        let mut bump =
            |g: usize, which: fn(&mut AffinityState) -> &mut Vec<Vec<u32>>, counted: bool| {
                for (k, domain) in index.groups[g].domains.iter().enumerate() {
                    if let Some(domain) = domain[n] {
                        step(&mut which(&mut self.groups[g])[k][domain.index()]);
                        if counted {
                            step(&mut self.groups[g].total);
                        }
                    }
                }
            };
        for g in &index.member_of[w] {
            bump(*g, |s| &mut s.members, true);
            if !index.groups[*g].owners[w] {
                bump(*g, |s| &mut s.others, false);
            }
        }
        if let Some(g) = index.group_of[w] {
            bump(g, |s| &mut s.owners, false);
        }
    }

    /// Ties shared claims to where they are now, so that they stay there when their pods go.
    pub(super) fn bind_claims(&mut self) {
        for claim in &mut self.claims {
            claim.bound = claim.users > 0;
        }
    }

    /// Takes over where shared claims are tied to.
    pub(super) fn copy_bindings(&mut self, other: &Self) {
        for (claim, from) in self.claims.iter_mut().zip(&other.claims) {
            *claim = ClaimState {
                users: 0,
                at: from.at,
                bound: from.bound,
            };
        }
    }

    /// Loses a node: its pods are gone and nothing can be placed on it. The Node object stays, with taints.
    pub(super) fn lose(&mut self, n: usize) {
        for w in 0..self.index.workloads() {
            for _ in 0..self.count(w, n) {
                self.remove(w, n);
            }
        }
        self.down[n] = true;
        for (spread, state) in self.index.spreads.iter().zip(&mut self.spreads) {
            let domain = spread.domain[n].filter(|_| spread.honors_taints && spread.counted[n]);
            if let Some(domain) = domain {
                state.drop_node(domain);
            }
        }
    }
}

impl super::terms::AffinityGroup {
    /// Returns whether an owner can be the first of the group.
    fn owners_are_members(&self) -> bool {
        self.owners
            .iter()
            .zip(&self.members)
            .any(|(owner, member)| *owner && *member)
    }
}

impl SpreadState {
    fn new(spread: &super::terms::SpreadRule) -> Self {
        let mut nodes = vec![0; count_domains(&spread.domain)];
        for (n, domain) in spread.domain.iter().enumerate() {
            if let Some(domain) = domain.filter(|_| spread.counted[n]) {
                nodes[domain.index()] += 1;
            }
        }
        let domains = u32::try_from(nodes.iter().filter(|n| **n > 0).count()).unwrap_or(u32::MAX);
        let zeros = vec![0; nodes.len()];
        Self {
            count: zeros.clone(),
            own: zeros,
            nodes,
            levels: vec![domains],
            least: 0,
            domains,
        }
    }

    /// Returns whether a domain may have so many pods.
    fn allows(&self, count: u32, spread: &super::terms::SpreadRule) -> bool {
        let least = if self.domains < spread.min_domains {
            0
        } else if self.domains == 0 {
            return true;
        } else {
            u32::try_from(self.least).unwrap_or(u32::MAX)
        };
        count.saturating_sub(least) <= spread.max_skew
    }

    fn shift(&mut self, spread: &super::terms::SpreadRule, n: usize, add: bool) {
        let Some(domain) = spread.domain[n].filter(|_| spread.counted[n]) else {
            return;
        };
        let domain = domain.index();
        let before = self.count[domain];
        let after = if add {
            before + 1
        } else {
            before.saturating_sub(1)
        };
        self.count[domain] = after;
        if self.nodes[domain] > 0 {
            self.level(before as usize, false);
            self.level(after as usize, true);
        }
    }

    fn level(&mut self, level: usize, add: bool) {
        if self.levels.len() <= level {
            self.levels.resize(level + 1, 0);
        }
        let domains = &mut self.levels[level];
        *domains = if add {
            *domains + 1
        } else {
            domains.saturating_sub(1)
        };
        self.least = self.least.min(level);
        while self.least + 1 < self.levels.len() && self.levels[self.least] == 0 {
            self.least += 1;
        }
    }

    /// Takes a node out of a domain. A domain without nodes does not exist.
    fn drop_node(&mut self, domain: DomainId) {
        let nodes = &mut self.nodes[domain.index()];
        *nodes = nodes.saturating_sub(1);
        if *nodes == 0 {
            self.domains = self.domains.saturating_sub(1);
            self.level(self.count[domain.index()] as usize, false);
        }
    }
}
