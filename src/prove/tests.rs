//! The prover against the reference that tries everything, and small problems with known answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::brute_force::{feasible, pods, replays};
use super::*;
use crate::model::{Effect, Quantity, Taint};
use crate::scheduler::{HOSTNAME, LabelSelector, Labels, Node, Operator, PodSpec, Reason, Requirement, Volume};

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

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn node(name: &str, pairs: &[(&str, &str)], cpu: i64, memory: i64) -> Node {
    let mut all = labels(pairs);
    all.insert(HOSTNAME.to_owned(), name.to_owned());
    let offers = [("cpu", cpu), ("memory", memory), ("pods", 110)];
    let allocatable = offers.map(|(k, v)| (k.to_owned(), Quantity::units(v))).into();
    Node { name: name.to_owned(), labels: all, allocatable: Some(allocatable), ..Node::default() }
}

fn workload(app: &str, pods: u32, spec: &Value) -> Workload {
    let (spec, errors) = PodSpec::read(app, "default", &labels(&[("app", app)]), spec);
    assert_eq!(errors, []);
    Workload { spec, pods, ..Workload::default() }
}

fn cpu(cpu: u64) -> Value {
    json!({"containers": [{"resources": {"requests": {"cpu": cpu.to_string()}}}]})
}

fn apart(app: &str, key: &str) -> Value {
    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}]}})
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
    let other = if dice.one_in(2) { app } else { dice.pick(&["a", "b", "c", "d"]) };
    if dice.one_in(4) {
        spec["affinity"] = apart(other, dice.pick(&keys));
    } else if dice.one_in(5) {
        let mut terms = apart(other, dice.pick(&keys))["podAntiAffinity"].clone();
        if dice.one_in(4) {
            let more = apart(dice.pick(&["a", "b", "c", "d"]), dice.pick(&keys));
            terms["requiredDuringSchedulingIgnoredDuringExecution"]
                .as_array_mut()
                .unwrap()
                .push(more["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0].clone());
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

fn random_problem(dice: &mut Dice) -> Problem {
    let (nodes, mut budget) = match dice.roll(20) {
        0 => (5, 5),
        1 => (2, 8),
        2 => (3, 7),
        _ => (1 + dice.roll(4), 1 + dice.roll(5)),
    };
    let mut problem = Problem::default();
    for n in 0..nodes {
        let mut pairs = vec![("arch", dice.pick(&["x", "x", "y"]))];
        let zone = dice.pick(&["1", "2", "3", ""]);
        if !zone.is_empty() {
            pairs.push(("zone", zone));
        }
        let small = i64::try_from(1 + dice.roll(5)).unwrap();
        let mut made = node(&format!("n{n}"), &pairs, small, 6 - small + 1);
        if dice.one_in(6) {
            made.taints.push(Taint { key: "t".to_owned(), value: String::new(), effect: Effect::NoSchedule });
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
            let (claim, key, exclusive) =
                [("zonal", "zone", false), ("local", HOSTNAME, false), ("solo", HOSTNAME, true)]
                    [usize::try_from(dice.roll(3)).unwrap()];
            made.spec.volumes.push(Volume {
                claim: claim.to_owned(),
                shared: true,
                exclusive,
                segment: vec![key.to_owned()],
                ..Volume::default()
            });
        }
        problem.workloads.push(made);
    }
    problem
}

fn core_is_infeasible(problem: &Problem, core: &Core) -> bool {
    let mut left: BTreeMap<usize, u32> = core.pods.iter().copied().collect();
    let mut chosen = pods(problem);
    chosen.retain(|(w, _)| {
        let take = left.get_mut(w).filter(|n| **n > 0);
        take.map(|n| *n -= 1).is_some()
    });
    // Which nodes' pods of a DaemonSet are meant is not recorded; then only the whole is looked at.
    let per_node = core.pods.iter().any(|(w, _)| problem.workloads[*w].per_node);
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
            Outcome::Proved(order) => {
                assert!(expected, "case {case}: proved, but there is no assignment: {problem:?}");
                assert!(replays(&problem, &order), "case {case}: the witness breaks a filter: {order:?} {problem:?}");
                proved += 1;
            }
            Outcome::Impossible(core) => {
                assert!(!expected, "case {case}: called impossible, but there is an assignment: {problem:?}");
                assert!(
                    core_is_infeasible(&problem, &core),
                    "case {case}: the core can be placed: {core:?} {problem:?}"
                );
                impossible += 1;
            }
            Outcome::NotProved { steps } => panic!("case {case}: not proved after {steps} steps: {problem:?}"),
        }
    }
    assert!(proved > 1000 && impossible > 1000, "{proved} feasible, {impossible} infeasible");
}

#[test]
fn the_search_alone_agrees_with_trying_everything() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    for case in 0..2000 {
        let problem = random_problem(&mut dice);
        let index = Index::new(&problem);
        let found = search::search(&State::empty(&index), &items(&index), &mut Effort::new(STEPS));
        let expected = feasible(&problem, &pods(&problem));
        match found {
            search::Found::Placed(order) => assert!(expected && replays(&problem, &order), "case {case}: {problem:?}"),
            search::Found::Nothing => assert!(!expected, "case {case}: {problem:?}"),
            search::Found::Unknown => panic!("case {case}: not proved: {problem:?}"),
        }
    }
}

fn proof(nodes: Vec<Node>, workloads: Vec<Workload>) -> Proof {
    let machines = vec![Machine { remediated: true, replacing: false }; nodes.len()];
    prove(&Problem { nodes, workloads, machines, lost_nodes: 1, ..Problem::default() })
}

fn three() -> Vec<Node> {
    ["a", "b", "c"].map(|name| node(name, &[("topology.kubernetes.io/zone", name)], 8, 8)).into()
}

fn core(proof: &Proof) -> &Core {
    let Outcome::Impossible(core) = &proof.outcome else { panic!("{proof:?}") };
    core
}

fn words(reasons: &BTreeMap<usize, Vec<Reason>>) -> Vec<String> {
    reasons.values().map(|of| of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")).collect()
}

#[test]
fn a_core_names_each_node_and_what_it_lacks() {
    let power = node("power-0", &[("kubernetes.io/arch", "ppc64le")], 2, 8);
    let acp = node("acp-1", &[("kubernetes.io/arch", "amd64")], 8, 8);
    let mut spec = cpu(3);
    spec["nodeSelector"] = json!({"kubernetes.io/arch": "ppc64le"});
    let filler = workload("filler", 2, &cpu(1));
    let proof = proof(vec![acp, power], vec![filler, workload("db", 1, &spec)]);
    assert_eq!(core(&proof).pods, [(1, 1)]);
    assert_eq!(words(&core(&proof).reasons), ["arch amd64, needs ppc64le", "2,000m CPU free, needs 3,000m"]);
}

#[test]
fn one_replica_too_many_for_hostname_anti_affinity() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("web", HOSTNAME);
    let proof = proof(three(), vec![workload("other", 5, &cpu(1)), workload("web", 4, &spec)]);
    assert_eq!(core(&proof).pods, [(1, 4)]);
    assert_eq!(words(&core(&proof).reasons), ["web is in the same node"; 3]);
}

#[test]
fn a_core_of_several_workloads_is_as_small_as_the_shortage() {
    let workloads = vec![workload("small", 1, &cpu(1)), workload("large", 3, &cpu(6)), workload("medium", 3, &cpu(3))];
    let proof = proof(three(), workloads);
    assert_eq!(core(&proof).pods, [(1, 3), (2, 1)]);
}

#[test]
fn large_pods_that_only_one_arrangement_fits_are_placed() {
    // First fit fails: 8 = 5 + 3 = 4 + 4 = 6 + 2 on three nodes of 8.
    let pods = [("p1", 4, 2), ("p2", 3, 1), ("p3", 5, 1), ("p4", 2, 1), ("p5", 6, 1)];
    let workloads = pods.iter().map(|(app, size, n)| workload(app, *n, &cpu(*size))).collect();
    assert!(matches!(proof(three(), workloads).outcome, Outcome::Proved(_)));
}

#[test]
fn the_bound_on_steps_gives_an_honest_answer() {
    // Pieces of hundreds that fill six nodes to the last hundred, and one hundred too many: no sum shows it.
    let size = |n: u64| 100 * (1000 + 37 * n + u64::from(n == 0));
    let workloads = (0..24).map(|n| workload(&format!("w{n}"), 1, &cpu(size(n)))).collect();
    let nodes = (0..6).map(|n| node(&format!("n{n}"), &[], 570_299, 1)).collect();
    let problem = Problem { nodes, workloads, ..Problem::default() };
    assert!(matches!(prove_within(&problem, 10_000).outcome, Outcome::NotProved { steps } if steps > 10_000));
}

fn fate(proof: &Proof, loss: usize, w: usize) -> &Fate {
    &proof.losses[loss].fates[&w]
}

#[test]
fn lost_pods_move_where_there_is_room() {
    let proof = proof(three(), vec![workload("web", 3, &cpu(4))]);
    assert_eq!(proof.losses.len(), 3);
    assert!((0..3).all(|n| *fate(&proof, n, 0) == Fate::Moved { pods: 1 }), "{:?}", proof.losses);
}

#[test]
fn lost_pods_without_room_fail_with_a_reason_for_each_node() {
    let proof = proof(three(), vec![workload("web", 3, &cpu(5))]);
    let Fate::Fails { missing: 1, why: Failure::NoPlace(reasons) } = fate(&proof, 0, 0) else { panic!("{proof:?}") };
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
    let proof = proof(three(), vec![pinned("x", "b"), workload("y", 1, &cpu(4)), workload("z", 1, &cpu(8))]);
    let lost = proof.losses.iter().find(|l| l.fates.get(&2).is_some_and(Fate::fails));
    if let Some(Fate::Fails { why, .. }) = lost.map(|l| &l.fates[&2]) {
        assert!(matches!(why, Failure::OnlyByMoving(_)), "{why:?}");
    }
}

#[test]
fn copies_and_majorities_that_keep_apart_bear_the_loss_of_one() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("etcd", HOSTNAME);
    let of = |redundancy| {
        let proof = proof(three(), vec![Workload { redundancy, ..workload("etcd", 3, &spec) }]);
        fate(&proof, 0, 0).clone()
    };
    assert_eq!(of(Redundancy::Majority), Fate::Degraded { missing: 1 });
    assert_eq!(of(Redundancy::Copies), Fate::Degraded { missing: 1 });
    assert!(matches!(of(Redundancy::Each), Fate::Fails { missing: 1, why: Failure::NoPlace(_) }));
}

