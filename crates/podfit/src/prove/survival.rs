//! Simulates the loss of nodes: restarts their pods elsewhere and checks that every workload survives.
//!
//! Pods on the other nodes stay where they are. A lost pod starts elsewhere if its controller or the node's remediation allows it
//! and a node takes it. Where it does not, the workload must be one that works without it: copies that keep apart from each other, or a
//! majority that is left.

use std::collections::BTreeMap;

use super::effort::SearchEffort;
use super::greedy::NodeChoice;
use super::index::ProblemIndex;
use super::losses::NodeLoss;
use super::minimal_core::{self, UnplaceableCore};
use super::problem::{Recovery, Redundancy};
use super::solve::{SolveOutcome, solve};
use super::state::{PlacementState, PodGroup, PodPlacement};
use crate::scheduler::FilterReason;

/// The effect of a loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossReport {
    /// The lost nodes.
    pub loss: NodeLoss,
    /// The fate of each workload that had pods there, by its position in the problem.
    pub fates: BTreeMap<usize, WorkloadFate>,
    /// Pods that cannot all be placed, where that is so.
    pub core: Option<UnplaceableCore>,
    /// The new places of the pods that start elsewhere.
    pub moved: Vec<PodPlacement>,
}

/// The fate of a workload when nodes are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkloadFate {
    /// Its lost pods start on other nodes.
    Moved {
        /// The number of steps.
        pods: u32,
    },
    /// It works with fewer pods until the nodes are back.
    Degraded {
        /// The number of missing pods.
        missing: u32,
    },
    /// Its pods are missed, and the site says that they may be.
    Expendable {
        /// The number of missing pods.
        missing: u32,
    },
    /// Each node has one of its pods, so the lost nodes' are not needed.
    Gone,
    /// It does not survive.
    Fails {
        /// The number of missing pods.
        missing: u32,
        /// The reason.
        why: LossFailure,
    },
}

/// Reason why a workload does not survive a loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LossFailure {
    /// More than a minority of its pods were on the lost nodes.
    MajorityLost,
    /// Its pods may start elsewhere only after the node has been fenced, and nothing fences it.
    NotFenced,
    /// Its pods tolerate for ever that their node is unreachable, so that nobody evicts them.
    NotEvicted,
    /// Its volume is on the lost nodes.
    VolumeLost,
    /// No node that is left takes its pods; what keeps one of them away from each node.
    NoPlace(BTreeMap<usize, Vec<FilterReason>>),
    /// Its pods have a place only if pods that run elsewhere are moved.
    OnlyByMoving(BTreeMap<usize, Vec<FilterReason>>),
    /// The search was not long enough to tell.
    NotProved,
}

impl WorkloadFate {
    /// Returns whether the workload does not survive.
    pub fn fails(&self) -> bool {
        matches!(self, Self::Fails { .. })
    }
}

/// Finds the effect of a loss on pods that are where the witness has them.
pub(super) fn assess_loss(witness: &PlacementState<'_>, loss: &NodeLoss, limit: u64) -> LossReport {
    let mut scene = LossScene::new(witness, loss);
    let mut effort = SearchEffort::new(limit);
    let mut report = LossReport {
        loss: loss.clone(),
        fates: BTreeMap::new(),
        core: None,
        moved: Vec::new(),
    };
    let items: Vec<PodGroup> = scene
        .lost
        .iter()
        .flat_map(|l| l.items.clone())
        .filter(|i| i.pods > 0)
        .collect();
    let (needed, expendable): (Vec<PodGroup>, Vec<PodGroup>) = items
        .into_iter()
        .partition(|i| !scene.expendable(i.workload));
    if !scene.place(&needed, &mut effort, &mut report) {
        let reduced = scene.without_structurally_missing(&needed);
        if !scene.place(&reduced, &mut effort, &mut report) {
            scene.place_what_can_be(&reduced, &mut effort, &mut report);
        }
    }
    for item in expendable {
        scene.place_each(item, &mut report);
    }
    for lost in &scene.lost {
        let fate = scene.fate(lost, &report);
        report.fates.insert(lost.workload, fate);
    }
    report
}

/// The pods that a workload loses.
struct LostPods {
    workload: usize,
    pods: u32,
    /// Pods that wait for fencing that does not come.
    stuck: u32,
    items: Vec<PodGroup>,
}

/// The answer to whether all needed pods fit on the nodes that are left, if those that run there may be moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ByMoving {
    Fits,
    DoesNot,
    NotKnown,
}

/// A site without some of its nodes.
struct LossScene<'a> {
    witness: &'a PlacementState<'a>,
    state: PlacementState<'a>,
    lost: Vec<LostPods>,
    /// Pods of each workload that would have no place even if it had the nodes for itself.
    structural: BTreeMap<usize, u32>,
    /// Tells whether what is missing could be placed if running pods were moved.
    by_moving: ByMoving,
}

