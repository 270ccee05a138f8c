//! Topology spread.

use super::*;

fn spread(extra: &Value) -> Value {
    let mut c = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "s"}}});
    c.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    json!({"topologySpreadConstraints": [c]})
}

#[test]
fn pod_topology_spread_keeps_the_skew() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "2")]),
        node("c", &[("zone", "2")]),
        node("d", &[]),
    ];
    let s = pod(&[("app", "s")], &spread(&json!({})));
    assert_eq!(
        possible(&nodes, &[], &s),
        [0, 1, 2],
        "the topology key must be there"
    );
    assert_eq!(possible(&nodes, &[(&s, 0)], &s), [1, 2]);
    assert_eq!(possible(&nodes, &[(&s, 0), (&s, 1)], &s), [0, 1, 2]);
    let two = pod(&[("app", "s")], &spread(&json!({"maxSkew": 2})));
    assert_eq!(possible(&nodes, &[(&s, 0)], &two), [0, 1, 2]);
    let anyway = pod(
        &[("app", "s")],
        &spread(&json!({"whenUnsatisfiable": "ScheduleAnyway"})),
    );
    assert_eq!(possible(&nodes, &[(&s, 0), (&s, 0)], &anyway), [0, 1, 2, 3]);
    let other = pod(&[("app", "o")], &spread(&json!({})));
    assert_eq!(
        possible(&nodes, &[(&s, 0)], &other),
        [0, 1, 2],
        "a pod that the selector does not mean adds nothing"
    );
}

#[test]
fn pod_topology_spread_min_domains_makes_the_emptiest_count_as_none() {
    let nodes = [node("a", &[("zone", "1")]), node("b", &[("zone", "2")])];
    let s = pod(&[("app", "s")], &spread(&json!({"minDomains": 3})));
    assert_eq!(possible(&nodes, &[], &s), [0, 1]);
    assert!(possible(&nodes, &[(&s, 0), (&s, 1)], &s).is_empty());
}

#[test]
fn pod_topology_spread_counts_the_nodes_that_its_policies_include() {
    let tainted = Taint {
        key: "t".to_owned(),
        value: String::new(),
        effect: TaintEffect::NoSchedule,
    };
    let nodes = [
        node("a", &[("zone", "1"), ("x", "1")]),
        node("b", &[("zone", "2")]),
        NodeInfo {
            taints: vec![tainted],
            ..node("c", &[("zone", "3"), ("x", "1")])
        },
    ];
    let with = |extra: Value| {
        let mut spec = spread(&extra);
        spec["nodeSelector"] = json!({"x": "1"});
        pod(&[("app", "s")], &spec)
    };
    let default = with(json!({}));
    assert!(
        possible(&nodes, &[(&default, 0)], &default).is_empty(),
        "zone 3 is empty, tainted or not"
    );
    let honor = with(json!({"nodeTaintsPolicy": "Honor"}));
    assert_eq!(possible(&nodes, &[(&honor, 0)], &honor), [0]);
    let ignore = with(json!({"nodeTaintsPolicy": "Honor", "nodeAffinityPolicy": "Ignore"}));
    assert!(
        possible(&nodes, &[(&ignore, 0)], &ignore).is_empty(),
        "zone 2 is empty"
    );
}

#[test]
fn pod_topology_spread_counts_its_namespace_and_label_keys() {
    let nodes = [node("a", &[("zone", "1")]), node("b", &[("zone", "2")])];
    let s = pod(&[("app", "s")], &spread(&json!({})));
    let elsewhere = PodSpec {
        namespace: "other".to_owned(),
        ..s.clone()
    };
    assert_eq!(possible(&nodes, &[(&elsewhere, 0)], &s), [0, 1]);
    let keyed = |version: &str| {
        pod(
            &[("app", "s"), ("v", version)],
            &spread(&json!({"matchLabelKeys": ["v", "absent"]})),
        )
    };
    assert_eq!(possible(&nodes, &[(&keyed("1"), 0)], &keyed("2")), [0, 1]);
    assert_eq!(possible(&nodes, &[(&keyed("1"), 0)], &keyed("1")), [1]);
}
