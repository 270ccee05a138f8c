//! Affinity and anti-affinity between pods.

use super::*;

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