#[test]
fn a_majority_on_one_node_is_lost_with_it() {
    let mut spec = cpu(1);
    spec["nodeSelector"] = json!({HOSTNAME: "a"});
    let proof = proof(three(), vec![Workload { redundancy: Redundancy::Majority, ..workload("etcd", 3, &spec) }]);
    assert_eq!(*fate(&proof, 0, 0), Fate::Fails { missing: 3, why: Failure::MajorityLost });
}

#[test]
fn a_local_volume_keeps_its_pod_on_the_lost_node() {
    let mut db = workload("db", 1, &cpu(1));
    db.spec.volumes.push(Volume { claim: "data".to_owned(), segment: vec![HOSTNAME.to_owned()], ..Volume::default() });
    let proof = proof(three(), vec![db]);
    let lost = proof.losses.iter().find_map(|l| l.fates.get(&0)).unwrap();
    assert_eq!(*lost, Fate::Fails { missing: 1, why: Failure::VolumeLost });
}

#[test]
fn stateful_pods_move_only_from_nodes_that_are_fenced() {
    let db = Workload { recovery: Recovery::Fenced, ..workload("db", 1, &cpu(1)) };
    let fates = |remediated| {
        let machines = vec![Machine { remediated, replacing: false }; 3];
        let problem =
            Problem { nodes: three(), workloads: vec![db.clone()], machines, lost_nodes: 1, ..Problem::default() };
        prove(&problem).losses.iter().find_map(|l| l.fates.get(&0).cloned()).unwrap()
    };
    assert_eq!(fates(true), Fate::Moved { pods: 1 });
    assert_eq!(fates(false), Fate::Fails { missing: 1, why: Failure::NotFenced });
}

