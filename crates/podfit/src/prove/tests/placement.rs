//! Whether pods can be placed, and why not.

use super::*;
use crate::scheduler::PodVolume;

#[test]
fn a_core_names_each_node_and_what_it_lacks() {
    let power = node("power-0", &[("kubernetes.io/arch", "ppc64le")], 2, 8);
    let acp = node("acp-1", &[("kubernetes.io/arch", "amd64")], 8, 8);
    let mut spec = cpu(3);
    spec["nodeSelector"] = json!({"kubernetes.io/arch": "ppc64le"});
    let filler = workload("filler", 2, &cpu(1));
    let proof = proof(vec![acp, power], vec![filler, workload("db", 1, &spec)]);
    assert_eq!(core(&proof).pods, [(1, 1)]);
    assert_eq!(
        words(&core(&proof).reasons),
        ["arch amd64, needs ppc64le", "2,000m CPU free, needs 3,000m"]
    );
}

#[test]
fn one_replica_too_many_for_hostname_anti_affinity() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("web", HOSTNAME);
    let proof = proof(
        three(),
        vec![workload("other", 5, &cpu(1)), workload("web", 4, &spec)],
    );
    assert_eq!(core(&proof).pods, [(1, 4)]);
    assert_eq!(words(&core(&proof).reasons), ["web is in the same node"; 3]);
}

#[test]
fn a_core_of_several_workloads_is_as_small_as_the_shortage() {
    let workloads = vec![
        workload("small", 1, &cpu(1)),
        workload("large", 3, &cpu(6)),
        workload("medium", 3, &cpu(3)),
    ];
    let proof = proof(three(), workloads);
    assert_eq!(core(&proof).pods, [(1, 3), (2, 1)]);
}

#[test]
fn an_absurd_number_of_replicas_on_many_nodes_is_counted_and_not_placed() {
    let nodes: Vec<NodeInfo> = (0..400)
        .map(|n| node(&format!("n{n}"), &[], 64, 64))
        .collect();
    let mut workloads: Vec<Workload> = (0..100)
        .map(|w| workload(&format!("w{w}"), 2, &cpu(1)))
        .collect();
    workloads.push(workload("many", 4_000_000_000, &cpu(1)));
    let found = proof(nodes, workloads);
    let UnplaceableCore { pods, unplaced, .. } = core(&found);
    assert_eq!(
        (pods.as_slice(), *unplaced),
        ([(100, 400 * 64 + 1)].as_slice(), 100)
    );
}

#[test]
fn large_pods_that_only_one_arrangement_fits_are_placed() {
    // First fit fails: 8 = 5 + 3 = 4 + 4 = 6 + 2 on three nodes of 8.
    let pods = [
        ("p1", 4, 2),
        ("p2", 3, 1),
        ("p3", 5, 1),
        ("p4", 2, 1),
        ("p5", 6, 1),
    ];
    let workloads = pods
        .iter()
        .map(|(app, size, n)| workload(app, *n, &cpu(*size)))
        .collect();
    assert!(matches!(
        proof(three(), workloads).outcome,
        ProofOutcome::Proved(_)
    ));
}

#[test]
fn the_bound_on_steps_gives_an_honest_answer() {
    // Pieces of hundreds that fill six nodes to the last hundred, and one hundred too many: no sum shows it.
    let size = |n: u64| 100 * (1000 + 37 * n + u64::from(n == 0));
    let workloads = (0..24)
        .map(|n| workload(&format!("w{n}"), 1, &cpu(size(n))))
        .collect();
    let nodes = (0..6)
        .map(|n| node(&format!("n{n}"), &[], 570_299, 1))
        .collect();
    let problem = PlacementProblem {
        nodes,
        workloads,
        ..PlacementProblem::default()
    };
    assert!(
        matches!(prove_within(&problem, 10_000).outcome, ProofOutcome::NotProved { steps } if steps > 10_000)
    );
}

#[test]
fn a_shared_claim_is_tied_to_the_segment_where_its_pods_are_or_where_it_was_bound() {
    let mut user = workload("user", 1, &cpu(1));
    user.spec.volumes = vec![PodVolume {
        claim: "data".to_owned(),
        shared: true,
        segment: vec![HOSTNAME.to_owned()],
        ..PodVolume::default()
    }];
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![user],
        ..PlacementProblem::default()
    };
    let index = ProblemIndex::new(&problem);
    let mut state = PlacementState::empty(&index);
    assert_eq!(tied_elsewhere(&state), [false, false, false]);
    state.place(0, 1);
    assert_eq!(tied_elsewhere(&state), [true, false, true]);
    state.remove(0, 1);
    assert_eq!(tied_elsewhere(&state), [false, false, false]);
    state.place(0, 1);
    state.bind_claims();
    state.remove(0, 1);
    assert_eq!(tied_elsewhere(&state), [true, false, true]);
}

fn tied_elsewhere(state: &PlacementState<'_>) -> Vec<bool> {
    (0..3)
        .flat_map(|node| state.claims_tied_elsewhere(node))
        .collect()
}
