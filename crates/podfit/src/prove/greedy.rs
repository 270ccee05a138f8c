//! Placing pods one by one, hardest first, as kube-scheduler does it: quick, and right most of the time.

use super::index::ProblemIndex;
use super::state::{PlacementState, PodGroup, PodPlacement};

/// The preference among possible nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeChoice {
    /// The one with the fewest pods of the workload, then the emptiest: what kube-scheduler prefers by default.
    Spread,
    /// The fullest: leaves room for large pods.
    Pack,
}

/// Places all items in the given order, and undoes everything if one finds no node.
///
/// # Errors
///
/// The position in `order` of the item for which there was no node.
pub(super) fn place_all(
    state: &mut PlacementState<'_>,
    items: &[PodGroup],
    order: &[usize],
    choice: NodeChoice,
) -> Result<Vec<PodPlacement>, usize> {
    let mut placed = Vec::new();
    for (position, item) in order.iter().map(|i| items[*i]).enumerate() {
        for _ in 0..item.pods {
            let Some(node) = choose_node(state, item, choice) else {
                undo_placements(state, &placed);
                return Err(position);
            };
            state.place(item.workload, node);
            placed.push(PodPlacement {
                workload: item.workload,
                node,
            });
        }
    }
    Ok(placed)
}

/// Takes pods off their nodes again.
pub(super) fn undo_placements(state: &mut PlacementState<'_>, placed: &[PodPlacement]) {
    for placement in placed.iter().rev() {
        state.remove(placement.workload, placement.node);
    }
}

/// Returns the node to take, if any is possible.
pub(super) fn choose_node(
    state: &PlacementState<'_>,
    item: PodGroup,
    choice: NodeChoice,
) -> Option<usize> {
    if let Some(node) = item.only {
        return state.check(item, node).then_some(node);
    }
    let possible = (0..state.index.nodes()).filter(|n| state.check(item, *n));
    match choice {
        NodeChoice::Spread => possible.min_by_key(|n| {
            (
                state.count(item.workload, *n),
                compute_load(state, item.workload, *n),
            )
        }),
        NodeChoice::Pack => {
            possible.max_by_key(|n| (compute_load(state, item.workload, *n), usize::MAX - n))
        }
    }
}

/// Returns the share of the fullest resource with one more pod of the workload on the node, in ten-thousandths.
fn compute_load(state: &PlacementState<'_>, w: usize, n: usize) -> i64 {
    let index = state.index;
    let at = n * index.resources;
    let share = |(r, need): &(usize, i64)| {
        let capacity = index.capacity[at + r].max(1);
        // Capacities are cut down so that the product does not overflow.
        let scale = (capacity >> 40).max(1);
        let used = capacity
            .saturating_sub(state.free[at + r])
            .saturating_add(*need)
            .max(0);
        (used / scale).saturating_mul(10_000) / (capacity / scale)
    };
    index.needs[w].iter().map(share).max().unwrap_or(0)
}

/// Returns the order in which items are placed: those that others must be with first, then those with few nodes, then large ones.
pub(super) fn order_hardest_first(state: &PlacementState<'_>, items: &[PodGroup]) -> Vec<usize> {
    let index = state.index;
    let total: Vec<i64> = (0..index.resources)
        .map(|r| {
            (0..index.nodes())
                .map(|n| index.capacity[n * index.resources + r] >> 10)
                .sum::<i64>()
                .max(1)
        })
        .collect();
    let share = |item: &PodGroup| {
        index.needs[item.workload]
            .iter()
            .map(|(r, need)| (need >> 10).saturating_mul(1_000_000) / total[*r])
            .max()
    };
    let depth = compute_affinity_depths(index);
    let key = |i: &usize| {
        let item = &items[*i];
        let nodes = (0..index.nodes())
            .filter(|n| state.possible(*item, *n))
            .count();
        (
            depth[item.workload],
            item.only.is_none(),
            nodes,
            std::cmp::Reverse(share(item)),
            item.workload,
            item.only,
        )
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_cached_key(key);
    order
}

/// Returns, for each workload, the length of the longest chain of affinities that it starts.
fn compute_affinity_depths(index: &ProblemIndex<'_>) -> Vec<u32> {
    let count = index.workloads();
    let mut depth = vec![0u32; count];
    // Cycles stop growing after as many rounds as there are workloads with affinity.
    let owners: Vec<(usize, usize)> = (0..count)
        .filter_map(|w| Some((w, index.group_of[w]?)))
        .collect();
    for _ in 0..owners.len() {
        let mut changed = false;
        for (w, g) in &owners {
            let members = (0..count)
                .filter(|m| m != w && index.groups[*g].members[*m] && !index.groups[*g].owners[*m]);
            let wanted = members.map(|m| depth[m] + 1).max().unwrap_or(0);
            if wanted > depth[*w] && wanted as usize <= owners.len() {
                depth[*w] = wanted;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    depth
}
