//! Explains unplaceable pods: a minimal set that cannot be placed, and for each node the reasons that reject the last of them.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::effort::SearchEffort;
use super::greedy::{self, NodeChoice};
use super::solve::{SolveOutcome, is_short, solve};
use super::state::{PlacementState, PodGroup, PodPlacement};
use crate::scheduler::{self, ClusterState, FilterReason, PlacedPod, PodCandidate};

/// Pods that cannot all have a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnplaceableCore {
    /// The workloads, by their position in the problem, and how many of their pods already cannot be placed together.
    pub pods: Vec<(usize, u32)>,
    /// The workload of the pod that is left when the others are placed.
    pub unplaced: usize,
    /// The reasons that keep that pod away from each node, by the node's position in the problem, without lost nodes.
    pub reasons: BTreeMap<usize, Vec<FilterReason>>,
}

/// Work that one attempt to do without some pods may take.
const ATTEMPT: u64 = 200_000;

/// Work that all attempts together may take, beside counting. What is left when it is used up is shown as it is.
const ATTEMPTS: u64 = 50_000_000;

/// Attempts to place pods, with a bound on all of them together.
struct CoreAttempts<'a, 'p> {
    base: &'a PlacementState<'p>,
    effort: Cell<SearchEffort>,
}

impl CoreAttempts<'_, '_> {
    /// Places the items, where that is not too much work. There may be any number of pods.
    fn solve(&self, items: &[PodGroup]) -> SolveOutcome {
        let pods: usize = items
            .iter()
            .map(|item| item.pods as usize)
            .fold(0, usize::saturating_add);
        let work = pods.saturating_mul(self.base.index.nodes());
        let mut effort = self.effort.get();
        if !effort.allows(work) {
            return if is_short(self.base, items) {
                SolveOutcome::Impossible(Vec::new())
            } else {
                SolveOutcome::Unknown
            };
        }
        let mut attempt = SearchEffort::new(ATTEMPT);
        let solved = solve(self.base, items, NodeChoice::Spread, &mut attempt);
        effort.spend(work.saturating_add(usize::try_from(attempt.spent()).unwrap_or(usize::MAX)));
        self.effort.set(effort);
        solved
    }
}

/// Reduces items that cannot be placed to as few as possible of which the same is shown. `hint` are items that already cannot.
pub(super) fn find_minimal_core(
    base: &PlacementState<'_>,
    items: &[PodGroup],
    hint: &[usize],
) -> UnplaceableCore {
    let attempts = CoreAttempts {
        base,
        effort: Cell::new(SearchEffort::new(ATTEMPTS)),
    };
    let impossible = |pods: &[u32]| {
        let some: Vec<PodGroup> = items
            .iter()
            .zip(pods)
            .map(|(item, pods)| PodGroup {
                pods: *pods,
                ..*item
            })
            .collect();
        matches!(attempts.solve(&some), SolveOutcome::Impossible(_))
    };
    let all: Vec<u32> = items.iter().map(|i| i.pods).collect();
    let mut pods: Vec<u32> = all
        .iter()
        .enumerate()
        .map(|(i, n)| if hint.contains(&i) { *n } else { 0 })
        .collect();
    if !impossible(&pods) {
        pods = all;
    }
    let mut softest = greedy::order_hardest_first(base, items);
    softest.reverse();
    drop_groups(base, items, &softest, &mut pods, &impossible);
    for i in softest {
        minimize_pods(&mut pods, i, &impossible);
    }
    explain_core(&attempts, items, &pods)
}

/// Leaves out items, in large blocks first, as long as the rest cannot be placed.
fn drop_groups(
    base: &PlacementState<'_>,
    items: &[PodGroup],
    softest: &[usize],
    pods: &mut Vec<u32>,
    impossible: &dyn Fn(&[u32]) -> bool,
) {
    let softest: Vec<usize> = softest.iter().copied().filter(|i| pods[*i] > 0).collect();
    let mut block = softest.len().div_ceil(2);
    while block > 0 {
        for chunk in softest.chunks(block) {
            let mut fewer = pods.clone();
            for i in chunk {
                fewer[*i] = 0;
            }
            if fewer != *pods && !orphans_pods(base, items, &fewer, chunk) && impossible(&fewer) {
                *pods = fewer;
            }
        }
        block = if block == 1 { 0 } else { block.div_ceil(2) };
    }
}

