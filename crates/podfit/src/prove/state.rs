//! Which pods are where, and what that leaves: updated and asked in constant time per pod, node and term.

use super::index::{Index, NONE};

/// Pods that are alike and look for nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// The workload.
    pub(super) workload: usize,
    /// The segment that the pods' own volumes are in; `NONE` if they are not bound yet.
    pub(super) within: u32,
    /// The one node that is possible (DaemonSet pods); `NONE` for all others.
    pub(super) only: u32,
    /// How many pods.
    pub(super) pods: u32,
}

/// A pod of a workload on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placement {
    /// The workload's position in the problem.
    pub workload: usize,
    /// The node's position in the problem.
    pub node: usize,
}

/// Which pods are where.
#[derive(Clone)]
pub(super) struct State<'a> {
    pub(super) index: &'a Index<'a>,
    /// What is left: `node * resources + resource`.
    pub(super) free: Vec<i64>,
    /// How many pods of each workload: `node * workloads + workload`.
    pub(super) rows: Vec<u32>,
    /// Nodes that are lost.
    pub(super) down: Vec<bool>,
    anti_owners: Vec<Vec<u32>>,
    anti_targets: Vec<Vec<u32>>,
    groups: Vec<GroupState>,
    pub(super) spreads: Vec<SpreadState>,
    claims: Vec<ClaimState>,
}

#[derive(Clone)]
struct GroupState {
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
    /// How many domains have so many pods.
    levels: Vec<u32>,
    least: usize,
    pub(super) domains: u32,
}

#[derive(Clone, Copy)]
struct ClaimState {
    users: u32,
    at: u32,
    bound: bool,
}

