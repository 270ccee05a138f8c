//! Planned work: every node can be drained within the disruption budgets, and rolling updates can proceed.

use std::collections::BTreeMap;

use super::effort::SearchEffort;
use super::greedy::NodeChoice;
use super::index::ProblemIndex;
use super::minimal_core;
use super::problem::{BudgetLimit, DisruptionBudget, Workload};
use super::solve::{SolveOutcome, solve};
use super::state::{PlacementState, PodGroup};
use super::survival::reschedule_pod;
use crate::scheduler::FilterReason;

/// A disruption budget that keeps a node from being drained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedDrain {
    /// The budget, by its position in the problem.
    pub budget: usize,
    /// The workload, by its position in the problem.
    pub workload: usize,
    /// The node, by its position in the problem; `None`: every node.
    pub node: Option<usize>,
    /// The reason.
    pub why: DrainBlock,
}

/// Reason why a budget keeps a node from being drained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrainBlock {
    /// It never allows an eviction.
    NeverAllows {
        /// The number of pods that it protects.
        pods: u32,
    },
    /// Another budget protects the same pods; the API refuses evictions then.
    TwoBudgets {
        /// The other budget, by its position in the problem.
        other: usize,
    },
    /// It waits for evicted pods that no other node takes.
    NoPlace {
        /// The number of the node's pods that have no other place.
        pods: u32,
        /// The number of evictions that it allows at once.
        allowed: u32,
        /// The reasons that keep a pod away from each node.
        reasons: BTreeMap<usize, Vec<FilterReason>>,
    },
}

/// A rolling update that waits for a pod for which there is no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRollout {
    /// The workload, by its position in the problem.
    pub workload: usize,
    /// The reasons that keep the new pod away from each node.
    pub reasons: BTreeMap<usize, Vec<FilterReason>>,
}

/// Budgets that keep nodes from being drained. Whether evicted pods have another place is asked only where there are other nodes to
/// lose (`moving`).
pub(super) fn find_blocked_drains(witness: &PlacementState<'_>, moving: bool) -> Vec<BlockedDrain> {
    let problem = witness.index.problem;
    let mut blocked: Vec<BlockedDrain> = (0..problem.budgets.len())
        .filter_map(|b| find_strict_budget(witness, b))
        .chain(find_doubled_budgets(witness))
        .collect();
    if moving {
        let stuck: Vec<usize> = blocked.iter().map(|b| b.budget).collect();
        for n in 0..problem.nodes.len() {
            blocked.extend(
                drain_node(witness, n)
                    .into_iter()
                    .filter(|b| !stuck.contains(&b.budget)),
            );
        }
    }
    blocked
}

fn count_pods(witness: &PlacementState<'_>, w: usize) -> u32 {
    (0..witness.index.nodes())
        .map(|n| witness.count(w, n))
        .sum()
}

fn list_protected(witness: &PlacementState<'_>, budget: &DisruptionBudget) -> Vec<usize> {
    let workloads = &witness.index.problem.workloads;
    (0..workloads.len())
        .filter(|w| budget.protects(&workloads[*w].spec))
        .collect()
}

fn find_strict_budget(witness: &PlacementState<'_>, b: usize) -> Option<BlockedDrain> {
    let budget = &witness.index.problem.budgets[b];
    let workloads = list_protected(witness, budget);
    let pods: u32 = workloads.iter().map(|w| count_pods(witness, *w)).sum();
    let workload = *workloads.first()?;
    (pods > 0 && budget.limit != BudgetLimit::Moved && budget.allows(pods) == 0).then_some(
        BlockedDrain {
            budget: b,
            workload,
            node: None,
            why: DrainBlock::NeverAllows { pods },
        },
    )
}

fn find_doubled_budgets(witness: &PlacementState<'_>) -> Vec<BlockedDrain> {
    let problem = witness.index.problem;
    let of = |w: usize| -> Vec<usize> {
        (0..problem.budgets.len())
            .filter(|b| problem.budgets[*b].protects(&problem.workloads[w].spec))
            .collect()
    };
    let two = |w: usize| match of(w)[..] {
        [first, other, ..] => Some(BlockedDrain {
            budget: first,
            workload: w,
            node: None,
            why: DrainBlock::TwoBudgets { other },
        }),
        _ => None,
    };
    (0..problem.workloads.len())
        .filter(|w| count_pods(witness, *w) > 0)
        .filter_map(two)
        .collect()
}

