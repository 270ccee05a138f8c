//! Losses, drains, updates, margins.

use super::*;
use crate::scheduler::{CURRENT, PodVolume};
use kubernetes_vocabulary::labels::POD_TEMPLATE_HASH;
use kubernetes_vocabulary::{LabelRequirement, LabelSelector, SelectorOperator};

fn fate(proof: &Proof, loss: usize, w: usize) -> &WorkloadFate {
    &proof.losses[loss].fates[&w]
}

#[test]
fn lost_pods_move_where_there_is_room() {
    let proof = proof(three(), vec![workload("web", 3, &cpu(4))]);
    assert_eq!(proof.losses.len(), 3);
    assert!(
        (0..3).all(|n| *fate(&proof, n, 0) == WorkloadFate::Moved { pods: 1 }),
        "{:?}",
        proof.losses
    );
}

#[test]
fn lost_pods_without_room_fail_with_a_reason_for_each_node() {
    let proof = proof(three(), vec![workload("web", 3, &cpu(5))]);
    let WorkloadFate::Fails {
        missing: 1,
        why: LossFailure::NoPlace(reasons),
    } = fate(&proof, 0, 0)
    else {
        panic!("{proof:?}")
    };
    assert_eq!(words(reasons), ["3,000m CPU free, needs 5,000m"; 2]);
    assert_eq!(proof.losses[0].core.as_ref().unwrap().pods, [(0, 1)]);
}

#[test]
fn pods_that_fit_only_if_others_move_are_told_apart() {
    // Two of 4 and one of 5 run on b and c; the pod of 8 fits on neither unless they come together.
    let pinned = |app: &str, name: &str| {
        let mut spec = cpu(4);
        spec["nodeSelector"] = json!({HOSTNAME: name});
        workload(app, 1, &spec)
    };
    let proof = proof(
        three(),
        vec![
            pinned("x", "b"),
            workload("y", 1, &cpu(4)),
            workload("z", 1, &cpu(8)),
        ],
    );
    let lost = proof
        .losses
        .iter()
        .find(|l| l.fates.get(&2).is_some_and(WorkloadFate::fails));
    if let Some(WorkloadFate::Fails { why, .. }) = lost.map(|l| &l.fates[&2]) {
        assert!(matches!(why, LossFailure::OnlyByMoving(_)), "{why:?}");
    }
}

#[test]
fn copies_and_majorities_that_keep_apart_bear_the_loss_of_one() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("etcd", HOSTNAME);
    let of = |redundancy| {
        let proof = proof(
            three(),
            vec![Workload {
                redundancy,
                ..workload("etcd", 3, &spec)
            }],
        );
        fate(&proof, 0, 0).clone()
    };
    assert_eq!(
        of(Redundancy::Majority),
        WorkloadFate::Degraded { missing: 1 }
    );
    assert_eq!(
        of(Redundancy::Copies),
        WorkloadFate::Degraded { missing: 1 }
    );
    assert!(matches!(
        of(Redundancy::Each),
        WorkloadFate::Fails {
            missing: 1,
            why: LossFailure::NoPlace(_)
        }
    ));
}

#[test]
fn a_majority_on_one_node_is_lost_with_it() {
    let mut spec = cpu(1);
    spec["nodeSelector"] = json!({HOSTNAME: "a"});
    let proof = proof(
        three(),
        vec![Workload {
            redundancy: Redundancy::Majority,
            ..workload("etcd", 3, &spec)
        }],
    );
    assert_eq!(
        *fate(&proof, 0, 0),
        WorkloadFate::Fails {
            missing: 3,
            why: LossFailure::MajorityLost
        }
    );
}

#[test]
fn a_local_volume_keeps_its_pod_on_the_lost_node() {
    let mut db = workload("db", 1, &cpu(1));
    db.spec.volumes.push(PodVolume {
        claim: "data".to_owned(),
        segment: vec![HOSTNAME.to_owned()],
        ..PodVolume::default()
    });
    let proof = proof(three(), vec![db]);
    let lost = proof.losses.iter().find_map(|l| l.fates.get(&0)).unwrap();
    assert_eq!(
        *lost,
        WorkloadFate::Fails {
            missing: 1,
            why: LossFailure::VolumeLost
        }
    );
}

#[test]
fn stateful_pods_move_only_from_nodes_that_are_fenced() {
    let db = Workload {
        recovery: Recovery::Fenced,
        ..workload("db", 1, &cpu(1))
    };
    let fates = |remediated| {
        let machines = vec![
            MachineState {
                remediated,
                ..MachineState::default()
            };
            3
        ];
        let problem = PlacementProblem {
            nodes: three(),
            workloads: vec![db.clone()],
            machines,
            lost_nodes: 1,
            ..PlacementProblem::default()
        };
        prove(&problem)
            .losses
            .iter()
            .find_map(|l| l.fates.get(&0).cloned())
            .unwrap()
    };
    assert_eq!(fates(true), WorkloadFate::Moved { pods: 1 });
    assert_eq!(
        fates(false),
        WorkloadFate::Fails {
            missing: 1,
            why: LossFailure::NotFenced
        }
    );
}

