//! One test or more a filter, named after it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kubernetes_vocabulary::labels::HOSTNAME;
use kubernetes_vocabulary::{LabelRequirement, Labels, NodeSelectorTerm, SelectorOperator};

use super::*;
use kubernetes_vocabulary::{Quantity, Taint, TaintEffect};

fn node(name: &str, labels: &[(&str, &str)]) -> NodeInfo {
    let mut all: Labels = labels
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    all.insert(HOSTNAME.to_owned(), name.to_owned());
    let offers = [("cpu", "4"), ("memory", "8Gi"), ("pods", "10")];
    let allocatable = offers
        .map(|(k, v)| (k.to_owned(), Quantity::parse(v).unwrap()))
        .into();
    NodeInfo {
        name: name.to_owned(),
        labels: all,
        allocatable: Some(allocatable),
        ..NodeInfo::default()
    }
}

fn pod(labels: &[(&str, &str)], spec: &Value) -> PodSpec {
    let labels = labels
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let (pod, errors) = PodSpec::read("Deployment/x", "default", &labels, spec);
    assert_eq!(errors, [], "{spec}");
    pod
}

fn reasons(
    nodes: &[NodeInfo],
    placed: &[(&PodSpec, usize)],
    pod: &PodSpec,
    node: usize,
) -> Vec<String> {
    let namespaces = Namespaces::default();
    let placed = placed
        .iter()
        .map(|(spec, node)| PlacedPod { spec, node: *node })
        .collect();
    let cluster = ClusterState {
        nodes,
        namespaces: &namespaces,
        placed,
    };
    find_reasons(
        &cluster,
        PodCandidate {
            spec: pod,
            home: None,
        },
        node,
    )
    .iter()
    .map(ToString::to_string)
    .collect()
}

/// Returns the nodes on which the pod can be placed.
fn possible(nodes: &[NodeInfo], placed: &[(&PodSpec, usize)], pod: &PodSpec) -> Vec<usize> {
    (0..nodes.len())
        .filter(|n| reasons(nodes, placed, pod, *n).is_empty())
        .collect()
}

fn affinity(terms: &Value) -> Value {
    json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}})
}

fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
    json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
}

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

fn requests(spec: &Value) -> BTreeMap<String, String> {
    sum_pod_requests(spec)
        .unwrap()
        .into_iter()
        .map(|(k, v)| (k, v.to_string()))
        .collect()
}

fn cpu(cpu: &str) -> Value {
    json!({"resources": {"requests": {"cpu": cpu}}})
}

#[test]
fn requests_add_containers_and_take_the_largest_init_container() {
    let spec =
        json!({"containers": [cpu("1"), cpu("500m")], "initContainers": [cpu("1"), cpu("2")]});
    assert_eq!(requests(&spec)["cpu"], "2");
    let spec = json!({"containers": [cpu("1"), cpu("500m")], "initContainers": [cpu("1")]});
    assert_eq!(requests(&spec)["cpu"], "1500m");
}

#[test]
fn requests_add_sidecars_to_containers_and_to_later_init_containers() {
    let sidecar = |n: &str| {
        let mut c = cpu(n);
        c["restartPolicy"] = json!("Always");
        c
    };
    let spec =
        json!({"containers": [cpu("1")], "initContainers": [sidecar("1"), cpu("3"), sidecar("1")]});
    assert_eq!(
        requests(&spec)["cpu"],
        "4",
        "the init container beside the first sidecar"
    );
    let spec =
        json!({"containers": [cpu("2")], "initContainers": [cpu("3"), sidecar("1"), sidecar("1")]});
    assert_eq!(requests(&spec)["cpu"], "4", "containers and sidecars");
}

#[test]
fn requests_default_to_limits_and_overhead_comes_on_top() {
    let limit = json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m"}}});
    let spec = json!({"containers": [limit], "overhead": {"cpu": "250m"}});
    assert_eq!(requests(&spec)["cpu"], "500m");
    assert_eq!(requests(&spec)["memory"], "1Gi");
}

#[test]
fn requests_of_the_pod_replace_those_of_containers() {
    let spec = json!({"containers": [cpu("1")], "resources": {"requests": {"cpu": "3", "example.com/x": "1"}, "limits": {"memory": "1Gi"}}});
    assert_eq!(
        requests(&spec),
        BTreeMap::from([("cpu".into(), "3".into()), ("memory".into(), "1Gi".into())])
    );
    assert!(sum_pod_requests(&json!({"containers": [cpu("much")]})).is_err());
}