impl<'a> LossScene<'a> {
    fn new(witness: &'a PlacementState<'a>, loss: &NodeLoss) -> Self {
        let index = witness.index;
        let mut state = witness.clone();
        state.bind_claims();
        let lost = (0..index.workloads())
            .filter_map(|w| find_lost_pods(witness, w, &loss.nodes))
            .collect();
        for n in &loss.nodes {
            state.lose(*n);
        }
        Self {
            witness,
            state,
            lost,
            structural: BTreeMap::new(),
            by_moving: ByMoving::DoesNot,
        }
    }

    fn expendable(&self, w: usize) -> bool {
        self.state.index.problem.workloads[w].expendable.is_some()
    }

    /// Places all items, or none.
    fn place(
        &mut self,
        items: &[PodGroup],
        effort: &mut SearchEffort,
        report: &mut LossReport,
    ) -> bool {
        let SolveOutcome::Placed(placed) = solve(&self.state, items, NodeChoice::Spread, effort)
        else {
            return false;
        };
        self.settle(&placed, report);
        true
    }

    fn settle(&mut self, placed: &[PodPlacement], report: &mut LossReport) {
        for placement in placed {
            self.state.place(placement.workload, placement.node);
        }
        report.moved.extend_from_slice(placed);
    }

    /// Places as many pods of the item as there is room for.
    fn place_each(&mut self, item: PodGroup, report: &mut LossReport) {
        for _ in 0..item.pods {
            let Some(node) = super::greedy::choose_node(&self.state, item, NodeChoice::Spread)
            else {
                return;
            };
            self.settle(
                &[PodPlacement {
                    workload: item.workload,
                    node,
                }],
                report,
            );
        }
    }

    /// Returns the items with as many pods as could be placed if each workload had the nodes for itself.
    fn without_structurally_missing(&mut self, items: &[PodGroup]) -> Vec<PodGroup> {
        let mut reduced = Vec::new();
        for item in items {
            let pods = self.placeable_alone(*item);
            *self.structural.entry(item.workload).or_default() += item.pods - pods;
            reduced.push(PodGroup { pods, ..*item });
        }
        reduced
    }

    fn placeable_alone(&self, item: PodGroup) -> u32 {
        let index = self.state.index;
        let mut alone = PlacementState::empty(index);
        alone.free.fill(i64::MAX / 4);
        alone.copy_bindings(&self.state);
        for n in 0..index.nodes() {
            for _ in 0..self.state.count(item.workload, n) {
                alone.place(item.workload, n);
            }
            if self.state.down[n] {
                alone.lose(n);
            }
        }
        // What affinity asks for is there, as far as it is at all.
        let companions = index.group_of[item.workload].map(|g| &index.groups[g].members);
        for (w, n) in self
            .state
            .running()
            .filter(|(w, _)| *w != item.workload && companions.is_some_and(|m| m[*w]))
        {
            alone.place(w, n);
        }
        let fits = |pods: u32| {
            let some = [PodGroup { pods, ..item }];
            matches!(
                solve(
                    &alone,
                    &some,
                    NodeChoice::Spread,
                    &mut SearchEffort::new(100_000)
                ),
                SolveOutcome::Placed(_)
            )
        };
        (1..=item.pods).rev().find(|pods| fits(*pods)).unwrap_or(0)
    }

    /// Says why not all can be placed, and places the rest.
    fn place_what_can_be(
        &mut self,
        items: &[PodGroup],
        effort: &mut SearchEffort,
        report: &mut LossReport,
    ) {
        match solve(&self.state, items, NodeChoice::Spread, effort) {
            SolveOutcome::Impossible(hint) => {
                report.core = Some(minimal_core::find_minimal_core(&self.state, items, &hint));
                self.by_moving = self.fits_by_moving(items, effort);
            }
            SolveOutcome::Placed(_) | SolveOutcome::Unknown => self.by_moving = ByMoving::NotKnown,
        }
        let order = super::greedy::order_hardest_first(&self.state, items);
        for i in order {
            self.place_each(items[i], report);
        }
    }

    /// Returns whether all pods that are needed fit on the nodes that are left, from scratch.
    fn fits_by_moving(&self, items: &[PodGroup], effort: &mut SearchEffort) -> ByMoving {
        let index = self.state.index;
        let mut empty = PlacementState::empty(index);
        empty.copy_bindings(&self.state);
        for n in (0..index.nodes()).filter(|n| self.state.down[*n]) {
            empty.lose(n);
        }
        let running = self
            .state
            .running()
            .filter(|(w, _)| !self.expendable(*w))
            .map(|(w, n)| reschedule_pod(index, w, n));
        let all = merge_groups(running.chain(items.iter().copied()));
        match solve(&empty, &all, NodeChoice::Spread, effort) {
            SolveOutcome::Placed(_) => ByMoving::Fits,
            SolveOutcome::Impossible(_) => ByMoving::DoesNot,
            SolveOutcome::Unknown => ByMoving::NotKnown,
        }
    }

