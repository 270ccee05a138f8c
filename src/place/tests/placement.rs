//! Where parts run.

use crate::place::PatchPurpose;
use serde_json::{Value, json};

use super::{PlacementFixture, deployment, three_nodes, two_pools, with};

pub(super) const TERMS: &str = "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

pub(super) fn images(arch: &[&str]) -> Value {
    json!({"images": {"arch": arch, "source": "a test"}})
}

pub(super) fn in_pool(pool: &str) -> Value {
    with(two_pools(), "/apps/it/pool", json!(pool))
}

pub(super) fn build_config() -> Value {
    json!({"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig", "metadata": {"name": "b"}, "spec": {"strategy": {"type": "Source"}}})
}

#[test]
fn the_rule_is_the_pools_architecture_and_its_labels() {
    let done = PlacementFixture::new(&in_pool("appserver"), &images(&["amd64", "ppc64le"]))
        .place(&[deployment(&json!({}))]);
    assert_eq!(done.codes(), [""; 0]);
    assert_eq!(
        done.at(TERMS),
        &json!([{"matchExpressions": [
            {"key": "kubernetes.io/arch", "operator": "In", "values": ["ppc64le"]},
            {"key": "workload-type", "operator": "In", "values": ["appserver"]},
        ]}])
    );
    assert_eq!(done.placed.patches.len(), 1);
    assert_eq!(done.placed.patches[0].purpose, PatchPurpose::Placement);
}

