//! The complete search behind the greedy one: finds an assignment if there is one, or shows that there is none.
//!
//! Depth first over items, the tightest first; the pods of an item go to nodes in one fixed order, so that alike pods are not permuted,
//! and of alike nodes with alike pods only the first is tried. A situation that failed once is not entered again, and neither is one
//! that a counting argument excludes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::bounds::find_shortage;
use super::effort::SearchEffort;
use super::state::{PlacementState, PodGroup, PodPlacement};
use super::{greedy, sequence};

/// The outcome of a complete search.
pub(super) enum SearchOutcome {
    /// All pods have a node, in this order.
    Placed(Vec<PodPlacement>),
    /// There is no assignment.
    Nothing,
    /// The effort was not enough to tell.
    Unknown,
}

/// Situations that are remembered at most.
const MEMORY: usize = 100_000;

/// Searches for an assignment of the items beside what is placed already.
pub(super) fn search_assignment(
    base: &PlacementState<'_>,
    items: &[PodGroup],
    effort: &mut SearchEffort,
) -> SearchOutcome {
    let preference = greedy::order_hardest_first(base, items);
    let mut search = AssignmentSearch {
        base,
        state: base.clone(),
        items,
        preference,
        class: classify_nodes(base, items),
        left: items.iter().map(|i| i.pods).collect(),
        frames: Vec::new(),
        dead: BTreeSet::new(),
        effort,
    };
    search.run()
}

/// Nodes that neither the filters nor what is bound already can tell apart.
fn classify_nodes(base: &PlacementState<'_>, items: &[PodGroup]) -> Vec<usize> {
    let index = base.index;
    let tied = items
        .iter()
        .filter(|i| i.within.is_some() || i.only.is_some());
    let tied: Vec<PodGroup> = tied.copied().collect();
    let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    (0..index.nodes())
        .map(|n| {
            let mut key = vec![index.class[n], usize::from(base.down[n])];
            key.extend(tied.iter().map(|item| usize::from(base.reaches(*item, n))));
            key.extend(base.claims_tied_elsewhere(n).map(usize::from));
            let next = known.len();
            *known.entry(key).or_insert(next)
        })
        .collect()
}

struct AssignmentSearch<'a, 'e> {
    base: &'a PlacementState<'a>,
    state: PlacementState<'a>,
    items: &'a [PodGroup],
    preference: Vec<usize>,
    class: Vec<usize>,
    left: Vec<u32>,
    frames: Vec<SearchFrame>,
    dead: BTreeSet<Vec<i64>>,
    effort: &'e mut SearchEffort,
}

/// A pod that has, or looks for, a node.
struct SearchFrame {
    item: usize,
    /// The nodes in the order in which they are tried.
    nodes: Rc<Vec<usize>>,
    /// Positions in `nodes` that are left to try, the next last.
    untried: Vec<usize>,
    placed: Option<usize>,
    /// The situation before the item's first pod.
    situation: Option<Vec<i64>>,
}

impl AssignmentSearch<'_, '_> {
    fn run(&mut self) -> SearchOutcome {
        loop {
            if self.left.iter().all(|n| *n == 0) {
                if let Some(order) = self.order() {
                    return SearchOutcome::Placed(order);
                }
            } else {
                self.open();
            }
            if self.effort.exhausted() {
                return SearchOutcome::Unknown;
            }
            if !self.advance() {
                return SearchOutcome::Nothing;
            }
        }
    }

    fn order(&mut self) -> Option<Vec<PodPlacement>> {
        if sequence::is_skewed(&self.state, |_| 0) {
            return None;
        }
        let placed = self.frames.iter().filter_map(|f| {
            Some(PodPlacement {
                workload: self.items[f.item].workload,
                node: f.nodes[f.placed?],
            })
        });
        let pods: Vec<PodPlacement> = placed.collect();
        sequence::find_order(self.base, &pods, self.effort)
    }

    /// Opens a frame for the next pod. One that leads nowhere has nothing to try.
    fn open(&mut self) {
        let (item, nodes, from) = match self.frames.last() {
            Some(frame) if self.left[frame.item] > 0 => (
                frame.item,
                Rc::clone(&frame.nodes),
                frame.placed.unwrap_or(0),
            ),
            _ => return self.open_item(),
        };
        let untried = self.untried(item, &nodes, from);
        self.frames.push(SearchFrame {
            item,
            nodes,
            untried,
            placed: None,
            situation: None,
        });
    }

    fn open_item(&mut self) {
        let situation = self.situation();
        let hopeless = self.dead.contains(&situation) || self.hopeless();
        let item = self.tightest();
        let mut nodes: Vec<usize> = (0..self.state.index.nodes()).collect();
        let emptiest = |n: &usize| std::cmp::Reverse(self.state.room(self.items[item], *n));
        nodes.sort_by_cached_key(emptiest);
        let nodes = Rc::new(nodes);
        let untried = if hopeless {
            Vec::new()
        } else {
            self.untried(item, &nodes, 0)
        };
        self.frames.push(SearchFrame {
            item,
            nodes,
            untried,
            placed: None,
            situation: Some(situation),
        });
    }

