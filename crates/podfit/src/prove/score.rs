//! kube-scheduler's default scores, as far as they depend on what is known.
//!
//! `NodeResourcesFit` (`LeastAllocated`), `NodeResourcesBalancedAllocation` and `PodTopologySpread` with the system's default constraints, with
//! their default weights 1, 1 and 2 (`pkg/scheduler/apis/config/v1/default_plugins.go`). Preferences of single pods and the images that
//! nodes have already are left out.

use super::state::{PlacementState, PodGroup};

/// The most that one plugin gives.
const MOST: i128 = 100;

/// Returns the node with the best score among those that are possible; of equal ones the first.
pub(super) fn choose_best_node(state: &PlacementState<'_>, item: PodGroup) -> Option<usize> {
    if let Some(node) = item.only {
        return state.check(item, node).then_some(node);
    }
    let possible: Vec<usize> = (0..state.index.nodes())
        .filter(|node| state.check(item, *node))
        .collect();
    let counts = possible
        .iter()
        .map(|node| state.count(item.workload, *node));
    let most = counts.clone().max().unwrap_or(0);
    let least = counts.min().unwrap_or(0);
    possible.into_iter().max_by_key(|node| {
        let count = i128::from(state.count(item.workload, *node));
        let spread = match most {
            0 => MOST,
            most => MOST * (i128::from(most) + i128::from(least) - count) / i128::from(most),
        };
        let score = score_resources(state, item.workload, *node) + 2 * spread;
        (score, usize::MAX - node)
    })
}

/// Returns the scores for the room that is left, and for how evenly CPU and memory are used.
fn score_resources(state: &PlacementState<'_>, workload: usize, node: usize) -> i128 {
    let index = state.index;
    let used: Vec<i128> = index
        .scored
        .iter()
        .map(|resource| {
            let needs = index.needs[workload].iter();
            let need = needs.filter(|(r, _)| r == resource).map(|(_, need)| *need);
            measure_use(state, node * index.resources + resource, need.sum())
        })
        .collect();
    let (Some(most), Some(least)) = (used.iter().max(), used.iter().min()) else {
        return 0;
    };
    let count = i128::try_from(used.len()).unwrap_or(1);
    let free = used.iter().map(|share| MOST - share).sum::<i128>() / count;
    // The standard deviation of two shares is half of their difference.
    let balance = MOST - (most - least) / 2;
    free + balance
}

/// Returns the share of a node's resource, in hundredths, that is used with so much more of it.
fn measure_use(state: &PlacementState<'_>, at: usize, more: i64) -> i128 {
    let capacity = i128::from(state.index.capacity[at].max(1));
    let used = capacity - i128::from(state.free[at]) + i128::from(more);
    (used * MOST / capacity).clamp(0, MOST)
}
