//! What happens when nodes are lost: which pods start elsewhere, which are missed, and whether the workloads bear it.
//!
//! Pods on the other nodes stay where they are. A lost pod starts elsewhere if its controller or the node's remediation allows it
//! and a node takes it. Where it does not, the workload must be one that works without it: copies that keep apart from each other, or a
//! majority that is left.

use std::collections::BTreeMap;

use super::core::{self, Core};
use super::effort::Effort;
use super::greedy::Choice;
use super::index::{Index, NONE};
use super::problem::{Recovery, Redundancy};
use super::solve::{Solved, solve};
use super::state::{Item, Placement, State};
use crate::scheduler::Reason;
use kubernetes_vocabulary::labels::ZONE;

/// Nodes that are lost at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// The zones, where whole zones are lost.
    pub zones: Vec<String>,
    /// The nodes, by their position in the problem.
    pub nodes: Vec<usize>,
}

/// What a loss does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossReport {
    /// What is lost.
    pub loss: Loss,
    /// What becomes of the workloads that had pods there, by their position in the problem.
    pub fates: BTreeMap<usize, Fate>,
    /// Pods that cannot all be placed, where that is so.
    pub core: Option<Core>,
    /// Where the pods are that were placed anew.
    pub moved: Vec<Placement>,
}

/// What becomes of a workload when nodes are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its lost pods start on other nodes.
    Moved {
        /// How many.
        pods: u32,
    },
    /// It works with fewer pods until the nodes are back.
    Degraded {
        /// How many are missing.
        missing: u32,
    },
    /// Its pods are missed, and the site says that they may be.
    Expendable {
        /// How many are missing.
        missing: u32,
    },
    /// Each node has one of its pods, so the lost nodes' are not needed.
    Gone,
    /// It does not survive.
    Fails {
        /// How many pods are missing.
        missing: u32,
        /// Why.
        why: Failure,
    },
}

/// Why a workload does not survive a loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// More than a minority of its pods were on the lost nodes.
    MajorityLost,
    /// Its pods may start elsewhere only after the node has been fenced, and nothing fences it.
    NotFenced,
    /// Its volume is on the lost nodes.
    VolumeLost,
    /// No node that is left takes its pods; what keeps one of them away from each node.
    NoPlace(BTreeMap<usize, Vec<Reason>>),
    /// Its pods have a place only if pods that run elsewhere are moved.
    OnlyByMoving(BTreeMap<usize, Vec<Reason>>),
    /// The search was not long enough to tell.
    NotProved,
}

impl Fate {
    /// Whether the workload does not survive.
    pub fn fails(&self) -> bool {
        matches!(self, Self::Fails { .. })
    }
}

/// Sets of nodes beyond this number are not looked at one by one.
pub(super) const LOSSES: usize = 20_000;

/// Every loss that the site promises to survive; with nodes that are away at present, only those that include them, and that one
/// itself. `None` if there are too many.
pub(super) fn losses(index: &Index<'_>) -> Option<Vec<Loss>> {
    let problem = index.problem;
    let mut found: Vec<Loss> = Vec::new();
    let away: Vec<usize> = (0..index.nodes())
        .filter(|n| problem.machines.get(*n).is_some_and(|m| m.replacing))
        .collect();
    if !away.is_empty() {
        found.push(Loss {
            zones: Vec::new(),
            nodes: away,
        });
    }
    let all: Vec<usize> = (0..index.nodes()).collect();
    for nodes in subsets(&all, problem.lost_nodes as usize)? {
        found.push(Loss {
            zones: Vec::new(),
            nodes,
        });
    }
    let mut zones: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for (n, node) in problem.nodes.iter().enumerate() {
        if let Some(zone) = node.labels.get(ZONE) {
            zones.entry(zone).or_default().push(n);
        }
    }
    let names: Vec<&String> = zones.keys().copied().collect();
    for lost in subsets(&names, problem.lost_zones as usize)? {
        let mut nodes: Vec<usize> = lost
            .iter()
            .filter_map(|z| zones.get(*z))
            .flatten()
            .copied()
            .collect();
        nodes.sort_unstable();
        found.push(Loss {
            zones: lost.into_iter().cloned().collect(),
            nodes,
        });
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|loss| !loss.nodes.is_empty() && seen.insert(loss.nodes.clone()));
    Some(found)
}

