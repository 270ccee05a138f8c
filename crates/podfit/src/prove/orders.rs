//! Orders in which kube-scheduler may meet the pods.
//!
//! A proof says that there is an order in which every pod finds a node. kube-scheduler takes pods as they come, puts each on the node that it
//! scores best, and moves none later: in another order a pod may be left. Some orders are played here, with the default scores. Pods of
//! a higher priority come first: where they come later, they preempt.

use std::collections::BTreeSet;

use super::effort::SearchEffort;
use super::greedy::order_hardest_first;
use super::score::choose_best_node;
use super::state::{PlacementState, PodGroup};

/// Workloads that find no node in some order, though there is an order in which all do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRisk {
    /// The workloads of which a pod is left in some order.
    pub stranded: Vec<usize>,
    /// Workloads that have to come first so that no order that was tried leaves a pod; empty where no such set was found.
    pub first: Vec<usize>,
}

/// The steps that all orders may take together.
const STEPS: u64 = 2_000_000;
/// The orders beside those by size and by position.
const SHUFFLES: u64 = 12;
/// Workloads that are put first at most.
const MOST_FIRST: usize = 6;

/// Plays orders from the given state on. `None` where none of them leaves a pod.
pub(super) fn find_order_risk(empty: &PlacementState<'_>, items: &[PodGroup]) -> Option<OrderRisk> {
    let mut effort = SearchEffort::new(STEPS);
    let orders = list_orders(empty, items);
    let play = OrderPlay {
        empty,
        items,
        orders: &orders,
    };
    let stranded = play.find_stranded(&BTreeSet::new(), &mut effort)?;
    if stranded.is_empty() {
        return None;
    }
    let mut first: BTreeSet<usize> = BTreeSet::new();
    let mut left = stranded.clone();
    while first.len() < MOST_FIRST {
        first.extend(left.iter().copied());
        match play.find_stranded(&first, &mut effort) {
            Some(none) if none.is_empty() => {
                return Some(OrderRisk {
                    stranded: stranded.into_iter().collect(),
                    first: first.into_iter().collect(),
                });
            }
            Some(more) if !more.is_subset(&first) => left = more,
            _ => break,
        }
    }
    Some(OrderRisk {
        stranded: stranded.into_iter().collect(),
        first: Vec::new(),
    })
}

/// Returns orders of the items, each once: as listed, hardest first, and both backwards; then orders that have nothing to do with either.
fn list_orders(empty: &PlacementState<'_>, items: &[PodGroup]) -> Vec<Vec<usize>> {
    let listed: Vec<usize> = (0..items.len()).collect();
    let hardest = order_hardest_first(empty, items);
    let backwards = |order: &[usize]| order.iter().rev().copied().collect::<Vec<_>>();
    let mut orders = vec![
        listed.clone(),
        backwards(&listed),
        backwards(&hardest),
        hardest,
    ];
    for seed in 1..=SHUFFLES {
        let mut order = listed.clone();
        order.sort_by_key(|item| (mix_bits(*item as u64 ^ (seed << 32)), *item));
        orders.push(order);
    }
    let mut seen = BTreeSet::new();
    orders.retain(|order| seen.insert(order.clone()));
    orders
}

/// Returns a number that looks like chance and is the same everywhere (the finalizer of splitmix64).
fn mix_bits(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Orders to be played.
struct OrderPlay<'a> {
    empty: &'a PlacementState<'a>,
    items: &'a [PodGroup],
    orders: &'a [Vec<usize>],
}

impl OrderPlay<'_> {
    /// Returns the workloads that are left without a node in some order, when some workloads come first. `None` where the effort was not
    /// enough for all orders and nothing was found.
    fn find_stranded(
        &self,
        first: &BTreeSet<usize>,
        effort: &mut SearchEffort,
    ) -> Option<BTreeSet<usize>> {
        let pods: usize = self.items.iter().map(|item| item.pods as usize).sum();
        let nodes = self.empty.index.nodes();
        let mut stranded = BTreeSet::new();
        for order in self.orders {
            if !effort.spend(pods.saturating_mul(nodes)) {
                return (!stranded.is_empty()).then_some(stranded);
            }
            let workloads = &self.empty.index.problem.workloads;
            let mut order = order.clone();
            order.sort_by_key(|item| {
                let workload = self.items[*item].workload;
                let priority = workloads[workload].priority;
                (!first.contains(&workload), std::cmp::Reverse(priority))
            });
            stranded.extend(self.play_order(&order));
        }
        Some(stranded)
    }

    /// Places pods one by one; one that finds no node is tried again after others were placed. Returns the workloads of those that are left.
    fn play_order(&self, order: &[usize]) -> BTreeSet<usize> {
        let mut state = self.empty.clone();
        let mut waiting: Vec<PodGroup> = order.iter().map(|item| self.items[*item]).collect();
        loop {
            let mut left = Vec::new();
            let mut placed = false;
            for item in waiting {
                let mut open = item.pods;
                while open > 0 {
                    let Some(node) = choose_best_node(&state, item) else {
                        break;
                    };
                    state.place(item.workload, node);
                    placed = true;
                    open -= 1;
                }
                if open > 0 {
                    left.push(PodGroup { pods: open, ..item });
                }
            }
            if left.is_empty() || !placed {
                return left.into_iter().map(|item| item.workload).collect();
            }
            waiting = left;
        }
    }
}
