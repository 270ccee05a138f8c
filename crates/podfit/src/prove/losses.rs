//! The sets of nodes that a site promises to do without, and those that it does without at present.

use std::collections::{BTreeMap, BTreeSet};

use super::index::ProblemIndex;
use kubernetes_vocabulary::labels::ZONE;

/// Nodes that are lost at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeLoss {
    /// The zones, where whole zones are lost.
    pub zones: Vec<String>,
    /// The nodes, by their position in the problem.
    pub nodes: Vec<usize>,
}

/// Sets of nodes beyond this number are not looked at one by one.
pub(super) const LOSSES: usize = 20_000;

/// Returns the nodes that are away at present, as a loss.
pub(super) fn find_nodes_away(index: &ProblemIndex<'_>) -> Option<NodeLoss> {
    let machines = &index.problem.machines;
    let is_away = |n: &usize| machines.get(*n).is_some_and(|machine| machine.away);
    let nodes: Vec<usize> = (0..index.nodes()).filter(is_away).collect();
    (!nodes.is_empty()).then_some(NodeLoss {
        zones: Vec::new(),
        nodes,
    })
}

/// Returns every loss that the site promises to survive, and the one that is asked about. `None` if there are too many.
pub(super) fn list_losses(index: &ProblemIndex<'_>) -> Option<Vec<NodeLoss>> {
    let problem = index.problem;
    let mut found: Vec<NodeLoss> = Vec::new();
    let machines = problem.machines.iter().enumerate();
    let asked: Vec<usize> = machines.filter(|(_, m)| m.lost).map(|(n, _)| n).collect();
    found.push(NodeLoss {
        zones: Vec::new(),
        nodes: asked,
    });
    let all: Vec<usize> = (0..index.nodes()).collect();
    for nodes in choose_subsets(&all, problem.lost_nodes as usize)? {
        found.push(NodeLoss {
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
    for lost in choose_subsets(&names, problem.lost_zones as usize)? {
        let mut nodes: Vec<usize> = lost
            .iter()
            .filter_map(|z| zones.get(*z))
            .flatten()
            .copied()
            .collect();
        nodes.sort_unstable();
        found.push(NodeLoss {
            zones: lost.into_iter().cloned().collect(),
            nodes,
        });
    }
    let mut seen = BTreeSet::new();
    found.retain(|loss| !loss.nodes.is_empty() && seen.insert(loss.nodes.clone()));
    Some(found)
}

/// Returns every choice of `size` of the elements, in order; none for size 0; `None` if there are too many.
fn choose_subsets<T: Clone>(all: &[T], size: usize) -> Option<Vec<Vec<T>>> {
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