#[test]
fn without_a_pool_every_node_will_do_whose_architecture_the_images_have() {
    let place = |arch: &[&str]| {
        PlacementFixture::new(&two_pools(), &images(arch)).place(&[deployment(&json!({}))])
    };
    let rule = |arch: &[&str]| json!([{"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "In", "values": arch}]}]);
    assert_eq!(place(&["amd64"]).at(TERMS), &rule(&["amd64"]));
    assert_eq!(
        place(&["s390x", "ppc64le", "amd64"]).at(TERMS),
        &rule(&["amd64", "ppc64le"]),
        "only what nodes there are"
    );
}

#[test]
fn nothing_is_written_where_nothing_is_known() {
    let done = PlacementFixture::new(&two_pools(), &json!({})).place(&[deployment(&json!({}))]);
    assert!(done.placed.patches.is_empty());
    assert!(done.found.is_empty());
}

#[test]
fn images_of_another_architecture_are_named_with_both_lines() {
    let done = PlacementFixture::new(&in_pool("appserver"), &images(&["amd64"]))
        .place(&[deployment(&json!({})), build_config()]);
    assert_eq!(
        done.codes(),
        ["no-common-architecture"],
        "once for all parts"
    );
    assert_eq!(
        done.message(),
        "`it` has no image for ppc64le, the architecture of the pool `appserver`: `registry.example.com/web:1` exists for amd64"
    );
    assert_eq!(
        done.lines(),
        [
            "sites/plant.yaml/spec/pools/appserver/arch",
            "base/apps/it/app.yaml/spec/images/arch"
        ]
    );
}

#[test]
fn a_site_without_a_node_for_the_images_is_told_so() {
    let done =
        PlacementFixture::new(&two_pools(), &images(&["s390x"])).place(&[deployment(&json!({}))]);
    assert_eq!(done.codes(), ["no-eligible-node"]);
    assert_eq!(
        done.lines(),
        [
            "base/apps/it/app.yaml/spec/images/arch",
            "sites/plant.yaml/spec/pools"
        ]
    );
}

#[test]
fn a_placement_asks_part_by_part() {
    let site = with(
        in_pool("database"),
        "/apps/it/placement",
        json!({"web": {"pool": "appserver"}}),
    );
    let fixture = PlacementFixture::new(&site, &images(&["amd64", "ppc64le"]));
    let other = with(deployment(&json!({})), "/metadata/name", json!("other"));
    let done = fixture.place(&[deployment(&json!({})), other]);
    let arch = |index: usize| {
        done.objects[index]
            .pointer(&format!("{TERMS}/0/matchExpressions/0/values"))
            .cloned()
    };
    assert_eq!(arch(0), Some(json!(["ppc64le"])));
    assert_eq!(arch(1), Some(json!(["amd64"])));
}

#[test]
fn a_placements_architecture_must_be_its_pools() {
    let site = with(
        in_pool("database"),
        "/apps/it/placement",
        json!({"web": {"arch": ["ppc64le"]}}),
    );
    let done = PlacementFixture::new(&site, &json!({})).place(&[deployment(&json!({}))]);
    assert_eq!(
        done.message(),
        "`it` asks for ppc64le in the pool `database`, whose nodes are amd64"
    );
}

#[test]
fn a_label_that_no_node_has_is_shown() {
    let site = with(
        two_pools(),
        "/apps/it/placement",
        json!({"web": {"nodeSelector": {"workload-type": "databse"}}}),
    );
    let done = PlacementFixture::new(&site, &json!({})).place(&[deployment(&json!({}))]);
    assert_eq!(
        done.message(),
        "no node of the site has the label `workload-type: databse` that `web` of `it` needs"
    );
    assert_eq!(
        done.lines(),
        ["sites/plant.yaml/spec/apps/it/placement/web/nodeSelector/workload-type"]
    );
    assert!(
        done.found
            .iter()
            .next()
            .unwrap()
            .help
            .as_ref()
            .unwrap()
            .text
            .contains("`database`")
    );
}

#[test]
fn a_part_that_is_not_there_is_an_error_with_the_nearest_name() {
    let site = with(
        two_pools(),
        "/apps/it/placement",
        json!({"wev": {"arch": ["amd64"]}}),
    );
    let done = PlacementFixture::new(&site, &json!({})).place(&[deployment(&json!({}))]);
    assert_eq!(done.message(), "`it` has no part `wev`");
    assert_eq!(
        done.found
            .iter()
            .next()
            .unwrap()
            .help
            .as_ref()
            .unwrap()
            .text,
        "did you mean `web`?"
    );
}

#[test]
fn a_base_that_excludes_the_pool_is_a_contradiction() {
    let fixture = PlacementFixture::new(&in_pool("appserver"), &json!({}));
    let pinned = deployment(
        &json!({"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/arch": "amd64"}}}}}),
    );
    assert_eq!(
        fixture.place(&[pinned]).codes(),
        ["placement-contradiction"]
    );
    let term = json!([{"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "NotIn", "values": ["ppc64le"]}]}]);
    let done = fixture.place(&[with(deployment(&json!({})), TERMS, term.clone())]);
    assert_eq!(done.codes(), ["placement-contradiction"]);
    assert_eq!(done.at(TERMS), &term, "the base is left as it was");
}

#[test]
fn tolerations_are_for_what_every_node_of_the_pool_carries_and_for_what_is_written() {
    let taints = json!([{"key": "dedicated", "value": "power", "effect": "NoSchedule"}, {"key": "slow", "effect": "NoExecute"}]);
    let site = with(in_pool("appserver"), "/pools/appserver/taints", taints);
    let site = with(
        site,
        "/apps/it/placement",
        json!({"web": {"tolerations": [{"key": "own", "operator": "Exists"}]}}),
    );
    let there = json!([{"key": "slow", "operator": "Exists"}]);
    let done = PlacementFixture::new(&site, &json!({})).place(&[with(
        deployment(&json!({})),
        "/spec/template/spec/tolerations",
        there,
    )]);
    assert_eq!(
        done.at("/spec/template/spec/tolerations"),
        &json!([
            {"key": "slow", "operator": "Exists"},
            {"key": "own", "operator": "Exists"},
            {"key": "dedicated", "operator": "Equal", "value": "power", "effect": "NoSchedule"},
        ])
    );
}

#[test]
fn an_architecture_alone_earns_no_toleration() {
    let site = with(
        two_pools(),
        "/pools/appserver/taints",
        json!([{"key": "dedicated", "effect": "NoSchedule"}]),
    );
    let done = PlacementFixture::new(&site, &images(&["ppc64le"])).place(&[deployment(&json!({}))]);
    assert_eq!(done.at("/spec/template/spec/tolerations"), &Value::Null);
}

#[test]
fn a_plain_node_selector_takes_one_architecture_and_the_pools_labels() {
    let done = PlacementFixture::new(&in_pool("appserver"), &images(&["ppc64le"]))
        .place(&[build_config()]);
    assert_eq!(
        done.at("/spec/nodeSelector"),
        &json!({"kubernetes.io/arch": "ppc64le", "workload-type": "appserver"})
    );
}

#[test]
fn several_architectures_need_nothing_where_every_node_qualifies_and_are_an_error_elsewhere() {
    let all = PlacementFixture::new(&two_pools(), &images(&["amd64", "ppc64le"]))
        .place(&[build_config()]);
    assert!(all.found.is_empty());
    assert!(all.placed.patches.is_empty());
    let third = with(
        two_pools(),
        "/pools/z",
        json!({"arch": "s390x", "nodes": {"z0": {}}}),
    );
    let some =
        PlacementFixture::new(&third, &images(&["amd64", "ppc64le"])).place(&[build_config()]);
    assert_eq!(some.codes(), ["selector-not-expressible"]);
}

#[test]
fn every_place_of_a_postgres_cluster_that_runs_pods_has_the_rule() {
    let cluster = json!({
        "apiVersion": "postgres-operator.crunchydata.com/v1beta1", "kind": "PostgresCluster", "metadata": {"name": "db"},
        "spec": {"instances": [{"name": "a"}, {"name": "b"}], "backups": {"pgbackrest": {"repos": []}}, "proxy": {"pgBouncer": {}}},
    });
    let done = PlacementFixture::new(&in_pool("database"), &images(&["amd64"])).place(&[cluster]);
    let rule = "affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values/0";
    for place in [
        "instances/0",
        "instances/1",
        "backups/pgbackrest/repoHost",
        "backups/pgbackrest/jobs",
        "proxy/pgBouncer",
    ] {
        assert_eq!(
            done.at(&format!("/spec/{place}/{rule}")),
            "amd64",
            "{place}"
        );
    }
    assert_eq!(
        done.at("/spec/dataSource"),
        &Value::Null,
        "writing it would start a clone"
    );
    assert_eq!(done.at("/spec/backups/pgbackrest/restore"), &Value::Null);
    let guards = done.placed.patches[0]
        .operations
        .iter()
        .filter(|o| o.path.as_str() == "/spec/instances/1/name")
        .count();
    assert_eq!(
        guards, 1,
        "list positions are guarded by the element's name"
    );
}

#[test]
fn what_an_operator_stops_doing_is_written_beside_the_rule() {
    let storage = json!({
        "apiVersion": "ocs.openshift.io/v1", "kind": "StorageCluster", "metadata": {"name": "s"},
        "spec": {"storageDeviceSets": [{"name": "local", "count": 3}]},
    });
    let fixture = PlacementFixture::new(&three_nodes(), &images(&["amd64"]));
    let done = fixture.place(&[storage]);
    let expected = json!([
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        {"key": "cluster.ocs.openshift.io/openshift-storage", "operator": "Exists"},
    ]);
    let terms = "nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions";
    assert_eq!(done.at(&format!("/spec/placement/all/{terms}")), &expected);
    assert_eq!(
        done.at(&format!("/spec/storageDeviceSets/0/placement/{terms}")),
        &expected
    );
    assert_eq!(
        done.at("/spec/placement/all/tolerations/0/key"),
        "node.ocs.openshift.io/storage"
    );
    assert_eq!(
        done.at(
            "/spec/storageDeviceSets/0/placement/topologySpreadConstraints/0/whenUnsatisfiable"
        ),
        "ScheduleAnyway"
    );
    let again = fixture.place(&done.objects);
    assert_eq!(
        again.objects, done.objects,
        "defaults are not added to a rule that is there"
    );
    assert!(again.placed.patches.is_empty());
}

#[test]
fn an_ingress_controller_keeps_its_worker_label() {
    let object = json!({"apiVersion": "operator.openshift.io/v1", "kind": "IngressController", "metadata": {"name": "default"}, "spec": {}});
    let done = PlacementFixture::new(&two_pools(), &images(&["amd64"])).place(&[object]);
    assert_eq!(
        done.at("/spec/nodePlacement/nodeSelector"),
        &json!({"matchLabels": {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "node-role.kubernetes.io/worker": ""}})
    );
}

#[test]
fn a_default_that_no_node_could_meet_is_left_out() {
    let object = json!({"apiVersion": "hco.kubevirt.io/v1beta1", "kind": "HyperConverged", "metadata": {"name": "k"}, "spec": {}});
    let hosted = PlacementFixture::new(&two_pools(), &images(&["amd64"]))
        .place(std::slice::from_ref(&object));
    assert_eq!(
        hosted.at("/spec/infra/nodePlacement/nodeSelector"),
        &json!({"kubernetes.io/arch": "amd64"})
    );
    let own = PlacementFixture::new(&three_nodes(), &images(&["amd64"])).place(&[object]);
    assert_eq!(
        own.at("/spec/infra/nodePlacement/nodeSelector"),
        &json!({"kubernetes.io/arch": "amd64", "node-role.kubernetes.io/control-plane": ""})
    );
    assert_eq!(
        own.at("/spec/workloads/nodePlacement/nodeSelector"),
        &json!({"kubernetes.io/arch": "amd64"})
    );
}

#[test]
fn local_volumes_keep_their_terms() {
    let object = json!({
        "apiVersion": "local.storage.openshift.io/v1", "kind": "LocalVolume", "metadata": {"name": "l"},
        "spec": {"nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]}]}]}},
    });
    let done = PlacementFixture::new(&three_nodes(), &images(&["amd64"])).place(&[object]);
    assert_eq!(
        done.at("/spec/nodeSelector/nodeSelectorTerms"),
        &json!([{"matchExpressions": [
            {"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]},
            {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
        ]}])
    );
    let tests: Vec<&str> = done.placed.patches[0]
        .operations
        .iter()
        .map(|o| o.path.as_str())
        .collect();
    assert_eq!(
        tests[0], "/spec/nodeSelector/nodeSelectorTerms",
        "terms have no names: their whole list is tested"
    );
}

#[test]
fn a_handler_that_must_run_everywhere_is_left_alone() {
    let object = json!({"apiVersion": "nmstate.io/v1", "kind": "NMState", "metadata": {"name": "nmstate"}, "spec": {}});
    let done = PlacementFixture::new(&two_pools(), &images(&["amd64"])).place(&[object]);
    assert_eq!(done.at("/spec/affinity"), &Value::Null);
    let infra = done.at("/spec/infraAffinity/nodeAffinity");
    assert_eq!(
        infra["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0]["matchExpressions"]
            [0]["values"],
        json!(["amd64"])
    );
    assert_eq!(
        infra["preferredDuringSchedulingIgnoredDuringExecution"][0]["weight"], 10,
        "the operator's preference stays"
    );
}

#[test]
fn a_virtual_machine_says_its_one_architecture() {
    let object = |spec| json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm"}, "spec": {"template": {"spec": spec}}});
    let fixture = PlacementFixture::new(&two_pools(), &images(&["amd64"]));
    let done = fixture.place(&[object(json!({"domain": {}}))]);
    assert_eq!(done.at("/spec/template/spec/architecture"), "amd64");
    assert_eq!(
        fixture
            .place(&[object(json!({"architecture": "arm64"}))])
            .codes(),
        ["placement-contradiction"]
    );
}

#[test]
fn a_more_special_place_has_the_rule_only_where_it_overrides_the_general_one() {
    let controller = |spec: Value| {
        json!({
            "apiVersion": "automationcontroller.ansible.com/v1beta1", "kind": "AutomationController",
            "metadata": {"name": "c"}, "spec": spec,
        })
    };
    let arch = "nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions";
    let fixture = PlacementFixture::new(&two_pools(), &images(&["amd64"]));
    let done = fixture.place(&[controller(json!({}))]);
    assert_eq!(
        done.at(&format!("/spec/affinity/{arch}/0/values")),
        &json!(["amd64"])
    );
    assert_eq!(done.at("/spec/web_affinity"), &Value::Null);
    let zone = json!([{"key": "zone", "operator": "In", "values": ["a"]}]);
    let own = with(
        json!({}),
        "/web_affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
        json!([{"matchExpressions": zone}]),
    );
    let done = fixture.place(&[controller(own)]);
    assert_eq!(
        done.at(&format!("/spec/web_affinity/{arch}/1/values")),
        &json!(["amd64"])
    );
}
