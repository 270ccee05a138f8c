//! Orders in which pods come, and what is left in some of them.

use super::*;

/// Two nodes of 8 CPUs: two pods of 4 and one of 8 fit where the small ones share a node.
fn tight(priority: i32) -> PlacementProblem {
    let large = Workload {
        priority,
        ..workload("large", 1, &cpu(8))
    };
    PlacementProblem {
        nodes: vec![node("a", &[], 8, 8), node("b", &[], 8, 8)],
        workloads: vec![workload("small", 2, &cpu(4)), large],
        ..PlacementProblem::default()
    }
}

#[test]
fn small_pods_that_come_first_leave_no_room_for_a_large_one() {
    let proof = prove(&tight(0));
    assert!(matches!(proof.outcome, ProofOutcome::Proved(_)));
    let risk = proof.order.unwrap();
    assert_eq!(risk.stranded, [1]);
    assert_eq!(risk.first, [1]);
}

#[test]
fn a_priority_settles_the_order() {
    assert_eq!(prove(&tight(1000)).order, None);
}

#[test]
fn room_enough_needs_no_order() {
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![workload("small", 2, &cpu(2)), workload("large", 1, &cpu(6))],
        ..PlacementProblem::default()
    };
    assert_eq!(prove(&problem).order, None);
}

#[test]
fn a_pod_waits_for_the_one_that_it_must_be_with() {
    let mut follower = cpu(1);
    follower["affinity"] = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "leader"}}}]}});
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![
            workload("follower", 2, &follower),
            workload("leader", 1, &cpu(1)),
        ],
        ..PlacementProblem::default()
    };
    assert_eq!(prove(&problem).order, None);
}

#[test]
fn pods_that_tolerate_everything_stay_on_a_dead_node() {
    let tolerant = |seconds: Value| {
        let mut spec = cpu(1);
        spec["tolerations"] = json!([{"operator": "Exists", "tolerationSeconds": seconds}]);
        let proof = proof(three(), vec![workload("web", 1, &spec)]);
        let fates = proof.losses.into_iter().flat_map(|l| l.fates.into_values());
        fates.collect::<Vec<_>>()
    };
    let stays = |fate: &WorkloadFate| {
        matches!(
            fate,
            WorkloadFate::Fails {
                why: LossFailure::NotEvicted,
                ..
            }
        )
    };
    assert!(tolerant(Value::Null).iter().any(stays));
    assert!(!tolerant(json!(60)).iter().any(stays));
}
