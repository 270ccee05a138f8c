//! Filters that look at the node and at ports, and the pods of DaemonSets.

use super::*;

#[test]
fn node_name_pins_to_one_node() {
    let nodes = [node("a", &[]), node("b", &[])];
    assert_eq!(
        possible(&nodes, &[], &pod(&[], &json!({"nodeName": "b"}))),
        [1]
    );
    assert_eq!(
        possible(&nodes, &[], &pod(&[], &json!({"nodeName": ""}))),
        [0, 1]
    );
}

#[test]
fn node_unschedulable_takes_only_pods_that_tolerate_the_cordon() {
    let nodes = [NodeInfo {
        unschedulable: true,
        ..node("a", &[])
    }];
    assert_eq!(reasons(&nodes, &[], &pod(&[], &json!({})), 0), ["cordoned"]);
    let key = json!({"key": "node.kubernetes.io/unschedulable", "operator": "Exists"});
    assert_eq!(
        possible(&nodes, &[], &pod(&[], &json!({"tolerations": [key]}))),
        [0]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn taint_toleration_compares_keys_values_and_effects() {
    let taint = |value: &str, effect| Taint {
        key: "k".to_owned(),
        value: value.to_owned(),
        effect,
    };
    let tolerated = |toleration: Value, taint: Taint| {
        let nodes = [NodeInfo {
            taints: vec![taint],
            ..node("a", &[])
        }];
        !possible(
            &nodes,
            &[],
            &pod(&[], &json!({"tolerations": [toleration]})),
        )
        .is_empty()
    };
    let no = TaintEffect::NoSchedule;
    let cases = [
        (json!({"key": "k", "value": "v"}), true),
        (json!({"key": "k", "value": "w"}), false),
        (json!({"key": "k"}), false),
        (json!({"key": "k", "operator": "Exists"}), true),
        (json!({"key": "other", "operator": "Exists"}), false),
        (json!({"operator": "Exists"}), true),
        (json!({"key": "", "operator": "Exists", "effect": ""}), true),
        (json!({"operator": "Exists", "effect": "NoExecute"}), false),
        (
            json!({"key": "k", "operator": "Exists", "effect": "NoSchedule"}),
            true,
        ),
        (json!({"key": "k", "operator": "Near", "value": "v"}), false),
        (json!({"value": "v"}), true),
    ];
    for (toleration, expected) in cases {
        assert_eq!(
            tolerated(toleration.clone(), taint("v", no)),
            expected,
            "{toleration}"
        );
    }
    assert!(tolerated(
        json!({"key": "k", "operator": "Gt", "value": "5"}),
        taint("7", no)
    ));
    assert!(!tolerated(
        json!({"key": "k", "operator": "Lt", "value": "5"}),
        taint("7", no)
    ));
    assert!(!tolerated(
        json!({"key": "k", "operator": "Gt", "value": "five"}),
        taint("7", no)
    ));
    assert!(!tolerated(
        json!({"key": "k", "operator": "Exists", "effect": "NoSchedule"}),
        taint("v", TaintEffect::NoExecute)
    ));
    assert!(tolerated(
        json!({"key": "x"}),
        taint("v", TaintEffect::PreferNoSchedule)
    ));
}

#[test]
fn node_selector_needs_every_label() {
    let nodes = [
        node("a", &[("x", "1")]),
        node("b", &[("x", "1"), ("y", "2")]),
    ];
    let both = pod(&[], &json!({"nodeSelector": {"x": "1", "y": "2"}}));
    assert_eq!(possible(&nodes, &[], &both), [1]);
    assert_eq!(reasons(&nodes, &[], &both, 0), ["lacks label y=2"]);
}

#[test]
fn node_affinity_knows_all_operators_also_where_the_key_is_absent() {
    let nodes = [
        node("a", &[("x", "5")]),
        node("b", &[("x", "many")]),
        node("c", &[]),
    ];
    let cases: [(&str, &[&str], &[usize]); 9] = [
        ("In", &["5", "6"], &[0]),
        ("NotIn", &["5"], &[1, 2]),
        ("Exists", &[], &[0, 1]),
        ("DoesNotExist", &[], &[2]),
        ("Gt", &["4"], &[0]),
        ("Gt", &["5"], &[]),
        ("Lt", &["6"], &[0]),
        ("Lt", &["six"], &[]),
        ("Like", &["5"], &[]),
    ];
    for (operator, values, expected) in cases {
        let spec = affinity(&json!([expression("x", operator, values)]));
        assert_eq!(
            possible(&nodes, &[], &pod(&[], &spec)),
            expected,
            "{operator} {values:?}"
        );
    }
}

#[test]
fn node_affinity_ors_terms_and_ands_expressions() {
    let nodes = [
        node("a", &[("x", "1"), ("y", "1")]),
        node("b", &[("x", "1")]),
        node("c", &[("z", "1")]),
    ];
    let both = json!({"matchExpressions": [
        {"key": "x", "operator": "Exists"}, {"key": "y", "operator": "Exists"}]});
    let spec = affinity(&json!([both, expression("z", "Exists", &[])]));
    assert_eq!(possible(&nodes, &[], &pod(&[], &spec)), [0, 2]);
}

#[test]
fn node_affinity_without_a_term_or_with_an_empty_one_matches_nothing() {
    let nodes = [node("a", &[])];
    assert!(possible(&nodes, &[], &pod(&[], &affinity(&json!([])))).is_empty());
    assert!(possible(&nodes, &[], &pod(&[], &affinity(&json!([{}])))).is_empty());
    // One expression that is not well-formed spoils its term, not the others.
    let spec = affinity(&json!([
        expression("x", "In", &[]),
        expression("x", "DoesNotExist", &[])
    ]));
    assert_eq!(possible(&nodes, &[], &pod(&[], &spec)), [0]);
}

#[test]
fn node_affinity_match_fields_know_the_name() {
    let nodes = [node("a", &[]), node("b", &[])];
    let field = |operator: &str, values: &[&str]| {
        let term = json!({"matchFields": [{"key": "metadata.name", "operator": operator, "values": values}]});
        possible(&nodes, &[], &pod(&[], &affinity(&json!([term]))))
    };
    assert_eq!(field("In", &["b"]), [1]);
    assert_eq!(field("NotIn", &["b"]), [0]);
    assert!(
        field("In", &["a", "b"]).is_empty(),
        "exactly one value is allowed"
    );
    assert!(field("Exists", &[]).is_empty());
}

#[test]
fn node_selector_and_affinity_must_both_hold() {
    let nodes = [
        node("a", &[("x", "1"), ("y", "1")]),
        node("b", &[("y", "1")]),
    ];
    let mut spec = affinity(&json!([expression("y", "Exists", &[])]));
    spec["nodeSelector"] = json!({"x": "1"});
    assert_eq!(possible(&nodes, &[], &pod(&[], &spec)), [0]);
}

fn port(host_port: u16, ip: &str, protocol: &str) -> PodSpec {
    let port =
        json!({"containerPort": 1, "hostPort": host_port, "hostIP": ip, "protocol": protocol});
    pod(&[], &json!({"containers": [{"ports": [port]}]}))
}

#[test]
fn node_ports_conflict_by_address_protocol_and_port() {
    let nodes = [node("a", &[]), node("b", &[])];
    let taken = port(80, "10.0.0.1", "TCP");
    let cases = [
        (port(80, "10.0.0.1", "TCP"), false),
        (port(80, "10.0.0.2", "TCP"), true),
        (port(80, "0.0.0.0", "TCP"), false),
        (port(80, "", ""), false),
        (port(80, "", "UDP"), true),
        (port(81, "", "TCP"), true),
    ];
    for (wanted, expected) in cases {
        let free = possible(&nodes, &[(&taken, 0)], &wanted).contains(&0);
        assert_eq!(free, expected, "{:?}", wanted.host_ports);
        assert!(possible(&nodes, &[(&taken, 0)], &wanted).contains(&1));
    }
}

#[test]
fn node_ports_of_host_network_pods_are_their_container_ports() {
    let spec = json!({"hostNetwork": true, "containers": [{"ports": [{"containerPort": 9100}]}]});
    let nodes = [node("a", &[])];
    let exporter = pod(&[], &spec);
    let taken = reasons(&nodes, &[(&exporter, 0)], &exporter, 0);
    assert_eq!(taken, ["host port 9100/TCP is taken by Deployment/x"]);
}

#[test]
fn node_ports_of_sidecars_count_and_of_init_containers_do_not() {
    let init = |policy: Value| json!({"initContainers": [{"restartPolicy": policy, "ports": [{"containerPort": 1, "hostPort": 5}]}]});
    assert_eq!(pod(&[], &init(json!("Always"))).host_ports.len(), 1);
    assert_eq!(pod(&[], &init(json!(null))).host_ports.len(), 0);
}

#[test]
fn daemon_pods_ignore_a_cordon_and_keep_to_their_node() {
    let cordoned = NodeInfo {
        unschedulable: true,
        ..node("a", &[("x", "1")])
    };
    let taint = Taint {
        key: "t".to_owned(),
        value: String::new(),
        effect: TaintEffect::NoExecute,
    };
    let tainted = NodeInfo {
        taints: vec![taint],
        ..node("b", &[("x", "1")])
    };
    let spec = pod(&[], &json!({"nodeSelector": {"x": "1"}}));
    assert!(daemon_runs_on(&spec, &cordoned));
    assert!(!daemon_runs_on(&spec, &tainted));
    assert!(!daemon_runs_on(&spec, &node("c", &[])));
    let nodes = [cordoned, node("b", &[("x", "1")])];
    assert_eq!(
        possible(&nodes, &[], &spec.with_daemon_tolerations().pinned_to("a")),
        [0]
    );
}

#[test]
fn fields_that_cannot_be_read_are_reported() {
    let spec =
        json!({"tolerations": "all", "affinity": {"nodeAffinity": []}, "nodeSelector": {"a": 1}});
    let (_, errors) = PodSpec::read("Deployment/x", "default", &Labels::new(), &spec);
    let fields: Vec<&str> = errors.iter().map(|e| e.field).collect();
    assert_eq!(fields, ["nodeSelector", "affinity", "tolerations"]);
}