/// Every choice of `size` of the elements, in order; none for size 0; `None` if there are too many.
fn subsets<T: Clone>(all: &[T], size: usize) -> Option<Vec<Vec<T>>> {
    if size == 0 {
        return Some(Vec::new());
    }
    let size = size.min(all.len());
    let mut partial: Vec<(usize, Vec<T>)> = vec![(0, Vec::new())];
    for _ in 0..size {
        let mut longer = Vec::new();
        for (from, chosen) in partial {
            for (at, more) in all.iter().enumerate().skip(from) {
                let mut next = chosen.clone();
                next.push(more.clone());
                longer.push((at + 1, next));
            }
            if longer.len() > LOSSES {
                return None;
            }
        }
        partial = longer;
    }
    Some(partial.into_iter().map(|(_, chosen)| chosen).collect())
}

/// What the loss does to the pods where they are.
pub(super) fn assess(witness: &State<'_>, loss: &Loss, limit: u64) -> LossReport {
    let mut scene = Scene::new(witness, loss);
    let mut effort = Effort::new(limit);
    let mut report = LossReport {
        loss: loss.clone(),
        fates: BTreeMap::new(),
        core: None,
        moved: Vec::new(),
    };
    let items: Vec<Item> = scene
        .lost
        .iter()
        .flat_map(|l| l.items.clone())
        .filter(|i| i.pods > 0)
        .collect();
    let (needed, expendable): (Vec<Item>, Vec<Item>) = items
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

/// What a workload loses.
struct Lost {
    workload: usize,
    pods: u32,
    /// Pods that wait for fencing that does not come.
    stuck: u32,
    items: Vec<Item>,
}

/// Whether all needed pods fit on the nodes that are left, if those that run there may be moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ByMoving {
    Fits,
    DoesNot,
    NotKnown,
}

/// A site without some of its nodes.
struct Scene<'a> {
    witness: &'a State<'a>,
    state: State<'a>,
    lost: Vec<Lost>,
    /// Pods of each workload that would have no place even if it had the nodes for itself.
    structural: BTreeMap<usize, u32>,
    /// Whether what is missing could be placed if running pods were moved.
    by_moving: ByMoving,
}

impl<'a> Scene<'a> {
    fn new(witness: &'a State<'a>, loss: &Loss) -> Self {
        let index = witness.index;
        let mut state = witness.clone();
        state.bind_claims();
        let lost = (0..index.workloads())
            .filter_map(|w| lost(witness, w, &loss.nodes))
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
    fn place(&mut self, items: &[Item], effort: &mut Effort, report: &mut LossReport) -> bool {
        let Solved::Placed(placed) = solve(&self.state, items, Choice::Spread, effort) else {
            return false;
        };
        self.settle(&placed, report);
        true
    }

    fn settle(&mut self, placed: &[Placement], report: &mut LossReport) {
        for placement in placed {
            self.state.place(placement.workload, placement.node);
        }
        report.moved.extend_from_slice(placed);
    }

    /// Places as many pods of the item as there is room for.
    fn place_each(&mut self, item: Item, report: &mut LossReport) {
        for _ in 0..item.pods {
            let Some(node) = super::greedy::best(&self.state, item, Choice::Spread) else {
                return;
            };
            self.settle(
                &[Placement {
                    workload: item.workload,
                    node,
                }],
                report,
            );
        }
    }

    /// The items with as many pods as could be placed if each workload had the nodes for itself.
    fn without_structurally_missing(&mut self, items: &[Item]) -> Vec<Item> {
        let mut reduced = Vec::new();
        for item in items {
            let pods = self.placeable_alone(*item);
            *self.structural.entry(item.workload).or_default() += item.pods - pods;
            reduced.push(Item { pods, ..*item });
        }
        reduced
    }

    fn placeable_alone(&self, item: Item) -> u32 {
        let index = self.state.index;
        let mut alone = State::empty(index);
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
            let some = [Item { pods, ..item }];
            matches!(
                solve(&alone, &some, Choice::Spread, &mut Effort::new(100_000)),
                Solved::Placed(_)
            )
        };
        (1..=item.pods).rev().find(|pods| fits(*pods)).unwrap_or(0)
    }

    /// Says why not all can be placed, and places the rest.
    fn place_what_can_be(&mut self, items: &[Item], effort: &mut Effort, report: &mut LossReport) {
        match solve(&self.state, items, Choice::Spread, effort) {
            Solved::Impossible(hint) => {
                report.core = Some(core::minimal(&self.state, items, &hint));
                self.by_moving = self.fits_by_moving(items, effort);
            }
            Solved::Placed(_) | Solved::Unknown => self.by_moving = ByMoving::NotKnown,
        }
        let order = super::greedy::hardest_first(&self.state, items);
        for i in order {
            self.place_each(items[i], report);
        }
    }