#[test]
fn what_need_not_survive_gives_way() {
    let cache = Workload { expendable: Some("a cache".to_owned()), ..workload("cache", 3, &cpu(4)) };
    let proof = proof(three(), vec![cache, workload("web", 3, &cpu(4))]);
    assert_eq!(*fate(&proof, 0, 1), Fate::Fails { missing: 1, why: fate_why(&proof) });
    let cache = Workload { expendable: Some("a cache".to_owned()), ..workload("cache", 3, &cpu(4)) };
    let proof = self::proof(three(), vec![cache, workload("web", 3, &cpu(2))]);
    assert_eq!(*fate(&proof, 0, 0), Fate::Expendable { missing: 1 });
    assert_eq!(*fate(&proof, 0, 1), Fate::Moved { pods: 1 });
}

fn fate_why(proof: &Proof) -> Failure {
    let Fate::Fails { why, .. } = fate(proof, 0, 1) else { panic!("{proof:?}") };
    why.clone()
}

#[test]
fn pods_of_a_daemon_set_go_with_their_node() {
    let agent = Workload { per_node: true, ..workload("agent", 0, &cpu(1)) };
    let proof = proof(three(), vec![agent]);
    assert!((0..3).all(|n| *fate(&proof, n, 0) == Fate::Gone));
}

#[test]
fn zones_are_lost_with_all_of_their_nodes() {
    let zones = ["1", "1", "2", "2"].iter().enumerate();
    let nodes = zones.map(|(n, z)| node(&format!("n{n}"), &[("topology.kubernetes.io/zone", z)], 8, 8)).collect();
    let problem = Problem { nodes, workloads: vec![workload("web", 4, &cpu(4))], lost_zones: 1, ..Problem::default() };
    let proof = prove(&problem);
    let lost: Vec<_> = proof.losses.iter().map(|l| (l.loss.zones.clone(), l.loss.nodes.clone())).collect();
    assert_eq!(lost, [(vec!["1".to_owned()], vec![0, 1]), (vec!["2".to_owned()], vec![2, 3])]);
    assert!(proof.losses.iter().all(|l| l.fates[&0] == Fate::Moved { pods: 2 }));
}

