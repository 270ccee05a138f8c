//! Greedy first, then counting, then the complete search.

use super::bounds::{find_shortage, lacks_room};
use super::effort::SearchEffort;
use super::greedy::{self, NodeChoice};
use super::search::{self, SearchOutcome};
use super::sequence::depends_on_order;
use super::state::{PlacementState, PodGroup, PodPlacement};

/// The answer to whether items can be placed.
pub(super) enum SolveOutcome {
    /// They can, in this order.
    Placed(Vec<PodPlacement>),
    /// They cannot; already these cannot.
    Impossible(Vec<usize>),
    /// The effort was not enough to tell.
    Unknown,
}

/// Places the items beside what is placed already, or shows that it cannot be done. The state is left as it was.
pub(super) fn solve(
    base: &PlacementState<'_>,
    items: &[PodGroup],
    choice: NodeChoice,
    effort: &mut SearchEffort,
) -> SolveOutcome {
    let mut state = base.clone();
    let (forced, rest) = match place_forced(&mut state, items) {
        Ok(done) => done,
        Err(core) => return SolveOutcome::Impossible(core),
    };
    let open: Vec<PodGroup> = rest.iter().map(|i| items[*i]).collect();
    let with_forced = |core: Vec<usize>| {
        let core = core.into_iter().map(|i| rest[i]);
        core.chain((0..items.len()).filter(|i| !rest.contains(i)))
            .collect()
    };
    // Counted before anything is placed: there may be any number of pods.
    if let Some(item) = open.iter().position(|item| lacks_room(&state, *item)) {
        return SolveOutcome::Impossible(with_forced(vec![item]));
    }
    if let Some(placed) = try_greedy(&mut state, &open, choice, effort) {
        return SolveOutcome::Placed([forced, placed].concat());
    }
    if let Some(core) = find_shortage(&state, &open) {
        return SolveOutcome::Impossible(with_forced(core));
    }
    match search::search_assignment(&state, &open, effort) {
        SearchOutcome::Placed(placed) => SolveOutcome::Placed([forced, placed].concat()),
        SearchOutcome::Unknown => SolveOutcome::Unknown,
        SearchOutcome::Nothing => {
            SolveOutcome::Impossible((0..items.len()).filter(|i| items[*i].pods > 0).collect())
        }
    }
}

/// Returns whether counting alone shows that the items cannot be placed beside what is placed already.
pub(super) fn is_short(base: &PlacementState<'_>, items: &[PodGroup]) -> bool {
    let mut state = base.clone();
    match place_forced(&mut state, items) {
        Ok((_, rest)) => {
            find_shortage(&state, &rest.iter().map(|i| items[*i]).collect::<Vec<_>>()).is_some()
        }
        Err(_) => true,
    }
}

/// Places the pods that have one node only. Those whose place in the order matters are left for later.
///
/// # Errors
///
/// The items of the node where one does not fit.
fn place_forced(
    state: &mut PlacementState<'_>,
    items: &[PodGroup],
) -> Result<(Vec<PodPlacement>, Vec<usize>), Vec<usize>> {
    let (mut placed, mut rest) = (Vec::new(), Vec::new());
    for (i, item) in items.iter().enumerate() {
        let forced = item
            .only
            .filter(|_| item.pods > 0 && !depends_on_order(state.index, item.workload));
        let Some(node) = forced else {
            rest.push(i);
            continue;
        };
        if state.possible(*item, node) {
            state.place(item.workload, node);
            placed.push(PodPlacement {
                workload: item.workload,
                node,
            });
        } else {
            return Err((0..=i)
                .filter(|other| items[*other].only == item.only && items[*other].pods > 0)
                .collect());
        }
    }
    Ok((placed, rest))
}

/// Tries orders: hardest first, and each time one fails, that one first.
fn try_greedy(
    state: &mut PlacementState<'_>,
    items: &[PodGroup],
    choice: NodeChoice,
    effort: &mut SearchEffort,
) -> Option<Vec<PodPlacement>> {
    let hardest = greedy::order_hardest_first(state, items);
    let pods: usize = items.iter().map(|i| i.pods as usize).sum();
    let other = if choice == NodeChoice::Spread {
        NodeChoice::Pack
    } else {
        NodeChoice::Spread
    };
    for choice in [choice, other] {
        let mut order = hardest.clone();
        for _ in 0..RETRIES {
            match greedy::place_all(state, items, &order, choice) {
                Ok(placed) => return Some(placed),
                Err(0) => break,
                Err(position) => order[..=position].rotate_right(1),
            }
            if !effort.spend(pods * state.index.nodes()) {
                return None;
            }
        }
    }
    None
}

/// The number of orders that are tried for each way of choosing nodes.
const RETRIES: usize = 16;