impl<'a> State<'a> {
    /// No pod anywhere.
    pub(super) fn empty(index: &'a Index<'a>) -> Self {
        let zeros = |column: &[u32]| vec![0; size(column)];
        let group = |g: &super::terms::AffinityGroup| {
            let all: Vec<Vec<u32>> = g.domains.iter().map(|d| zeros(d)).collect();
            GroupState {
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
                    at: NONE,
                    bound: false,
                })
                .collect(),
        }
    }

    /// How many pods of the workload are on the node.
    pub(super) fn count(&self, w: usize, n: usize) -> u32 {
        self.rows[n * self.index.workloads() + w]
    }

    /// All pods: workload and node.
    pub(super) fn running(&self) -> impl Iterator<Item = (usize, usize)> {
        let width = self.index.workloads();
        let each =
            move |(at, count): (usize, &u32)| (0..*count).map(move |_| (at % width, at / width));
        self.rows.iter().enumerate().flat_map(each)
    }

    /// Whether the scheduler would place a pod of the item on the node now: all filters.
    pub(super) fn check(&self, item: Item, n: usize) -> bool {
        self.possible(item, n)
            && self.affinity_holds(item.workload, n)
            && self.spread_holds(item.workload, n)
    }

    /// Whether nothing forbids the pod on the node, whatever comes later: the filters that do not depend on the order of placement.
    pub(super) fn possible(&self, item: Item, n: usize) -> bool {
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

    /// Whether the item is not tied to other nodes.
    pub(super) fn reaches(&self, item: Item, n: usize) -> bool {
        let segment = self.index.own_segment[item.workload].as_ref();
        (item.only == NONE || item.only as usize == n)
            && (item.within == NONE || segment.is_none_or(|s| s[n] == item.within))
    }

    /// For each shared claim, whether it is tied to another segment than the node's.
    pub(super) fn claims_reaching(&self, n: usize) -> impl Iterator<Item = bool> {
        let tied = |c: &ClaimState| c.users > 0 || c.bound;
        self.claims
            .iter()
            .zip(&self.index.claims)
            .map(move |(state, claim)| tied(state) && state.at != claim.segment[n])
    }

    /// Whether the resources suffice.
    pub(super) fn fits(&self, w: usize, n: usize) -> bool {
        let at = n * self.index.resources;
        self.index.needs[w]
            .iter()
            .all(|(r, need)| self.free[at + r] >= *need)
    }

    /// How many more pods of the item the node can take, looking at resources, ports and anti-affinity.
    pub(super) fn room(&self, item: Item, n: usize) -> u32 {
        if !self.possible(item, n) {
            return 0;
        }
        let (index, w) = (self.index, item.workload);
        let alone = index.ports[w].contains(&w)
            || index.anti_owned[w]
                .iter()
                .any(|t| index.anti[*t].targets[w] && index.anti[*t].domain[n] != NONE)
            || index.claims_of[w]
                .iter()
                .any(|c| index.claims[*c].exclusive);
        let at = n * index.resources;
        let fit = index.needs[w]
            .iter()
            .map(|(r, need)| self.free[at + r] / need)
            .min()
            .unwrap_or(i64::MAX);
        let most = if alone || item.only != NONE {
            1
        } else {
            u32::MAX
        };
        u32::try_from(fit).unwrap_or(u32::MAX).min(most)
    }

    fn kept_apart(&self, w: usize, n: usize) -> bool {
        let index = self.index;
        let empty = |counts: &[Vec<u32>], t: usize| match index.anti[t].domain[n] {
            NONE => true,
            domain => counts[t][domain as usize] == 0,
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
        let keys = group.domains.iter().all(|domain| domain[n] != NONE);
        let with = || {
            group
                .domains
                .iter()
                .zip(&state.members)
                .all(|(domain, count)| count[domain[n] as usize] > 0)
        };
        keys && (with() || (state.total == 0 && group.members[w]))
    }

    /// Whether affinity can hold in the end, with members that are not placed yet (`awaited`): no more than one domain is opened by
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
        if group.domains.iter().any(|domain| domain[n] == NONE) {
            return false;
        }
        if (0..self.index.workloads()).any(|m| group.members[m] && !group.owners[m] && awaited(m)) {
            return true;
        }
        (0..group.domains.len()).all(|k| {
            let here = group.domains[k][n] as usize;
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
            if spread.node != NONE && spread.node as usize != n {
                return true;
            }
            domain != NONE && state.allows(state.count[domain as usize] + own, spread)
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
                if let Some(count) = counts[*t].get_mut(index.anti[*t].domain[n] as usize) {
                    step(count);
                }
            }
        }
        self.shift_groups(w, n, step);
        for s in &index.counted_by[w] {
            self.spreads[*s].shift(&index.spreads[*s], n, add);
        }
        for s in &index.spread_of[w] {
            let spread = &index.spreads[*s];
            let own = self.spreads[*s].own.get_mut(spread.domain[n] as usize);
            if let Some(own) =
                own.filter(|_| spread.counted[n] && spread.counts[w] && spread.node == NONE)
            {
                step(own);
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
            |g: usize, which: fn(&mut GroupState) -> &mut Vec<Vec<u32>>, counted: bool| {
                for (k, domain) in index.groups[g].domains.iter().enumerate() {
                    if let Some(count) = which(&mut self.groups[g])[k].get_mut(domain[n] as usize) {
                        step(count);
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
            if spread.honors_taints && spread.counted[n] {
                state.drop_node(spread.domain[n]);
            }
        }
    }
}

impl super::terms::AffinityGroup {
    /// Whether an owner can be the first of the group.
    fn owners_are_members(&self) -> bool {
        self.owners
            .iter()
            .zip(&self.members)
            .any(|(owner, member)| *owner && *member)
    }
}

impl SpreadState {
    fn new(spread: &super::terms::Spread) -> Self {
        let mut nodes = vec![0; size(&spread.domain)];
        for (n, domain) in spread.domain.iter().enumerate() {
            if spread.counted[n] && *domain != NONE {
                nodes[*domain as usize] += 1;
            }
        }
        let domains = u32::try_from(nodes.iter().filter(|n| **n > 0).count()).unwrap_or(NONE);
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

    /// Whether a domain may have so many pods.
    fn allows(&self, count: u32, spread: &super::terms::Spread) -> bool {
        let least = if self.domains < spread.min_domains {
            0
        } else if self.domains == 0 {
            return true;
        } else {
            u32::try_from(self.least).unwrap_or(NONE)
        };
        count.saturating_sub(least) <= spread.max_skew
    }

    fn shift(&mut self, spread: &super::terms::Spread, n: usize, add: bool) {
        let domain = spread.domain[n];
        if domain == NONE || !spread.counted[n] {
            return;
        }
        let before = self.count[domain as usize];
        let after = if add {
            before + 1
        } else {
            before.saturating_sub(1)
        };
        self.count[domain as usize] = after;
        if self.nodes[domain as usize] > 0 {
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

    fn drop_node(&mut self, domain: u32) {
        let Some(nodes) = self.nodes.get_mut(domain as usize) else {
            return;
        };
        *nodes = nodes.saturating_sub(1);
        if *nodes == 0 {
            self.domains = self.domains.saturating_sub(1);
            self.level(self.count[domain as usize] as usize, false);
        }
    }
}

/// How many domains a column names.
fn size(column: &[u32]) -> usize {
    column
        .iter()
        .filter(|d| **d != NONE)
        .max()
        .map_or(0, |d| *d as usize + 1)
}
