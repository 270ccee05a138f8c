//! Volumes and claims.

use super::*;

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