    /// Whether all pods that are needed fit on the nodes that are left, from scratch.
    fn fits_by_moving(&self, items: &[Item], effort: &mut Effort) -> ByMoving {
        let index = self.state.index;
        let mut empty = State::empty(index);
        empty.copy_bindings(&self.state);
        for n in (0..index.nodes()).filter(|n| self.state.down[*n]) {
            empty.lose(n);
        }
        let running = self
            .state
            .running()
            .filter(|(w, _)| !self.expendable(*w))
            .map(|(w, n)| again(index, w, n));
        let all = merged(running.chain(items.iter().copied()));
        match solve(&empty, &all, Choice::Spread, effort) {
            Solved::Placed(_) => ByMoving::Fits,
            Solved::Impossible(_) => ByMoving::DoesNot,
            Solved::Unknown => ByMoving::NotKnown,
        }
    }

    fn fate(&self, lost: &Lost, report: &LossReport) -> Fate {
        let workload = &self.state.index.problem.workloads[lost.workload];
        if workload.per_node {
            return Fate::Gone;
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
                Fate::Moved { pods: lost.pods }
            } else {
                Fate::Expendable { missing }
            };
        }
        if workload.redundancy == Redundancy::Majority && !quorate {
            return Fate::Fails {
                missing: lost.pods,
                why: Failure::MajorityLost,
            };
        }
        if missing == 0 {
            return Fate::Moved { pods: lost.pods };
        }
        let structural = self.structural.get(&lost.workload).copied().unwrap_or(0);
        if works && missing <= structural + lost.stuck {
            return Fate::Degraded { missing };
        }
        Fate::Fails {
            missing,
            why: self.why(lost, missing),
        }
    }

    fn why(&self, lost: &Lost, missing: u32) -> Failure {
        if lost.stuck > 0 && lost.stuck >= missing {
            return Failure::NotFenced;
        }
        let Some(item) = lost.items.iter().find(|i| i.pods > 0) else {
            return Failure::NotFenced;
        };
        let reasons = core::reasons(&self.state, &[], *item);
        let elsewhere = |of_node: &Vec<Reason>| {
            of_node
                .iter()
                .any(|r| matches!(r, Reason::VolumeElsewhere { .. }))
        };
        if !reasons.is_empty() && reasons.values().all(elsewhere) {
            return Failure::VolumeLost;
        }
        match self.by_moving {
            ByMoving::Fits => Failure::OnlyByMoving(reasons),
            ByMoving::NotKnown => Failure::NotProved,
            ByMoving::DoesNot => Failure::NoPlace(reasons),
        }
    }
}

/// Items that differ in the number of pods only, put together.
fn merged(items: impl Iterator<Item = Item>) -> Vec<Item> {
    let mut pods: BTreeMap<(usize, u32, u32), u32> = BTreeMap::new();
    for item in items {
        *pods
            .entry((item.workload, item.within, item.only))
            .or_default() += item.pods;
    }
    pods.into_iter()
        .map(|((workload, within, only), pods)| Item {
            workload,
            within,
            only,
            pods,
        })
        .collect()
}

/// What the workload loses with the nodes; `None` if nothing.
fn lost(witness: &State<'_>, w: usize, nodes: &[usize]) -> Option<Lost> {
    let index = witness.index;
    let workload = &index.problem.workloads[w];
    let mut lost = Lost {
        workload: w,
        pods: 0,
        stuck: 0,
        items: Vec::new(),
    };
    for n in nodes {
        let pods = witness.count(w, *n);
        lost.pods += pods;
        let fenced = index
            .problem
            .machines
            .get(*n)
            .is_some_and(|m| m.remediated || m.replacing);
        if pods == 0 || workload.per_node {
            continue;
        }
        if workload.recovery == Recovery::Fenced && !fenced {
            lost.stuck += pods;
            continue;
        }
        let item = Item {
            pods,
            ..again(index, w, *n)
        };
        match lost.items.iter_mut().find(|i| i.within == item.within) {
            Some(same) => same.pods += pods,
            None => lost.items.push(item),
        }
    }
    (lost.pods > 0).then_some(lost)
}

/// A pod that ran on the node and looks for another, with its volumes.
pub(super) fn again(index: &Index<'_>, w: usize, n: usize) -> Item {
    let within = index.own_segment[w]
        .as_ref()
        .map_or(NONE, |segment| segment[n]);
    let only = if index.problem.workloads[w].per_node {
        u32::try_from(n).unwrap_or(NONE)
    } else {
        NONE
    };
    Item {
        workload: w,
        within,
        only,
        pods: 1,
    }
}
