//! Searches an order in which every pod of an assignment passes all filters when it is placed.
//!
//! Only affinity and spread depend on the order; everything else holds or not whatever the order. So the pods that these look at are
//! ordered by a search, and all others go first.

use std::collections::{BTreeMap, BTreeSet};

use super::effort::SearchEffort;
use super::index::ProblemIndex;
use super::state::{PlacementState, PodGroup, PodPlacement};

/// Returns an order for the pods, none if there is none or the effort was not enough.
pub(super) fn find_order(
    base: &PlacementState<'_>,
    pods: &[PodPlacement],
    effort: &mut SearchEffort,
) -> Option<Vec<PodPlacement>> {
    let mut state = base.clone();
    let (watched, free): (Vec<PodPlacement>, Vec<PodPlacement>) = pods
        .iter()
        .copied()
        .partition(|p| depends_on_order(base.index, p.workload));
    for placement in &free {
        state.place(placement.workload, placement.node);
    }
    let mut left: BTreeMap<PodPlacement, u32> = BTreeMap::new();
    for placement in &watched {
        *left.entry(*placement).or_default() += 1;
    }
    let mut order = free;
    let mut search = OrderSearch {
        state,
        left,
        dead: BTreeSet::new(),
        effort,
    };
    search.run(watched.len(), &mut order).then_some(order)
}

/// Returns whether affinity or spread look at the workload's pods.
pub(super) fn depends_on_order(index: &ProblemIndex<'_>, w: usize) -> bool {
    let asks = index.group_of[w].is_some() || !index.spread_of[w].is_empty();
    asks || !index.member_of[w].is_empty() || !index.counted_by[w].is_empty()
}

struct OrderSearch<'a, 'e> {
    state: PlacementState<'a>,
    left: BTreeMap<PodPlacement, u32>,
    /// The remaining pods of situations in which no order was found.
    dead: BTreeSet<Vec<u32>>,
    effort: &'e mut SearchEffort,
}

impl OrderSearch<'_, '_> {
    /// Depth first, without recursion: `tries` holds, for each pod placed, what else could have been placed then.
    fn run(&mut self, pods: usize, order: &mut Vec<PodPlacement>) -> bool {
        let first = order.len();
        let mut tries: Vec<Vec<PodPlacement>> = vec![self.candidates()];
        while order.len() - first < pods {
            let Some(next) = tries.last_mut().and_then(Vec::pop) else {
                self.dead.insert(self.left.values().copied().collect());
                tries.pop();
                if tries.is_empty() || self.effort.exhausted() {
                    return false;
                }
                if let Some(last) = order.pop() {
                    self.state.remove(last.workload, last.node);
                    *self.left.entry(last).or_default() += 1;
                }
                continue;
            };
            self.state.place(next.workload, next.node);
            self.left.entry(next).and_modify(|n| *n -= 1);
            order.push(next);
            let dead = self
                .dead
                .contains(&self.left.values().copied().collect::<Vec<_>>());
            tries.push(if dead { Vec::new() } else { self.candidates() });
        }
        true
    }

    /// Returns the pods that could be placed now, the best last: those whose domains are emptiest.
    fn candidates(&mut self) -> Vec<PodPlacement> {
        self.effort.spend(self.left.len() + 1);
        if self.effort.exhausted() {
            return Vec::new();
        }
        let passes = |p: &PodPlacement| {
            self.state.check(
                PodGroup {
                    workload: p.workload,
                    within: None,
                    only: None,
                    pods: 1,
                },
                p.node,
            )
        };
        let mut possible: Vec<PodPlacement> = self
            .left
            .iter()
            .filter(|(p, n)| **n > 0 && passes(p))
            .map(|(p, _)| *p)
            .collect();
        possible.sort_by_cached_key(|p| std::cmp::Reverse((self.fullness(*p), *p)));
        possible
    }

    /// Pods that raise nobody's emptiest domain go last.
    fn fullness(&self, p: PodPlacement) -> u32 {
        let counted = self.state.index.counted_by[p.workload].iter();
        let count = |s: &usize| {
            let domain = self.state.index.spreads[*s].domain[p.node]?;
            Some(self.state.spreads[*s].count[domain.index()])
        };
        counted.filter_map(count).max().unwrap_or(0)
    }
}

/// Returns whether no order can exist because a domain has too many pods of a constraint's owner.
pub(super) fn is_skewed(state: &PlacementState<'_>, awaited: impl Fn(usize) -> u64) -> bool {
    state
        .index
        .spreads
        .iter()
        .zip(&state.spreads)
        .any(|(spread, now)| {
            let top = now
                .own
                .iter()
                .zip(&now.nodes)
                .filter(|(_, nodes)| **nodes > 0)
                .map(|(own, _)| *own)
                .max()
                .unwrap_or(0);
            let least = top.saturating_sub(spread.max_skew);
            if least == 0 || now.domains == 0 {
                return false;
            }
            if now.domains < spread.min_domains {
                return true;
            }
            let missing = |(count, nodes): (&u32, &u32)| {
                if *nodes > 0 {
                    u64::from(least.saturating_sub(*count))
                } else {
                    0
                }
            };
            let needed: u64 = now.count.iter().zip(&now.nodes).map(missing).sum();
            let coming = || {
                (0..spread.counts.len())
                    .filter(|w| spread.counts[*w])
                    .map(&awaited)
                    .sum::<u64>()
            };
            needed > 0 && needed > coming()
        })
}
