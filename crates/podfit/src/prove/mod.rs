//! Proves that every pod has a node, and that the site survives what it promises to survive; or says why not.
//!
//! Comes in: a [`PlacementProblem`], nodes and workloads. Goes out: a [`Proof`]: an assignment in an order in which kube-scheduler could make it
//! (the *witness*), or a small set of pods that cannot all have a node (the *core*), or, after a bounded number of steps, neither. For
//! each loss of nodes, what becomes of each workload; budgets that block drains; rolling updates that cannot proceed.
//!
//! The answer depends on the problem only: no clock, no randomness, no threads.

mod bounds;
#[cfg(test)]
mod brute_force;
mod disruption;
mod domain;
mod effort;
mod greedy;
mod index;
mod losses;
mod minimal_core;
mod orders;
mod problem;
mod score;
mod search;
mod sequence;
mod solve;
mod state;
mod survival;
mod terms;
#[cfg(test)]
mod tests;

pub use disruption::{BlockedDrain, BlockedRollout, DrainBlock};
pub use losses::NodeLoss;
pub use minimal_core::UnplaceableCore;
pub use orders::OrderRisk;
pub use problem::{
    BudgetLimit, DisruptionBudget, MachineState, PlacementProblem, PodShare, Recovery, Redundancy,
    RollingUpdate, Workload,
};
pub use state::PodPlacement;
pub use survival::{LossFailure, LossReport, WorkloadFate};

use effort::SearchEffort;
use greedy::NodeChoice;
use index::ProblemIndex;
use solve::{SolveOutcome, solve};
use state::{PlacementState, PodGroup};

/// Steps that a search for an assignment may take before the answer is "not proved". A step is one pod tried on one node.
pub const STEPS: u64 = 5_000_000;
/// The same, for each loss.
const STEPS_PER_LOSS: u64 = 500_000;

/// The answer to whether every pod has a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofOutcome {
    /// Every pod has a node: this assignment, made in this order, satisfies all filters.
    Proved(Vec<PodPlacement>),
    /// Some pods cannot all have a node.
    Impossible(UnplaceableCore),
    /// Neither was found after so many steps.
    NotProved {
        /// The number of steps.
        steps: u64,
    },
}

/// Everything that is proved about a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The answer to whether every pod has a node.
    pub outcome: ProofOutcome,
    /// The effect of each loss; empty unless every pod has a node to begin with.
    pub losses: Vec<LossReport>,
    /// The effect of the present absence of nodes, as a loss; `None` where all are there. Everything else is proved as if they were back.
    pub away: Option<LossReport>,
    /// An order in which some pod is left, where one was found among those that were played.
    pub order: Option<OrderRisk>,
    /// True if there were too many possible losses to look at each.
    pub too_many_losses: bool,
    /// Budgets that keep nodes from being drained.
    pub drains: Vec<BlockedDrain>,
    /// Rolling updates that cannot proceed.
    pub rollouts: Vec<BlockedRollout>,
}

/// Proves what can be proved about the problem.
pub fn prove(problem: &PlacementProblem) -> Proof {
    prove_within(problem, STEPS)
}

/// Proves what can be proved about the problem in a number of steps.
pub fn prove_within(problem: &PlacementProblem, steps: u64) -> Proof {
    let index = ProblemIndex::new(problem);
    let empty = PlacementState::empty(&index);
    let items = list_pod_groups(&index);
    let mut effort = SearchEffort::new(steps);
    let outcome = match solve(&empty, &items, NodeChoice::Spread, &mut effort) {
        SolveOutcome::Placed(order) => ProofOutcome::Proved(order),
        SolveOutcome::Impossible(hint) => {
            ProofOutcome::Impossible(minimal_core::find_minimal_core(&empty, &items, &hint))
        }
        SolveOutcome::Unknown => ProofOutcome::NotProved {
            steps: effort.spent(),
        },
    };
    let mut proof = Proof {
        outcome,
        losses: Vec::new(),
        away: None,
        order: None,
        too_many_losses: false,
        drains: Vec::new(),
        rollouts: Vec::new(),
    };
    if let ProofOutcome::Proved(order) = &proof.outcome {
        proof.order = orders::find_order_risk(&empty, &items);
        let witness = replay_placements(&empty, order);
        proof.away = losses::find_nodes_away(&index)
            .map(|away| survival::assess_loss(&witness, &away, STEPS_PER_LOSS));
        let losses = losses::list_losses(&index);
        proof.too_many_losses = losses.is_none();
        proof.losses = losses
            .unwrap_or_default()
            .iter()
            .map(|l| survival::assess_loss(&witness, l, STEPS_PER_LOSS))
            .collect();
        let moving = problem.lost_nodes > 0 || problem.lost_zones > 0;
        proof.drains = disruption::find_blocked_drains(&witness, moving);
        proof.rollouts = disruption::find_blocked_rollouts(&witness);
    }
    proof
}

/// Returns the nodes on which a pod of each workload may run as far as the node itself is concerned, by their positions in the problem.
pub fn find_eligible_nodes(problem: &PlacementProblem) -> Vec<Vec<usize>> {
    let index = ProblemIndex::new(problem);
    index
        .allowed
        .iter()
        .map(|of| (0..of.len()).filter(|n| of[*n]).collect())
        .collect()
}

/// Counts how many more pods of each workload would fit beside those placed, after a loss where one is named. Stops at `most`.
pub fn count_margins(
    problem: &PlacementProblem,
    placed: &[PodPlacement],
    cases: &[(usize, Option<&LossReport>)],
    most: u32,
) -> Vec<u32> {
    let index = ProblemIndex::new(problem);
    let mut now = replay_placements(&PlacementState::empty(&index), placed);
    now.bind_claims();
    cases
        .iter()
        .map(|(workload, loss)| {
            let mut state = now.clone();
            for n in loss.iter().flat_map(|l| &l.loss.nodes) {
                state.lose(*n);
            }
            for moved in loss.iter().flat_map(|l| &l.moved) {
                state.place(moved.workload, moved.node);
            }
            count_room(&mut state, *workload, most)
        })
        .collect()
}

fn count_room(state: &mut PlacementState<'_>, workload: usize, most: u32) -> u32 {
    let extra = PodGroup {
        workload,
        within: None,
        only: None,
        pods: 1,
    };
    let mut more = 0;
    while more < most {
        let Some(node) = greedy::choose_node(state, extra, NodeChoice::Spread) else {
            break;
        };
        state.place(workload, node);
        more += 1;
    }
    more
}

fn replay_placements<'a>(empty: &PlacementState<'a>, order: &[PodPlacement]) -> PlacementState<'a> {
    let mut state = empty.clone();
    for placement in order {
        state.place(placement.workload, placement.node);
    }
    state
}

/// Returns all pods; those of a DaemonSet one by one, each for its node.
fn list_pod_groups(index: &ProblemIndex<'_>) -> Vec<PodGroup> {
    let of = |w: usize| -> Vec<PodGroup> {
        let workload = &index.problem.workloads[w];
        if !workload.per_node {
            return vec![PodGroup {
                workload: w,
                within: None,
                only: None,
                pods: workload.pods,
            }];
        }
        let eligible = index.problem.nodes.iter().enumerate();
        eligible
            .filter(|(_, node)| crate::scheduler::daemon_runs_on(&workload.spec, node))
            .map(|(n, _)| PodGroup {
                workload: w,
                within: None,
                only: Some(n),
                pods: 1,
            })
            .collect()
    };
    (0..index.workloads()).flat_map(of).collect()
}