#[test]
fn a_node_that_is_being_replaced_counts_as_lost() {
    let machines = vec![Machine::default(), Machine { remediated: false, replacing: true }, Machine::default()];
    let problem =
        Problem { nodes: three(), workloads: vec![workload("web", 3, &cpu(5))], machines, ..Problem::default() };
    let proof = prove(&problem);
    assert_eq!(proof.losses.len(), 1);
    assert!(fate(&proof, 0, 0).fails());
}

#[test]
fn a_budget_that_allows_nothing_blocks_every_drain() {
    let selector = LabelSelector { requirements: vec![Requirement::new("app", Operator::In, &["web"])] };
    let with = |limit| {
        let budget =
            Budget { name: "web".into(), namespace: "default".into(), selector: Some(selector.clone()), limit };
        let problem = Problem {
            nodes: three(),
            workloads: vec![workload("web", 3, &cpu(1))],
            budgets: vec![budget],
            ..Problem::default()
        };
        prove(&problem).drains
    };
    let never = |pods| [BlockedDrain { budget: 0, workload: 0, node: None, why: DrainBlock::NeverAllows { pods } }];
    assert_eq!(with(BudgetLimit::MinAvailable(Share::Pods(3))), never(3));
    assert_eq!(with(BudgetLimit::MinAvailable(Share::Percent(67))), never(3));
    assert_eq!(with(BudgetLimit::MaxUnavailable(Share::Pods(0))), never(3));
    assert_eq!(with(BudgetLimit::MinAvailable(Share::Percent(66))), []);
    assert_eq!(with(BudgetLimit::MaxUnavailable(Share::Percent(1))), []);
}

#[test]
fn a_budget_waits_for_pods_that_no_other_node_takes() {
    let selector = LabelSelector { requirements: vec![Requirement::new("app", Operator::In, &["db"])] };
    let db = Workload { redundancy: Redundancy::Majority, ..workload("db", 6, &cpu(4)) };
    let drains = |limit| {
        let budget = Budget { name: "db".into(), namespace: "default".into(), selector: Some(selector.clone()), limit };
        let problem = Problem {
            nodes: three(),
            workloads: vec![db.clone()],
            budgets: vec![budget],
            lost_nodes: 1,
            ..Problem::default()
        };
        prove(&problem).drains
    };
    let blocked = drains(BudgetLimit::MaxUnavailable(Share::Pods(1)));
    assert_eq!(blocked.len(), 3);
    assert!(matches!(&blocked[0].why, DrainBlock::NoPlace { pods: 2, allowed: 1, .. }), "{blocked:?}");
    assert_eq!(drains(BudgetLimit::MaxUnavailable(Share::Pods(2))), []);
}

#[test]
fn two_budgets_over_one_pod_block_its_eviction() {
    let selector = Some(LabelSelector::default());
    let budget = |name: &str| Budget {
        name: name.into(),
        namespace: "default".into(),
        selector: selector.clone(),
        ..Budget::default()
    };
    let problem = Problem {
        nodes: three(),
        workloads: vec![workload("web", 3, &cpu(1))],
        budgets: vec![budget("x"), budget("y")],
        ..Problem::default()
    };
    let why = DrainBlock::TwoBudgets { other: 1 };
    assert_eq!(prove(&problem).drains, [BlockedDrain { budget: 0, workload: 0, node: None, why }]);
}

#[test]
fn a_rolling_update_needs_a_place_for_the_pod_it_adds_first() {
    let mut spec = cpu(1);
    spec["affinity"] = apart("web", HOSTNAME);
    let with = |unavailable, replicas| {
        let rollout = Some(Rollout { surge: 1, unavailable });
        proof(three(), vec![Workload { rollout, ..workload("web", replicas, &spec) }]).rollouts
    };
    assert_eq!(with(0, 3).len(), 1);
    assert_eq!(words(&with(0, 3)[0].reasons), ["web is in the same node"; 3]);
    assert_eq!(with(1, 3), []);
    assert_eq!(with(0, 2), []);
}

#[test]
fn the_margin_counts_what_would_still_fit() {
    let problem = Problem { nodes: three(), workloads: vec![workload("web", 3, &cpu(3))], ..Problem::default() };
    let Outcome::Proved(order) = prove(&problem).outcome else { panic!() };
    let lost = &prove(&Problem { lost_nodes: 1, ..problem.clone() }).losses[0];
    assert_eq!(margins(&problem, &order, &[(0, None), (0, Some(lost))], 99), [3, 1]);
    assert_eq!(margins(&problem, &order, &[(0, None)], 1), [1]);
}