/// Returns whether pods that stay need one of those that would go: to be with it, or because it counts for their spread. To leave it out
/// would make another problem, not a smaller one.
fn orphans_pods(
    base: &PlacementState<'_>,
    items: &[PodGroup],
    pods: &[u32],
    gone: &[usize],
) -> bool {
    let index = base.index;
    let stays = |w: usize| {
        items
            .iter()
            .zip(pods)
            .any(|(item, n)| item.workload == w && *n > 0)
    };
    gone.iter()
        .map(|i| items[*i].workload)
        .filter(|w| !stays(*w))
        .any(|w| {
            let needed = index.member_of[w]
                .iter()
                .any(|g| (0..index.workloads()).any(|o| index.groups[*g].owners[o] && stays(o)));
            needed
                || index.counted_by[w]
                    .iter()
                    .any(|s| stays(index.spreads[*s].owner))
        })
}

/// Finds the fewest pods of an item with which the set still cannot be placed.
fn minimize_pods(pods: &mut [u32], i: usize, impossible: &dyn Fn(&[u32]) -> bool) {
    let (mut low, mut high) = (0, pods[i]);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        pods[i] = middle;
        if impossible(pods) {
            high = middle;
        } else {
            low = middle;
        }
    }
    pods[i] = high;
}

/// Places all but one pod, and asks each node why it does not take that one.
fn explain_core(
    attempts: &CoreAttempts<'_, '_>,
    items: &[PodGroup],
    pods: &[u32],
) -> UnplaceableCore {
    let mut left: Vec<usize> = (0..items.len()).filter(|i| pods[*i] > 0).collect();
    left.sort_by_key(|i| (items[*i].only.is_some(), std::cmp::Reverse(pods[*i])));
    let without = |i: usize| {
        let some: Vec<PodGroup> = (0..items.len())
            .map(|other| PodGroup {
                pods: pods[other] - u32::from(other == i),
                ..items[other]
            })
            .collect();
        match attempts.solve(&some) {
            SolveOutcome::Placed(placed) => Some((i, placed)),
            SolveOutcome::Impossible(_) | SolveOutcome::Unknown => None,
        }
    };
    let (last, placed) = left
        .iter()
        .find_map(|i| without(*i))
        .unwrap_or((left.first().copied().unwrap_or(0), Vec::new()));
    let mut by_workload: BTreeMap<usize, u32> = BTreeMap::new();
    for i in &left {
        *by_workload.entry(items[*i].workload).or_default() += pods[*i];
    }
    let reasons = items
        .get(last)
        .map(|item| explain_rejections(attempts.base, &placed, *item))
        .unwrap_or_default();
    UnplaceableCore {
        pods: by_workload.into_iter().collect(),
        unplaced: items.get(last).map_or(0, |i| i.workload),
        reasons,
    }
}

/// Returns the reasons why each node rejects a pod of the item, with what is placed already and `more`. Nodes that would take it have no entry.
pub(super) fn explain_rejections(
    base: &PlacementState<'_>,
    more: &[PodPlacement],
    item: PodGroup,
) -> BTreeMap<usize, Vec<FilterReason>> {
    let index = base.index;
    let problem = index.problem;
    let mut placed: Vec<PlacedPod<'_>> = Vec::new();
    for (at, count) in base
        .rows
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let (node, w) = (at / index.workloads(), at % index.workloads());
        placed.extend((0..*count).map(|_| PlacedPod {
            spec: &problem.workloads[w].spec,
            node,
        }));
    }
    placed.extend(more.iter().map(|p| PlacedPod {
        spec: &problem.workloads[p.workload].spec,
        node: p.node,
    }));
    let workload = &problem.workloads[item.workload];
    let spec = if workload.per_node {
        workload.spec.with_daemon_tolerations()
    } else {
        workload.spec.clone()
    };
    let home = index.own_segment[item.workload]
        .as_ref()
        .filter(|_| item.within.is_some())
        .and_then(|segment| segment.iter().position(|s| *s == item.within));
    let cluster = ClusterState {
        nodes: &problem.nodes,
        namespaces: &problem.namespaces,
        placed,
    };
    let nodes =
        (0..index.nodes()).filter(|n| !base.down[*n] && item.only.is_none_or(|only| only == *n));
    nodes
        .map(|n| {
            (
                n,
                scheduler::find_reasons(&cluster, PodCandidate { spec: &spec, home }, n),
            )
        })
        .filter(|(_, reasons)| !reasons.is_empty())
        .collect()
}