    /// Positions from `from` on where the next pod of the item can go, the first last.
    fn untried(&mut self, item: usize, nodes: &[usize], from: usize) -> Vec<usize> {
        self.effort.spend(nodes.len() - from);
        let wanted = self.items[item];
        let left = &self.left;
        let items = self.items;
        let awaited = |w: usize| {
            items
                .iter()
                .zip(left)
                .any(|(i, n)| i.workload == w && *n > 0)
        };
        let mut room: u64 = 0;
        let mut found: Vec<usize> = Vec::new();
        for position in from..nodes.len() {
            let node = nodes[position];
            room += u64::from(self.state.room(wanted, node));
            let alike = |other: &usize| {
                let other = nodes[*other];
                self.class[other] == self.class[node] && self.same_pods(other, node)
            };
            if self.state.possible(wanted, node)
                && self.state.affinity_possible(wanted.workload, node, awaited)
                && !found.iter().any(alike)
            {
                found.push(position);
            }
        }
        if room < u64::from(self.left[item]) {
            return Vec::new();
        }
        found.reverse();
        found
    }

    fn same_pods(&self, a: usize, b: usize) -> bool {
        let width = self.state.index.workloads();
        self.state.rows[a * width..(a + 1) * width] == self.state.rows[b * width..(b + 1) * width]
    }

    /// Takes the next untried node of the last frame; goes back where there is none. `false` when everything has been tried.
    fn advance(&mut self) -> bool {
        while let Some(frame) = self.frames.last_mut() {
            let workload = self.items[frame.item].workload;
            if let Some(position) = frame.placed.take() {
                self.state.remove(workload, frame.nodes[position]);
                self.left[frame.item] += 1;
            }
            if let Some(position) = frame.untried.pop() {
                frame.placed = Some(position);
                self.left[frame.item] -= 1;
                self.state.place(workload, frame.nodes[position]);
                return true;
            }
            let done = self.frames.pop();
            if let Some(situation) = done
                .and_then(|f| f.situation)
                .filter(|_| self.dead.len() < MEMORY)
            {
                self.dead.insert(situation);
            }
        }
        false
    }

    fn hopeless(&mut self) -> bool {
        self.effort
            .spend(self.items.len() * self.state.index.nodes());
        let rest: Vec<PodGroup> = self.rest().map(|(_, item)| item).collect();
        let awaited = |w: usize| {
            rest.iter()
                .filter(|i| i.workload == w)
                .map(|i| u64::from(i.pods))
                .sum::<u64>()
        };
        sequence::is_skewed(&self.state, awaited) || find_shortage(&self.state, &rest).is_some()
    }

    fn rest(&self) -> impl Iterator<Item = (usize, PodGroup)> {
        let left = |(i, item): (usize, &PodGroup)| {
            (
                i,
                PodGroup {
                    pods: self.left[i],
                    ..*item
                },
            )
        };
        self.items
            .iter()
            .enumerate()
            .map(left)
            .filter(|(_, item)| item.pods > 0)
    }

    /// Returns the item with the least room beyond its pods; those that wait for pods to be with come later.
    fn tightest(&self) -> usize {
        let waits = |item: &PodGroup| {
            self.state.index.group_of[item.workload].is_some_and(|g| {
                let group = &self.state.index.groups[g];
                self.rest().any(|(_, other)| {
                    group.members[other.workload] && !group.owners[other.workload]
                })
            })
        };
        let slack = |item: PodGroup| {
            let room: u64 = (0..self.state.index.nodes())
                .map(|n| u64::from(self.state.room(item, n)))
                .sum();
            room.saturating_sub(u64::from(item.pods))
        };
        let rank = |i: usize| self.preference.iter().position(|p| *p == i);
        self.rest()
            .min_by_key(|(i, item)| (waits(item), slack(*item), rank(*i)))
            .map_or(0, |(i, _)| i)
    }

    /// Returns the key of the subproblem that is left: the free capacity of each node, and the pods there that matter to others. Alike nodes are
    /// sorted, so that exchanging them gives the same situation.
    fn situation(&self) -> Vec<i64> {
        let index = self.state.index;
        let row = |n: usize| {
            let mut row = vec![i64::try_from(self.class[n]).unwrap_or(i64::MAX)];
            row.extend(&self.state.free[n * index.resources..(n + 1) * index.resources]);
            let matters = (0..index.workloads()).filter(|w| index.interacts[*w]);
            row.extend(matters.map(|w| i64::from(self.state.count(w, n))));
            row
        };
        let mut rows: Vec<Vec<i64>> = (0..index.nodes()).map(row).collect();
        rows.sort_unstable();
        let left = self.left.iter().map(|n| i64::from(*n));
        left.chain(rows.into_iter().flatten()).collect()
    }
}