    fn fate(&self, lost: &LostPods, report: &LossReport) -> WorkloadFate {
        let workload = &self.state.index.problem.workloads[lost.workload];
        if workload.per_node {
            return WorkloadFate::Gone;
        }
        let total: u32 = (0..self.state.index.nodes())
            .map(|n| self.witness.count(lost.workload, n))
            .sum();
        let found = report
            .moved
            .iter()
            .filter(|p| p.workload == lost.workload)
            .count();
        let missing = lost
            .pods
            .saturating_sub(u32::try_from(found).unwrap_or(u32::MAX));
        let works = total - missing >= workload.redundancy.needed(total)
            && workload.redundancy != Redundancy::Each;
        let quorate = total - lost.pods >= Redundancy::Majority.needed(total);
        if workload.expendable.is_some() {
            return if missing == 0 {
                WorkloadFate::Moved { pods: lost.pods }
            } else {
                WorkloadFate::Expendable { missing }
            };
        }
        if workload.redundancy == Redundancy::Majority && !quorate {
            return WorkloadFate::Fails {
                missing: lost.pods,
                why: LossFailure::MajorityLost,
            };
        }
        if missing == 0 {
            return WorkloadFate::Moved { pods: lost.pods };
        }
        let structural = self.structural.get(&lost.workload).copied().unwrap_or(0);
        if works && missing <= structural + lost.stuck {
            return WorkloadFate::Degraded { missing };
        }
        WorkloadFate::Fails {
            missing,
            why: self.why(lost, missing),
        }
    }

    fn why(&self, lost: &LostPods, missing: u32) -> LossFailure {
        if lost.stuck > 0 && lost.stuck >= missing {
            let spec = &self.state.index.problem.workloads[lost.workload].spec;
            return match spec.stays_on_dead_node() {
                true => LossFailure::NotEvicted,
                false => LossFailure::NotFenced,
            };
        }
        let Some(item) = lost.items.iter().find(|i| i.pods > 0) else {
            return LossFailure::NotFenced;
        };
        let reasons = minimal_core::explain_rejections(&self.state, &[], *item);
        let elsewhere = |of_node: &Vec<FilterReason>| {
            of_node
                .iter()
                .any(|r| matches!(r, FilterReason::VolumeElsewhere { .. }))
        };
        if !reasons.is_empty() && reasons.values().all(elsewhere) {
            return LossFailure::VolumeLost;
        }
        match self.by_moving {
            ByMoving::Fits => LossFailure::OnlyByMoving(reasons),
            ByMoving::NotKnown => LossFailure::NotProved,
            ByMoving::DoesNot => LossFailure::NoPlace(reasons),
        }
    }
}

/// Items that differ in the number of pods only, put together.
fn merge_groups(items: impl Iterator<Item = PodGroup>) -> Vec<PodGroup> {
    // Items that are bound to a segment or a node come before those that are not.
    let mut pods: BTreeMap<_, PodGroup> = BTreeMap::new();
    for item in items {
        let (within, only) = (item.within, item.only);
        let key = (
            item.workload,
            within.is_none(),
            within,
            only.is_none(),
            only,
        );
        pods.entry(key).or_insert(PodGroup { pods: 0, ..item }).pods += item.pods;
    }
    pods.into_values().collect()
}

/// Finds the pods that a workload loses with the nodes; `None` if there are none.
fn find_lost_pods(witness: &PlacementState<'_>, w: usize, nodes: &[usize]) -> Option<LostPods> {
    let index = witness.index;
    let workload = &index.problem.workloads[w];
    let mut lost = LostPods {
        workload: w,
        pods: 0,
        stuck: 0,
        items: Vec::new(),
    };
    for n in nodes {
        let pods = witness.count(w, *n);
        lost.pods += pods;
        let machine = index.problem.machines.get(*n);
        let fenced = machine.is_some_and(|m| m.remediated || m.away || m.lost);
        let is_away = machine.is_some_and(|m| m.away || m.lost);
        if pods == 0 || workload.per_node {
            continue;
        }
        let stays = workload.spec.stays_on_dead_node() && !is_away;
        if stays || (workload.recovery == Recovery::Fenced && !fenced) {
            lost.stuck += pods;
            continue;
        }
        let item = PodGroup {
            pods,
            ..reschedule_pod(index, w, *n)
        };
        match lost.items.iter_mut().find(|i| i.within == item.within) {
            Some(same) => same.pods += pods,
            None => lost.items.push(item),
        }
    }
    (lost.pods > 0).then_some(lost)
}

/// Returns a pod that ran on the node and looks for another, with its volumes.
pub(super) fn reschedule_pod(index: &ProblemIndex<'_>, w: usize, n: usize) -> PodGroup {
    PodGroup {
        workload: w,
        within: index.own_segment[w].as_ref().and_then(|segment| segment[n]),
        only: index.problem.workloads[w].per_node.then_some(n),
        pods: 1,
    }
}
