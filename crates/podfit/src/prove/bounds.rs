//! Counting arguments: pods that cannot all be placed however they are arranged.

use super::domain::DomainId;
use super::state::{PlacementState, PodGroup};

/// Looks for a set of items that cannot be placed, by counting. `None` says nothing.
///
/// - An item whose nodes have, all together, less room than it has pods.
/// - Items that share a set of nodes and ask for more of a resource than is left there, in sum or in pieces of a size.
/// - Pods of which no two may be in one domain, in more numbers than there are domains.
pub(super) fn find_shortage(state: &PlacementState<'_>, items: &[PodGroup]) -> Option<Vec<usize>> {
    let open: Vec<usize> = (0..items.len()).filter(|i| items[*i].pods > 0).collect();
    if let Some(item) = open.iter().find(|i| lacks_room(state, items[**i])) {
        return Some(vec![*item]);
    }
    let reach: Vec<(usize, Vec<bool>)> = open
        .iter()
        .map(|i| (*i, list_reachable(state, items[*i])))
        .collect();
    let mut sets: Vec<&Vec<bool>> = reach.iter().map(|(_, set)| set).collect();
    sets.sort();
    sets.dedup();
    sets.into_iter().find_map(|set| {
        let inside: Vec<usize> = reach
            .iter()
            .filter(|(_, r)| is_subset(r, set))
            .map(|(i, _)| *i)
            .collect();
        find_excess_demand(state, items, &inside, set)
            .or_else(|| find_excess_apart(state, items, &inside, set))
    })
}

/// Returns whether the item's nodes have less room than it has pods.
pub(super) fn lacks_room(state: &PlacementState<'_>, item: PodGroup) -> bool {
    let mut missing = item.pods;
    for n in 0..state.index.nodes() {
        missing = missing.saturating_sub(state.room(item, n));
        if missing == 0 {
            return false;
        }
    }
    missing > 0
}

fn list_reachable(state: &PlacementState<'_>, item: PodGroup) -> Vec<bool> {
    (0..state.index.nodes())
        .map(|n| state.possible(item, n))
        .collect()
}

fn is_subset(inner: &[bool], outer: &[bool]) -> bool {
    inner
        .iter()
        .zip(outer)
        .all(|(inner, outer)| *outer || !*inner)
}

/// Demand above supply, for each resource: in sum, and for the pieces of each size and above.
fn find_excess_demand(
    state: &PlacementState<'_>,
    items: &[PodGroup],
    inside: &[usize],
    set: &[bool],
) -> Option<Vec<usize>> {
    let index = state.index;
    (0..index.resources).find_map(|r| {
        let need = |i: &usize| {
            index.needs[items[*i].workload]
                .iter()
                .find(|(of, _)| *of == r)
                .map_or(0, |(_, n)| *n)
        };
        let mut asking: Vec<(i64, usize)> = inside
            .iter()
            .map(|i| (need(i), *i))
            .filter(|(n, _)| *n > 0)
            .collect();
        asking.sort_unstable_by(|a, b| b.cmp(a));
        let free: Vec<i64> = (0..index.nodes())
            .filter(|n| set[*n] && !state.down[*n])
            .map(|n| state.free[n * index.resources + r].max(0))
            .collect();
        let supply: i128 = free.iter().map(|f| i128::from(*f)).sum();
        let demand: i128 = asking
            .iter()
            .map(|(n, i)| i128::from(*n) * i128::from(items[*i].pods))
            .sum();
        if demand > supply {
            return Some(asking.iter().map(|(_, i)| *i).collect());
        }
        find_excess_pieces(&asking, items, &free)
    })
}

/// More pods of a size and above than the nodes have room for such pieces.
fn find_excess_pieces(
    asking: &[(i64, usize)],
    items: &[PodGroup],
    free: &[i64],
) -> Option<Vec<usize>> {
    let mut pods: u64 = 0;
    for (position, (size, item)) in asking.iter().enumerate() {
        pods += u64::from(items[*item].pods);
        if asking
            .get(position + 1)
            .is_some_and(|(next, _)| next == size)
        {
            continue;
        }
        let room: u64 = free
            .iter()
            .map(|f| u64::try_from(f / size).unwrap_or(0))
            .fold(0, u64::saturating_add);
        if pods > room {
            return Some(asking[..=position].iter().map(|(_, i)| *i).collect());
        }
    }
    None
}

/// Pods that keep away from each other, by one term, in more numbers than there are free domains.
fn find_excess_apart(
    state: &PlacementState<'_>,
    items: &[PodGroup],
    inside: &[usize],
    set: &[bool],
) -> Option<Vec<usize>> {
    state.index.anti.iter().find_map(|term| {
        let apart =
            |i: &&usize| term.owners[items[**i].workload] && term.targets[items[**i].workload];
        let members: Vec<usize> = inside.iter().filter(apart).copied().collect();
        let pods: u64 = members.iter().map(|i| u64::from(items[*i].pods)).sum();
        if pods < 2 {
            return None;
        }
        let usable = |n: &usize| set[*n] && members.iter().any(|i| state.possible(items[*i], *n));
        let mut domains: Vec<Option<DomainId>> = (0..state.index.nodes())
            .filter(usable)
            .map(|n| term.domain[n])
            .collect();
        let unbounded = domains.contains(&None);
        domains.sort_unstable();
        domains.dedup();
        (!unbounded && pods > domains.len() as u64).then_some(members)
    })
}