#[test]
fn what_need_not_survive_gives_way() {
    let cache = Workload {
        expendable: Some("a cache".to_owned()),
        ..workload("cache", 3, &cpu(4))
    };
    let proof = proof(three(), vec![cache, workload("web", 3, &cpu(4))]);
    assert_eq!(
        *fate(&proof, 0, 1),
        WorkloadFate::Fails {
            missing: 1,
            why: fate_why(&proof)
        }
    );
    let cache = Workload {
        expendable: Some("a cache".to_owned()),
        ..workload("cache", 3, &cpu(4))
    };
    let proof = self::proof(three(), vec![cache, workload("web", 3, &cpu(2))]);
    assert_eq!(*fate(&proof, 0, 0), WorkloadFate::Expendable { missing: 1 });
    assert_eq!(*fate(&proof, 0, 1), WorkloadFate::Moved { pods: 1 });
}

fn fate_why(proof: &Proof) -> LossFailure {
    let WorkloadFate::Fails { why, .. } = fate(proof, 0, 1) else {
        panic!("{proof:?}")
    };
    why.clone()
}

#[test]
fn pods_of_a_daemon_set_go_with_their_node() {
    let agent = Workload {
        per_node: true,
        ..workload("agent", 0, &cpu(1))
    };
    let proof = proof(three(), vec![agent]);
    assert!((0..3).all(|n| *fate(&proof, n, 0) == WorkloadFate::Gone));
}

#[test]
fn zones_are_lost_with_all_of_their_nodes() {
    let zones = ["1", "1", "2", "2"].iter().enumerate();
    let nodes = zones
        .map(|(n, z)| {
            node(
                &format!("n{n}"),
                &[("topology.kubernetes.io/zone", z)],
                8,
                8,
            )
        })
        .collect();
    let problem = PlacementProblem {
        nodes,
        workloads: vec![workload("web", 4, &cpu(4))],
        lost_zones: 1,
        ..PlacementProblem::default()
    };
    let proof = prove(&problem);
    let lost: Vec<_> = proof
        .losses
        .iter()
        .map(|l| (l.loss.zones.clone(), l.loss.nodes.clone()))
        .collect();
    assert_eq!(
        lost,
        [
            (vec!["1".to_owned()], vec![0, 1]),
            (vec!["2".to_owned()], vec![2, 3])
        ]
    );
    assert!(
        proof
            .losses
            .iter()
            .all(|l| l.fates[&0] == WorkloadFate::Moved { pods: 2 })
    );
}

#[test]
fn a_node_that_is_away_is_told_apart_from_promises() {
    let machines = vec![
        MachineState::default(),
        MachineState {
            remediated: false,
            away: true,
            lost: false,
        },
        MachineState::default(),
    ];
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![workload("web", 3, &cpu(5))],
        machines,
        ..PlacementProblem::default()
    };
    let proof = prove(&problem);
    assert!(matches!(proof.outcome, ProofOutcome::Proved(_)));
    assert!(proof.losses.is_empty());
    let away = proof.away.unwrap();
    assert_eq!(away.loss.nodes, [1]);
    assert!(away.fates[&0].fails());
}

#[test]
fn a_budget_that_allows_nothing_blocks_every_drain() {
    let selector = LabelSelector {
        requirements: vec![LabelRequirement::new("app", SelectorOperator::In, &["web"])],
    };
    let with = |limit| {
        let budget = DisruptionBudget {
            name: "web".into(),
            namespace: "default".into(),
            selector: Some(selector.clone()),
            limit,
        };
        let problem = PlacementProblem {
            nodes: three(),
            workloads: vec![workload("web", 3, &cpu(1))],
            budgets: vec![budget],
            ..PlacementProblem::default()
        };
        prove(&problem).drains
    };
    let never = |pods| {
        [BlockedDrain {
            budget: 0,
            workload: 0,
            node: None,
            why: DrainBlock::NeverAllows { pods },
        }]
    };
    assert_eq!(with(BudgetLimit::MinAvailable(PodShare::Pods(3))), never(3));
    assert_eq!(
        with(BudgetLimit::MinAvailable(PodShare::Percent(67))),
        never(3)
    );
    assert_eq!(
        with(BudgetLimit::MaxUnavailable(PodShare::Pods(0))),
        never(3)
    );
    assert_eq!(with(BudgetLimit::MinAvailable(PodShare::Percent(66))), []);
    assert_eq!(with(BudgetLimit::MaxUnavailable(PodShare::Percent(1))), []);
}

