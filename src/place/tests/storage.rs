//! Storage roles.

use serde_json::{Value, json};

use super::{PlacementFixture, deployment, three_nodes, with};

fn app(part: &str, role: &str) -> Value {
    json!({"parts": { part: {"storage": role} }})
}

fn claim(modes: &[&str]) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "web"},
        "spec": {"accessModes": modes, "resources": {"requests": {"storage": "1Gi"}}},
    })
}

#[test]
fn a_role_becomes_the_sites_class_in_every_claim_of_the_part() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "template": {"metadata": {}, "spec": {"containers": []}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": "old"}}, {"metadata": {"name": "log"}, "spec": {}}],
        },
    });
    let done = PlacementFixture::new(&three_nodes(), &app("db", "block")).place(&[set]);
    assert_eq!(
        done.at("/spec/volumeClaimTemplates/0/spec/storageClassName"),
        "rbd"
    );
    assert_eq!(
        done.at("/spec/volumeClaimTemplates/1/spec/storageClassName"),
        "rbd"
    );
    let operations = &done.placed.patches[0].operations;
    assert_eq!(
        operations[0].path.as_str(),
        "/spec/volumeClaimTemplates/0/metadata/name"
    );
    let origins: Vec<String> = operations
        .last()
        .unwrap()
        .asked_by
        .as_ref()
        .unwrap()
        .origins
        .iter()
        .map(|o| o.pointer.to_string())
        .collect();
    assert_eq!(
        origins,
        ["/spec/parts/db/storage", "/spec/storage/block/class"]
    );
}

#[test]
fn roles_reach_into_custom_resources() {
    let cluster = json!({
        "apiVersion": "postgres-operator.crunchydata.com/v1", "kind": "PostgresCluster", "metadata": {"name": "db"},
        "spec": {
            "instances": [{"name": "a", "dataVolumeClaimSpec": {"accessModes": ["ReadWriteOnce"]}}],
            "backups": {"pgbackrest": {"repos": [{"name": "repo1", "volume": {"volumeClaimSpec": {}}}, {"name": "repo2", "s3": {}}]}},
        },
    });
    let parts = json!({"parts": {"instance": {"storage": "block"}, "pgbackrest-repo-host": {"storage": "shared"}}});
    let done = PlacementFixture::new(&three_nodes(), &parts).place(&[cluster]);
    assert_eq!(
        done.at("/spec/instances/0/dataVolumeClaimSpec/storageClassName"),
        "rbd"
    );
    assert_eq!(
        done.at("/spec/instances/0/walVolumeClaimSpec"),
        &Value::Null,
        "no claim is made up"
    );
    assert_eq!(
        done.at("/spec/backups/pgbackrest/repos/0/volume/volumeClaimSpec/storageClassName"),
        "cephfs"
    );
    assert_eq!(
        done.at("/spec/backups/pgbackrest/repos/1"),
        &json!({"name": "repo2", "s3": {}})
    );
}

#[test]
fn an_instance_takes_a_role_from_another() {
    let site = with(
        three_nodes(),
        "/apps/it/storage",
        json!({"block": "shared"}),
    );
    let done =
        PlacementFixture::new(&site, &app("data", "block")).place(&[claim(&["ReadWriteMany"])]);
    assert_eq!(done.at("/spec/storageClassName"), "cephfs");
}

#[test]
fn a_workloads_role_reaches_the_claims_that_it_mounts() {
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
    let web = with(
        deployment(&json!({})),
        "/spec/template/spec/volumes",
        volumes,
    );
    let done = PlacementFixture::new(&three_nodes(), &app("web", "block"))
        .place(&[claim(&["ReadWriteOnce"]), web]);
    assert_eq!(done.at("/spec/storageClassName"), "rbd");
    assert!(done.found.is_empty());
}

#[test]
fn a_claim_that_has_the_name_of_its_workload_is_no_reason_to_warn() {
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
    let mut workload = with(
        deployment(&json!({})),
        "/spec/template/spec/volumes",
        volumes,
    );
    workload["metadata"]["name"] = json!("data");
    let done = PlacementFixture::new(&three_nodes(), &app("data", "block"))
        .place(&[claim(&["ReadWriteOnce"]), workload]);
    assert_eq!(done.at("/spec/storageClassName"), "rbd");
    assert!(done.found.is_empty(), "{:?}", done.codes());
}

#[test]
fn a_virtual_machines_disks_get_the_class() {
    let vm = json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm"},
        "spec": {"dataVolumeTemplates": [{"metadata": {"name": "root"}, "spec": {"storage": {"accessModes": ["ReadWriteMany"]}}}], "template": {"spec": {}}},
    });
    let done = PlacementFixture::new(&three_nodes(), &app("launcher", "shared")).place(&[vm]);
    assert_eq!(
        done.at("/spec/dataVolumeTemplates/0/spec/storage/storageClassName"),
        "cephfs"
    );
}

#[test]
fn an_access_mode_that_the_class_does_not_offer_shows_both_lines() {
    let done = PlacementFixture::new(&three_nodes(), &app("data", "block"))
        .place(&[claim(&["ReadWriteMany"])]);
    assert_eq!(done.codes(), ["access-mode-not-offered"]);
    assert_eq!(
        done.message(),
        "a claim of `PersistentVolumeClaim/data` asks for ReadWriteMany, which the class `rbd` does not offer"
    );
    assert_eq!(
        done.lines(),
        [
            "sites/plant.yaml/spec/storage/block/modes",
            "base/apps/it/app.yaml/spec/parts/data/storage"
        ]
    );
}

#[test]
fn a_role_without_a_claim_is_a_warning() {
    let done = PlacementFixture::new(&three_nodes(), &app("web", "block"))
        .place(&[deployment(&json!({}))]);
    assert_eq!(done.codes(), ["no-volume-claim"]);
}
