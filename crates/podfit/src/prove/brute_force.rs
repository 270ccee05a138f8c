//! A reference that tries everything, with the filters as they are written, against which the prover is held.

use std::collections::BTreeSet;

use super::*;
use crate::scheduler::{ClusterState, PlacedPod, PodCandidate, PodSpec, find_reasons};

/// Returns all pods, each with its specification.
pub(super) fn pods(problem: &PlacementProblem) -> Vec<(usize, PodSpec)> {
    let of = |(w, workload): (usize, &Workload)| -> Vec<(usize, PodSpec)> {
        let spec = &workload.spec;
        if !workload.per_node {
            return vec![(w, spec.clone()); workload.pods as usize];
        }
        let nodes = problem
            .nodes
            .iter()
            .filter(|n| crate::scheduler::daemon_runs_on(spec, n));
        nodes
            .map(|n| (w, spec.with_daemon_tolerations().pinned_to(&n.name)))
            .collect()
    };
    problem.workloads.iter().enumerate().flat_map(of).collect()
}

/// Returns whether the scheduler can place all pods, in any order and on any nodes.
pub(super) fn feasible(problem: &PlacementProblem, pods: &[(usize, PodSpec)]) -> bool {
    let mut search = ExhaustiveSearch {
        problem,
        pods,
        places: vec![None; pods.len()],
        seen: BTreeSet::new(),
    };
    search.run()
}

struct ExhaustiveSearch<'a> {
    problem: &'a PlacementProblem,
    pods: &'a [(usize, PodSpec)],
    places: Vec<Option<usize>>,
    seen: BTreeSet<Vec<(usize, Option<usize>, String)>>,
}

impl ExhaustiveSearch<'_> {
    fn run(&mut self) -> bool {
        if self.places.iter().all(Option::is_some) {
            return true;
        }
        // Pods of a workload are alike; DaemonSet pods are told apart by the node they are for.
        let mut key: Vec<_> = (0..self.pods.len())
            .map(|p| (self.pods[p].0, self.places[p], self.name(p)))
            .collect();
        key.sort();
        if !self.seen.insert(key) {
            return false;
        }
        for pod in 0..self.pods.len() {
            let twin = |other: usize| {
                self.places[other].is_none()
                    && self.pods[other].0 == self.pods[pod].0
                    && self.name(other) == self.name(pod)
            };
            if self.places[pod].is_some() || (0..pod).any(twin) {
                continue;
            }
            for node in 0..self.problem.nodes.len() {
                if self.passes(pod, node) {
                    self.places[pod] = Some(node);
                    if self.run() {
                        return true;
                    }
                    self.places[pod] = None;
                }
            }
        }
        false
    }

    fn name(&self, pod: usize) -> String {
        format!("{:?}", self.pods[pod].1.node_affinity)
    }

    fn passes(&self, pod: usize, node: usize) -> bool {
        let there = self
            .pods
            .iter()
            .zip(&self.places)
            .filter_map(|((_, spec), at)| Some(PlacedPod { spec, node: (*at)? }));
        let cluster = ClusterState {
            nodes: &self.problem.nodes,
            namespaces: &self.problem.namespaces,
            placed: there.collect(),
        };
        find_reasons(
            &cluster,
            PodCandidate {
                spec: &self.pods[pod].1,
                home: None,
            },
            node,
        )
        .is_empty()
    }
}

/// Checks a witness with the filters as they are written: every pod passes when its turn comes.
pub(super) fn replays(problem: &PlacementProblem, order: &[PodPlacement]) -> bool {
    let all = pods(problem);
    let mut left: Vec<Option<&(usize, PodSpec)>> = all.iter().map(Some).collect();
    let mut cluster = ClusterState {
        nodes: &problem.nodes,
        namespaces: &problem.namespaces,
        placed: Vec::new(),
    };
    for placement in order {
        let fits = |pod: &&mut Option<&(usize, PodSpec)>| {
            pod.is_some_and(|(w, spec)| {
                let candidate = PodCandidate { spec, home: None };
                *w == placement.workload
                    && find_reasons(&cluster, candidate, placement.node).is_empty()
            })
        };
        let Some(pod) = left.iter_mut().find(fits).and_then(Option::take) else {
            return false;
        };
        cluster.placed.push(PlacedPod {
            spec: &pod.1,
            node: placement.node,
        });
    }
    left.iter().all(Option::is_none)
}