#[test]
fn a_budget_waits_for_pods_that_no_other_node_takes() {
    let selector = LabelSelector {
        requirements: vec![LabelRequirement::new("app", SelectorOperator::In, &["db"])],
    };
    let db = Workload {
        redundancy: Redundancy::Majority,
        ..workload("db", 6, &cpu(4))
    };
    let drains = |limit| {
        let budget = DisruptionBudget {
            name: "db".into(),
            namespace: "default".into(),
            selector: Some(selector.clone()),
            limit,
        };
        let problem = PlacementProblem {
            nodes: three(),
            workloads: vec![db.clone()],
            budgets: vec![budget],
            lost_nodes: 1,
            ..PlacementProblem::default()
        };
        prove(&problem).drains
    };
    let blocked = drains(BudgetLimit::MaxUnavailable(PodShare::Pods(1)));
    assert_eq!(blocked.len(), 3);
    assert!(
        matches!(
            &blocked[0].why,
            DrainBlock::NoPlace {
                pods: 2,
                allowed: 1,
                ..
            }
        ),
        "{blocked:?}"
    );
    assert_eq!(drains(BudgetLimit::MaxUnavailable(PodShare::Pods(2))), []);
}

#[test]
fn two_budgets_over_one_pod_block_its_eviction() {
    let selector = Some(LabelSelector::default());
    let budget = |name: &str| DisruptionBudget {
        name: name.into(),
        namespace: "default".into(),
        selector: selector.clone(),
        ..DisruptionBudget::default()
    };
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![workload("web", 3, &cpu(1))],
        budgets: vec![budget("x"), budget("y")],
        ..PlacementProblem::default()
    };
    let why = DrainBlock::TwoBudgets { other: 1 };
    assert_eq!(
        prove(&problem).drains,
        [BlockedDrain {
            budget: 0,
            workload: 0,
            node: None,
            why
        }]
    );
}

#[test]
fn a_rolling_update_needs_a_place_for_the_pod_it_adds_first() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("web", HOSTNAME);
    let with = |unavailable, replicas| {
        let rollout = Some(RollingUpdate {
            surge: 1,
            unavailable,
        });
        proof(
            three(),
            vec![Workload {
                rollout,
                ..workload("web", replicas, &spec)
            }],
        )
        .rollouts
    };
    assert_eq!(with(0, 3).len(), 1);
    assert_eq!(
        words(&with(0, 3)[0].reasons),
        ["web is in the same node"; 3]
    );
    assert_eq!(with(1, 3), []);
    assert_eq!(with(0, 2), []);
}

#[test]
fn the_margin_counts_what_would_still_fit() {
    let problem = PlacementProblem {
        nodes: three(),
        workloads: vec![workload("web", 3, &cpu(3))],
        ..PlacementProblem::default()
    };
    let ProofOutcome::Proved(order) = prove(&problem).outcome else {
        panic!()
    };
    let lost = &prove(&PlacementProblem {
        lost_nodes: 1,
        ..problem.clone()
    })
    .losses[0];
    assert_eq!(
        count_margins(&problem, &order, &[(0, None), (0, Some(lost))], 99),
        [3, 1]
    );
    assert_eq!(count_margins(&problem, &order, &[(0, None)], 1), [1]);
}

#[test]
fn a_revision_that_spreads_by_itself_does_not_block_the_next() {
    let update = |keys: Value| {
        let mut spec = cpu(1);
        spec["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": HOSTNAME, "matchLabelKeys": keys,
            "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}]);
        spec["nodeSelector"] = json!({"half": "yes"});
        let pair = labels(&[("app", "web"), (POD_TEMPLATE_HASH, CURRENT)]);
        let (spec, _) = PodSpec::read("web", "default", &pair, &spec);
        let rollout = Some(RollingUpdate {
            surge: 1,
            unavailable: 0,
        });
        let web = Workload {
            spec,
            pods: 3,
            rollout,
            ..Workload::default()
        };
        let nodes = vec![
            node("a", &[("half", "yes")], 8, 8),
            node("b", &[("half", "yes")], 1, 8),
        ];
        prove(&PlacementProblem {
            nodes,
            workloads: vec![web],
            ..PlacementProblem::default()
        })
        .rollouts
        .len()
    };
    // Two pods run on a and one on b, which is full: a third on a would be two more than on b.
    assert_eq!(update(json!([])), 1);
    assert_eq!(update(json!([POD_TEMPLATE_HASH])), 0);
}