/// Evicts the node's pods one after the other; those without another place stay missing.
fn drain_node(witness: &PlacementState<'_>, n: usize) -> Vec<BlockedDrain> {
    let index = witness.index;
    let problem = index.problem;
    let on_node = |w: &usize| witness.count(*w, n) > 0 && !problem.workloads[*w].per_node;
    let items: Vec<PodGroup> = (0..index.workloads())
        .filter(on_node)
        .map(|w| PodGroup {
            pods: witness.count(w, n),
            ..reschedule_pod(index, w, n)
        })
        .collect();
    if items.is_empty()
        || !problem.budgets.iter().any(|b| {
            items
                .iter()
                .any(|i| b.protects(&problem.workloads[i.workload].spec))
        })
    {
        return Vec::new();
    }
    let mut state = witness.clone();
    state.bind_claims();
    state.lose(n);
    let missing = place_and_count_missing(&mut state, &items);
    let blocks = |(b, budget): (usize, &DisruptionBudget)| {
        let ours = |(i, pods): &(PodGroup, u32)| {
            *pods > 0 && budget.protects(&problem.workloads[i.workload].spec)
        };
        let (item, _) = missing.iter().find(|m| ours(m))?;
        let pods: u32 = missing
            .iter()
            .filter(|m| ours(m))
            .map(|(_, pods)| pods)
            .sum();
        let expected = list_protected(witness, budget)
            .into_iter()
            .map(|w| count_pods(witness, w))
            .sum();
        let allowed = budget.allows(expected);
        let why = DrainBlock::NoPlace {
            pods,
            allowed,
            reasons: minimal_core::explain_rejections(&state, &[], *item),
        };
        (pods > allowed).then_some(BlockedDrain {
            budget: b,
            workload: item.workload,
            node: Some(n),
            why,
        })
    };
    problem
        .budgets
        .iter()
        .enumerate()
        .filter_map(blocks)
        .collect()
}

/// Places what can be placed; gives how many pods of each item cannot.
fn place_and_count_missing(
    state: &mut PlacementState<'_>,
    items: &[PodGroup],
) -> Vec<(PodGroup, u32)> {
    if let SolveOutcome::Placed(placed) = solve(
        state,
        items,
        NodeChoice::Spread,
        &mut SearchEffort::new(200_000),
    ) {
        for placement in placed {
            state.place(placement.workload, placement.node);
        }
        return Vec::new();
    }
    let mut missing = Vec::new();
    for i in super::greedy::order_hardest_first(state, items) {
        let item = items[i];
        let mut left = item.pods;
        while left > 0 {
            let Some(node) = super::greedy::choose_node(state, item, NodeChoice::Spread) else {
                break;
            };
            state.place(item.workload, node);
            left -= 1;
        }
        missing.push((item, left));
    }
    missing
}

/// Rolling updates that must add a pod before they take one away, and have no place for it. The pod that is added is of the next
/// revision, which has a workload of its own here.
pub(super) fn find_blocked_rollouts(witness: &PlacementState<'_>) -> Vec<BlockedRollout> {
    let now = witness.index.problem;
    let waits = |w: &usize| {
        let workload = &now.workloads[*w];
        workload.rollout.is_some_and(|r| r.unavailable == 0)
            && workload.pods > 0
            && !workload.per_node
    };
    let waiting: Vec<usize> = (0..now.workloads.len()).filter(waits).collect();
    if waiting.is_empty() {
        return Vec::new();
    }
    let mut problem = now.clone();
    problem.workloads.extend(waiting.iter().map(|w| Workload {
        spec: now.workloads[*w].spec.of_next_revision(),
        pods: 0,
        ..now.workloads[*w].clone()
    }));
    let index = ProblemIndex::new(&problem);
    let mut state = PlacementState::empty(&index);
    for (w, n) in witness.running() {
        state.place(w, n);
    }
    let blocked = |(position, w): (usize, &usize)| {
        let extra = PodGroup {
            workload: now.workloads.len() + position,
            within: None,
            only: None,
            pods: 1,
        };
        let placed = super::greedy::choose_node(&state, extra, NodeChoice::Spread).is_some();
        (!placed).then(|| BlockedRollout {
            workload: *w,
            reasons: minimal_core::explain_rejections(&state, &[], extra),
        })
    };
    waiting.iter().enumerate().filter_map(blocked).collect()
}
