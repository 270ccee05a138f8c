//! Thousands of small problems, each answered twice.

use super::super::brute_force::{feasible, pods, replays};
use super::*;
use crate::scheduler::PodVolume;
use kubernetes_vocabulary::{Taint, TaintEffect};

/// A small generator of numbers (xorshift), so that every run tries the same cases.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.roll(words.len() as u64)).unwrap()]
    }
}

fn random_spec(dice: &mut Dice, app: &str) -> Value {
    let keys = ["zone", HOSTNAME];
    let mut spec = json!({"containers": [{"resources": {"requests": {
        "cpu": dice.roll(4), "memory": dice.roll(4)}}}]});
    if dice.one_in(4) {
        spec["nodeSelector"] = json!({"arch": dice.pick(&["x", "y"])});
    }
    if dice.one_in(5) {
        spec["tolerations"] = json!([{"operator": "Exists"}]);
    }
    if dice.one_in(8) {
        let port = 80 + dice.roll(2);
        spec["containers"][0]["ports"] = json!([{"containerPort": port, "hostPort": port}]);
    }
    let other = if dice.one_in(2) {
        app
    } else {
        dice.pick(&["a", "b", "c", "d"])
    };
    if dice.one_in(4) {
        spec["affinity"] = apart(other, dice.pick(&keys));
    } else if dice.one_in(5) {
        let mut terms = apart(other, dice.pick(&keys))["podAntiAffinity"].clone();
        if dice.one_in(4) {
            let more = apart(dice.pick(&["a", "b", "c", "d"]), dice.pick(&keys));
            terms["requiredDuringSchedulingIgnoredDuringExecution"]
                .as_array_mut()
                .unwrap()
                .push(
                    more["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
                        .clone(),
                );
        }
        spec["affinity"] = json!({"podAffinity": terms});
    }
    if dice.one_in(4) {
        let mut c = json!({"maxSkew": 1 + dice.roll(2), "topologyKey": dice.pick(&keys),
            "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": other}}});
        if dice.one_in(3) {
            c["minDomains"] = json!(2 + dice.roll(2));
        }
        if dice.one_in(3) {
            c["nodeTaintsPolicy"] = json!("Honor");
        }
        if dice.one_in(3) {
            c["nodeAffinityPolicy"] = json!("Ignore");
        }
        if dice.one_in(4) {
            c["labelSelector"] = json!({});
        }
        spec["topologySpreadConstraints"] = json!([c]);
    }
    spec
}

fn random_problem(dice: &mut Dice) -> PlacementProblem {
    let (nodes, mut budget) = match dice.roll(20) {
        0 => (5, 5),
        1 => (2, 8),
        2 => (3, 7),
        _ => (1 + dice.roll(4), 1 + dice.roll(5)),
    };
    let mut problem = PlacementProblem::default();
    for n in 0..nodes {
        let mut pairs = vec![("arch", dice.pick(&["x", "x", "y"]))];
        let zone = dice.pick(&["1", "2", "3", ""]);
        if !zone.is_empty() {
            pairs.push(("zone", zone));
        }
        let small = i64::try_from(1 + dice.roll(5)).unwrap();
        let mut made = node(&format!("n{n}"), &pairs, small, 6 - small + 1);
        if dice.one_in(6) {
            made.taints.push(Taint {
                key: "t".to_owned(),
                value: String::new(),
                effect: TaintEffect::NoSchedule,
            });
        }
        made.unschedulable = dice.one_in(12);
        problem.nodes.push(made);
    }
    for app in ["a", "b", "c", "d"] {
        if budget == 0 {
            break;
        }
        let pods = 1 + dice.roll(3).min(budget - 1);
        let spec = random_spec(dice, app);
        let mut made = workload(app, u32::try_from(pods).unwrap(), &spec);
        if dice.one_in(10) && nodes <= budget {
            made.per_node = true;
            budget -= nodes;
        } else {
            budget -= pods;
        }
        if dice.one_in(8) {
            // What a claim is, is the same for all of its users.
            let (claim, key, exclusive) = [
                ("zonal", "zone", false),
                ("local", HOSTNAME, false),
                ("solo", HOSTNAME, true),
            ][usize::try_from(dice.roll(3)).unwrap()];
            made.spec.volumes.push(PodVolume {
                claim: claim.to_owned(),
                shared: true,
                exclusive,
                segment: vec![key.to_owned()],
                ..PodVolume::default()
            });
        }
        problem.workloads.push(made);
    }
    problem
}

fn core_is_infeasible(problem: &PlacementProblem, core: &UnplaceableCore) -> bool {
    let mut left: BTreeMap<usize, u32> = core.pods.iter().copied().collect();
    let mut chosen = pods(problem);
    chosen.retain(|(w, _)| {
        let take = left.get_mut(w).filter(|n| **n > 0);
        take.map(|n| *n -= 1).is_some()
    });
    // Which nodes' pods of a DaemonSet are meant is not recorded; then only the whole is looked at.
    let per_node = core
        .pods
        .iter()
        .any(|(w, _)| problem.workloads[*w].per_node);
    per_node || !feasible(problem, &chosen)
}

#[test]
fn the_prover_agrees_with_trying_everything() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut proved, mut impossible) = (0, 0);
    for case in 0..4000 {
        let problem = random_problem(&mut dice);
        let expected = feasible(&problem, &pods(&problem));
        match prove(&problem).outcome {
            ProofOutcome::Proved(order) => {
                assert!(
                    expected,
                    "case {case}: proved, but there is no assignment: {problem:?}"
                );
                assert!(
                    replays(&problem, &order),
                    "case {case}: the witness breaks a filter: {order:?} {problem:?}"
                );
                proved += 1;
            }
            ProofOutcome::Impossible(core) => {
                assert!(
                    !expected,
                    "case {case}: called impossible, but there is an assignment: {problem:?}"
                );
                assert!(
                    core_is_infeasible(&problem, &core),
                    "case {case}: the core can be placed: {core:?} {problem:?}"
                );
                impossible += 1;
            }
            ProofOutcome::NotProved { steps } => {
                panic!("case {case}: not proved after {steps} steps: {problem:?}")
            }
        }
    }
    assert!(
        proved > 1000 && impossible > 1000,
        "{proved} feasible, {impossible} infeasible"
    );
}

#[test]
fn the_search_alone_agrees_with_trying_everything() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    for case in 0..2000 {
        let problem = random_problem(&mut dice);
        let index = ProblemIndex::new(&problem);
        let found = search::search_assignment(
            &PlacementState::empty(&index),
            &list_pod_groups(&index),
            &mut SearchEffort::new(STEPS),
        );
        let expected = feasible(&problem, &pods(&problem));
        match found {
            search::SearchOutcome::Placed(order) => assert!(
                expected && replays(&problem, &order),
                "case {case}: {problem:?}"
            ),
            search::SearchOutcome::Nothing => assert!(!expected, "case {case}: {problem:?}"),
            search::SearchOutcome::Unknown => panic!("case {case}: not proved: {problem:?}"),
        }
    }
}
