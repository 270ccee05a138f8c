//! Parts that are placed by somebody else, or cannot be placed.

use super::placement::{TERMS, images, in_pool};
use crate::patch::FieldAuthor;
use serde_json::{Value, json};

use super::{PlacementFixture, deployment, three_nodes, two_pools};

#[test]
fn a_place_that_cannot_be_made_is_a_warning() {
    let object = json!({"apiVersion": "clickhouse.altinity.com/v1", "kind": "ClickHouseInstallation", "metadata": {"name": "c"}, "spec": {}});
    let done = PlacementFixture::new(&in_pool("database"), &images(&["amd64"])).place(&[object]);
    assert_eq!(done.codes(), ["part-not-placeable"]);
}

#[test]
fn a_version_that_the_catalogue_has_not_seen_is_a_warning() {
    let mut object = deployment(&json!({}));
    object["apiVersion"] = json!("apps/v2");
    let done = PlacementFixture::new(&two_pools(), &images(&["amd64"])).place(&[object]);
    assert_eq!(done.codes(), ["unknown-kind-version"]);
    assert_ne!(done.at(TERMS), &Value::Null);
}

#[test]
fn a_default_is_not_restated_where_it_does_not_hold() {
    let storage = json!({
        "apiVersion": "ocs.openshift.io/v1", "kind": "StorageCluster", "metadata": {"name": "s"},
        "spec": {"labelSelector": {"matchLabels": {"storage": "yes"}}},
    });
    let done = PlacementFixture::new(&three_nodes(), &images(&["amd64"])).place(&[storage]);
    let terms =
        done.at("/spec/placement/all/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    assert_eq!(terms[0]["matchExpressions"].as_array().unwrap().len(), 1);
}

#[test]
fn several_terms_of_which_the_operator_keeps_one_are_a_warning() {
    let term = |value: &str| json!({"matchExpressions": [{"key": "zone", "operator": "In", "values": [value]}]});
    let terms = json!([term("a"), term("b")]);
    let ceph = json!({
        "apiVersion": "ceph.rook.io/v1", "kind": "CephCluster", "metadata": {"name": "c"},
        "spec": {"placement": {"all": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}},
    });
    assert_eq!(
        PlacementFixture::new(&two_pools(), &images(&["amd64"]))
            .place(&[ceph])
            .codes(),
        ["terms-ignored"]
    );
}

#[test]
fn a_subscription_places_the_operator() {
    let object = json!({"apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription", "metadata": {"name": "s"}, "spec": {"name": "s"}});
    let done = PlacementFixture::new(&in_pool("database"), &images(&["amd64"])).place(&[object]);
    assert_eq!(done.at("/spec/config/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/1/key"), "workload-type");
}

#[test]
fn a_part_can_be_left_alone() {
    let app = json!({"images": {"arch": ["amd64"], "source": "a test"}, "parts": {"web": {"place": false}}});
    let done = PlacementFixture::new(&two_pools(), &app).place(&[deployment(&json!({}))]);
    assert!(done.placed.patches.is_empty());
    assert!(done.found.is_empty());
}

#[test]
fn a_part_without_a_field_for_it_is_a_warning() {
    let cluster = json!({
        "apiVersion": "postgres-operator.crunchydata.com/v1", "kind": "PostgresCluster", "metadata": {"name": "db"},
        "spec": {"instances": [{"name": "a"}], "dataSource": {"volumes": {}}},
    });
    let done = PlacementFixture::new(&in_pool("database"), &images(&["amd64"])).place(&[cluster]);
    assert_eq!(done.codes(), ["part-not-placeable"]);
    assert!(!done.found.has_errors());
}

#[test]
fn every_change_says_who_asked_for_it() {
    let done = PlacementFixture::new(&in_pool("appserver"), &images(&["ppc64le"]))
        .place(&[deployment(&json!({}))]);
    let reason = done.placed.patches[0].operations[0]
        .asked_by
        .clone()
        .unwrap();
    assert_eq!(reason.author, FieldAuthor::Placement);
    let origins: Vec<String> = reason
        .origins
        .iter()
        .map(|o| format!("{}{}", o.file, o.pointer))
        .collect();
    assert_eq!(
        origins,
        [
            "sites/plant.yaml/spec/apps/it/pool",
            "sites/plant.yaml/spec/pools/appserver/arch",
            "base/apps/it/app.yaml/spec/images/arch",
        ]
    );
}
