//! Proves that every pod has a node, and that the site survives what it promises to survive; or says why not.
//!
//! Comes in: a [`Problem`], nodes and workloads. Goes out: a [`Proof`]: an assignment in an order in which kube-scheduler could make it
//! (the *witness*), or a small set of pods that cannot all have a node (the *core*), or, after a bounded number of steps, neither. For
//! each loss of nodes, what becomes of each workload; budgets that block drains; rolling updates that cannot proceed.
//!
//! The answer depends on the problem only: no clock, no randomness, no threads.

mod bounds;
#[cfg(test)]
mod brute_force;
mod core;
mod disruption;
mod effort;
mod greedy;
mod index;
mod problem;
mod search;
mod sequence;
mod solve;
mod state;
mod survival;
mod terms;
#[cfg(test)]
mod tests;

pub use self::core::Core;
pub use disruption::{BlockedDrain, BlockedRollout, DrainBlock};
pub use problem::{
    Budget, BudgetLimit, Machine, Problem, Recovery, Redundancy, Rollout, Share, Workload,
};
pub use state::Placement;
pub use survival::{Failure, Fate, Loss, LossReport};

use effort::Effort;
use greedy::Choice;
use index::{Index, NONE};
use solve::{Solved, solve};
use state::{Item, State};

/// Steps that a search for an assignment may take before the answer is "not proved". A step is one pod tried on one node.
pub const STEPS: u64 = 5_000_000;
/// The same, for each loss.
const STEPS_PER_LOSS: u64 = 500_000;

/// Whether every pod has a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every pod has a node: this assignment, made in this order, satisfies all filters.
    Proved(Vec<Placement>),
    /// Some pods cannot all have a node.
    Impossible(Core),
    /// Neither was found after so many steps.
    NotProved {
        /// How many.
        steps: u64,
    },
}

/// What was found out about a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Whether every pod has a node.
    pub outcome: Outcome,
    /// What each loss does, where every pod has a node to begin with.
    pub losses: Vec<LossReport>,
    /// Whether there were too many possible losses to look at each.
    pub too_many_losses: bool,
    /// Budgets that keep nodes from being drained.
    pub drains: Vec<BlockedDrain>,
    /// Rolling updates that cannot proceed.
    pub rollouts: Vec<BlockedRollout>,
}

/// Proves what can be proved about the problem.
pub fn prove(problem: &Problem) -> Proof {
    prove_within(problem, STEPS)
}

/// Proves what can be proved about the problem in a number of steps.
pub fn prove_within(problem: &Problem, steps: u64) -> Proof {
    let index = Index::new(problem);
    let empty = State::empty(&index);
    let items = items(&index);
    let mut effort = Effort::new(steps);
    let outcome = match solve(&empty, &items, Choice::Spread, &mut effort) {
        Solved::Placed(order) => Outcome::Proved(order),
        Solved::Impossible(hint) => Outcome::Impossible(core::minimal(&empty, &items, &hint)),
        Solved::Unknown => Outcome::NotProved {
            steps: effort.spent(),
        },
    };
    let mut proof = Proof {
        outcome,
        losses: Vec::new(),
        too_many_losses: false,
        drains: Vec::new(),
        rollouts: Vec::new(),
    };
    if let Outcome::Proved(order) = &proof.outcome {
        let witness = witness(&empty, order);
        let losses = survival::losses(&index);
        proof.too_many_losses = losses.is_none();
        proof.losses = losses
            .unwrap_or_default()
            .iter()
            .map(|l| survival::assess(&witness, l, STEPS_PER_LOSS))
            .collect();
        let moving = problem.lost_nodes > 0 || problem.lost_zones > 0;
        proof.drains = disruption::drains(&witness, moving);
        proof.rollouts = disruption::rollouts(&witness);
    }
    proof
}

/// The nodes on which a pod of each workload may run as far as the node itself is concerned, by their positions in the problem.
pub fn eligible(problem: &Problem) -> Vec<Vec<usize>> {
    let index = Index::new(problem);
    index
        .allowed
        .iter()
        .map(|of| (0..of.len()).filter(|n| of[*n]).collect())
        .collect()
}

/// How many more pods of each workload would fit beside those placed, after a loss where one is named. Counting stops at `most`.
pub fn margins(
    problem: &Problem,
    placed: &[Placement],
    cases: &[(usize, Option<&LossReport>)],
    most: u32,
) -> Vec<u32> {
    let index = Index::new(problem);
    let mut now = witness(&State::empty(&index), placed);
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
            room(&mut state, *workload, most)
        })
        .collect()
}

fn room(state: &mut State<'_>, workload: usize, most: u32) -> u32 {
    let extra = Item {
        workload,
        within: NONE,
        only: NONE,
        pods: 1,
    };
    let mut more = 0;
    while more < most {
        let Some(node) = greedy::best(state, extra, Choice::Spread) else {
            break;
        };
        state.place(workload, node);
        more += 1;
    }
    more
}

fn witness<'a>(empty: &State<'a>, order: &[Placement]) -> State<'a> {
    let mut state = empty.clone();
    for placement in order {
        state.place(placement.workload, placement.node);
    }
    state
}

/// All pods; those of a DaemonSet one by one, each for its node.
fn items(index: &Index<'_>) -> Vec<Item> {
    let of = |w: usize| -> Vec<Item> {
        let workload = &index.problem.workloads[w];
        if !workload.per_node {
            return vec![Item {
                workload: w,
                within: NONE,
                only: NONE,
                pods: workload.pods,
            }];
        }
        let eligible = index.problem.nodes.iter().enumerate();
        eligible
            .filter(|(_, node)| crate::scheduler::daemon_runs_on(&workload.spec, node))
            .map(|(n, _)| Item {
                workload: w,
                within: NONE,
                only: u32::try_from(n).unwrap_or(NONE),
                pods: 1,
            })
            .collect()
    };
    (0..index.workloads()).flat_map(of).collect()
}