#[test]
fn node_resources_fit_counts_exactly() {
    let nodes = [node("a", &[])];
    let third = pod(&[], &json!({"containers": [cpu("1333m")]}));
    let placed = [(&third, 0), (&third, 0), (&third, 0)];
    assert_eq!(
        reasons(
            &nodes,
            &placed,
            &pod(&[], &json!({"containers": [cpu("1m")]})),
            0
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        reasons(
            &nodes,
            &placed,
            &pod(&[], &json!({"containers": [cpu("1500m")]})),
            0
        ),
        ["1m CPU free, needs 1,500m"]
    );
}

#[test]
fn node_resources_fit_knows_extended_resources_and_pod_counts() {
    let nodes = [node("a", &[])];
    let gpu = pod(
        &[],
        &json!({"containers": [{"resources": {"limits": {"nvidia.com/gpu": 1}}}]}),
    );
    assert_eq!(
        reasons(&nodes, &[], &gpu, 0),
        ["0 nvidia.com/gpu free, needs 1"]
    );
    let empty = pod(&[], &json!({}));
    let ten = [(&empty, 0); 10];
    assert_eq!(
        reasons(&nodes, &ten, &empty, 0),
        ["has its 10 pods already"]
    );
    assert_eq!(reasons(&nodes, &ten[1..], &empty, 0), Vec::<String>::new());
    let unknown = [NodeInfo {
        allocatable: None,
        ..node("a", &[])
    }];
    assert_eq!(reasons(&unknown, &ten, &gpu, 0), Vec::<String>::new());
}

fn with_volume(volume: PodVolume) -> PodSpec {
    PodSpec {
        volumes: vec![volume],
        ..pod(&[], &json!({}))
    }
}

#[test]
fn volume_binding_respects_allowed_topologies_and_existing_volumes() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "2")]),
        node("c", &[]),
    ];
    let zone = |z: &str| vec![LabelRequirement::new("zone", SelectorOperator::In, &[z])];
    let allowed = with_volume(PodVolume {
        allowed: vec![zone("2"), zone("3")],
        ..PodVolume::default()
    });
    assert_eq!(possible(&nodes, &[], &allowed), [1]);
    let term = NodeSelectorTerm {
        match_expressions: zone("1"),
        match_fields: Vec::new(),
    };
    let pinned = with_volume(PodVolume {
        pinned: Some(vec![term]),
        ..PodVolume::default()
    });
    assert_eq!(possible(&nodes, &[], &pinned), [0]);
    let zonal = with_volume(PodVolume {
        segment: vec!["zone".to_owned()],
        ..PodVolume::default()
    });
    assert_eq!(possible(&nodes, &[], &zonal), [0, 1]);
}

#[test]
fn volume_binding_keeps_a_pod_where_its_volume_is() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "1")]),
        node("c", &[("zone", "2")]),
    ];
    let namespaces = Namespaces::default();
    let cluster = ClusterState {
        nodes: &nodes,
        namespaces: &namespaces,
        placed: Vec::new(),
    };
    let again = |key: &str| {
        let spec = with_volume(PodVolume {
            segment: vec![key.to_owned()],
            ..PodVolume::default()
        });
        (0..3)
            .filter(|n| {
                find_reasons(
                    &cluster,
                    PodCandidate {
                        spec: &spec,
                        home: Some(0),
                    },
                    *n,
                )
                .is_empty()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(again(HOSTNAME), [0]);
    assert_eq!(again("zone"), [0, 1]);
    let shared = PodVolume {
        shared: true,
        claim: "c".to_owned(),
        segment: vec![HOSTNAME.to_owned()],
        ..PodVolume::default()
    };
    let sharing = with_volume(shared);
    assert_eq!(possible(&nodes, &[(&sharing, 1)], &sharing), [1]);
}

#[test]
fn volume_restrictions_give_an_exclusive_claim_to_one_pod() {
    let nodes = [node("a", &[]), node("b", &[])];
    let volume = |claim: &str| {
        with_volume(PodVolume {
            shared: true,
            exclusive: true,
            claim: claim.to_owned(),
            ..PodVolume::default()
        })
    };
    assert!(possible(&nodes, &[(&volume("c"), 0)], &volume("c")).is_empty());
    assert_eq!(possible(&nodes, &[(&volume("d"), 0)], &volume("c")), [0, 1]);
}

fn inter(kind: &str, terms: &Value) -> Value {
    json!({"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}})
}

fn term(app: &str, key: &str) -> Value {
    json!({"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key})
}

#[test]
fn inter_pod_affinity_anti_affinity_works_both_ways() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "1")]),
        node("c", &[("zone", "2")]),
        node("d", &[]),
    ];
    let shy = pod(
        &[("app", "shy")],
        &inter("podAntiAffinity", &json!([term("loud", "zone")])),
    );
    let loud = pod(&[("app", "loud")], &json!({}));
    assert_eq!(
        possible(&nodes, &[(&loud, 0)], &shy),
        [2, 3],
        "a node without the key is free"
    );
    assert_eq!(possible(&nodes, &[(&shy, 0)], &loud), [2, 3]);
    assert_eq!(possible(&nodes, &[(&loud, 3)], &shy), [0, 1, 2, 3]);
    assert_eq!(
        possible(&nodes, &[(&shy, 0)], &shy),
        [0, 1, 2, 3],
        "the term does not mean the pod itself"
    );
}

#[test]
fn inter_pod_affinity_wants_one_pod_that_matches_all_terms() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "1")]),
        node("c", &[("zone", "2")]),
        node("d", &[]),
    ];
    let web = pod(&[("app", "web")], &json!({}));
    let near = pod(
        &[("app", "near")],
        &inter("podAffinity", &json!([term("web", "zone")])),
    );
    assert!(possible(&nodes, &[], &near).is_empty());
    assert_eq!(possible(&nodes, &[(&web, 0)], &near), [0, 1]);
    assert!(
        possible(&nodes, &[(&web, 3)], &near).is_empty(),
        "a pod on a node without the key is in no domain"
    );
    let two = pod(
        &[("app", "near")],
        &inter(
            "podAffinity",
            &json!([term("web", "zone"), term("db", "zone")]),
        ),
    );
    let db = pod(&[("app", "db")], &json!({}));
    assert!(
        possible(&nodes, &[(&web, 0), (&db, 0)], &two).is_empty(),
        "no single pod matches both terms"
    );
}

#[test]
fn inter_pod_affinity_lets_the_first_of_a_group_in() {
    let nodes = [
        node("a", &[("zone", "1")]),
        node("b", &[("zone", "2")]),
        node("c", &[]),
    ];
    let group = pod(
        &[("app", "g")],
        &inter("podAffinity", &json!([term("g", "zone")])),
    );
    assert_eq!(
        possible(&nodes, &[], &group),
        [0, 1],
        "but only where the topology key is"
    );
    assert_eq!(possible(&nodes, &[(&group, 1)], &group), [1]);
}

#[test]
fn inter_pod_affinity_looks_into_the_namespaces_it_names() {
    let nodes = [node("a", &[]), node("b", &[])];
    let mut namespaces = Namespaces::default();
    namespaces.insert(
        "other",
        &BTreeMap::from([("team".to_owned(), "x".to_owned())]),
    );
    let other = PodSpec {
        namespace: "other".to_owned(),
        ..pod(&[("app", "web")], &json!({}))
    };
    let apart = |extra: Value| {
        let mut t = term("web", HOSTNAME);
        t.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let spec = pod(&[], &inter("podAntiAffinity", &json!([t])));
        let placed = vec![PlacedPod {
            spec: &other,
            node: 0,
        }];
        let cluster = ClusterState {
            nodes: &nodes,
            namespaces: &namespaces,
            placed,
        };
        !find_reasons(
            &cluster,
            PodCandidate {
                spec: &spec,
                home: None,
            },
            0,
        )
        .is_empty()
    };
    assert!(!apart(json!({})), "the pod's own namespace only");
    assert!(apart(json!({"namespaces": ["other"]})));
    assert!(apart(json!({"namespaceSelector": {}})), "all namespaces");
    assert!(apart(
        json!({"namespaceSelector": {"matchLabels": {"team": "x"}}})
    ));
    assert!(apart(
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}})
    ));
    assert!(!apart(
        json!({"namespaceSelector": {"matchLabels": {"team": "y"}}, "namespaces": ["default"]})
    ));
}

#[test]
fn inter_pod_affinity_merges_label_keys_and_an_absent_selector_means_no_pod() {
    let nodes = [node("a", &[])];
    let tenant = |t: &str, spec: &Value| pod(&[("app", "w"), ("tenant", t)], spec);
    let keyed = |field: &str| {
        let mut t = term("w", HOSTNAME);
        t[field] = json!(["tenant", "absent"]);
        inter("podAntiAffinity", &json!([t]))
    };
    let free = |spec: &Value, other: &str| {
        let there = tenant(other, &json!({}));
        !possible(&nodes, &[(&there, 0)], &tenant("1", spec)).is_empty()
    };
    assert!(!free(&keyed("matchLabelKeys"), "1"));
    assert!(free(&keyed("matchLabelKeys"), "2"));
    assert!(free(&keyed("mismatchLabelKeys"), "1"));
    assert!(!free(&keyed("mismatchLabelKeys"), "2"));
    assert!(free(
        &inter("podAntiAffinity", &json!([{"topologyKey": HOSTNAME}])),
        "1"
    ));
    assert!(!free(
        &inter(
            "podAntiAffinity",
            &json!([{"topologyKey": HOSTNAME, "labelSelector": {}}])
        ),
        "1"
    ));
}

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
