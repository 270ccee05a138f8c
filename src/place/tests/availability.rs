//! Replicas, spread and budgets.

use serde_json::{Value, json};

use super::{PlacedFixture, PlacementFixture, deployment, three_nodes, with};

fn promised(part: &Value) -> PlacedFixture {
    PlacementFixture::new(&three_nodes(), &json!({"parts": {"web": part}}))
        .place(&[deployment(&json!({}))])
}

const SPREAD: &str = "/spec/template/spec/topologySpreadConstraints";
const APART: &str =
    "/spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";

#[test]
fn single_is_one_replica_without_a_budget() {
    let done = promised(&json!({"availability": "single"}));
    assert_eq!(done.at("/spec/replicas"), 1);
    assert!(done.placed.additions.is_empty());
    assert_eq!(done.at(SPREAD), &Value::Null);
}

#[test]
fn replicated_is_spread_over_nodes_with_a_budget() {
    let done = promised(&json!({"availability": "replicated"}));
    assert_eq!(done.at("/spec/replicas"), 2);
    assert_eq!(
        done.at(SPREAD),
        &json!([{
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule",
            "nodeTaintsPolicy": "Honor",
            "matchLabelKeys": ["pod-template-hash"],
            "labelSelector": {"matchLabels": {"app": "web"}},
        }])
    );
    let budget = done.placed.additions[0].value();
    assert_eq!(
        budget,
        &json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "web", "namespace": "web", "labels": {"app.kubernetes.io/name": "web"}},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        })
    );
    assert_eq!(done.placed.reasons.len(), 1);
    assert_eq!(done.at("/spec/strategy"), &Value::Null);
}

#[test]
fn a_quorum_has_a_majority_left_each_on_its_own_node_and_no_surge() {
    let done = promised(&json!({"quorum": "majority"}));
    assert_eq!(done.at("/spec/replicas"), 3);
    assert_eq!(
        done.at(APART),
        &json!([{"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}])
    );
    assert_eq!(
        done.at("/spec/strategy/rollingUpdate"),
        &json!({"maxSurge": 0, "maxUnavailable": 1})
    );
    assert_eq!(
        done.placed.additions[0].get("/spec/maxUnavailable"),
        Some(&json!(1))
    );
}

#[test]
fn availability_is_written_once() {
    for part in [
        json!({"quorum": "majority"}),
        json!({"availability": "replicated"}),
    ] {
        let fixture = PlacementFixture::new(&three_nodes(), &json!({"parts": {"web": part}}));
        let first = fixture.place(&[deployment(&json!({}))]);
        let again = fixture.place(&first.objects);
        assert!(again.placed.patches.is_empty(), "{part}");
    }
}

#[test]
fn what_the_app_writes_as_replicas_wins_and_follows_the_values() {
    let values =
        json!({"type": "object", "properties": {"replicas": {"type": "integer", "default": 5}}});
    let app = json!({"values": values, "parts": {"web": {"replicas": "{{ values.replicas }}", "availability": "replicated"}}});
    let done = PlacementFixture::new(&three_nodes(), &app).place(&[deployment(&json!({}))]);
    assert_eq!(done.at("/spec/replicas"), 5);
    let site = with(three_nodes(), "/apps/it/values", json!({"replicas": 1}));
    let done = PlacementFixture::new(&site, &app).place(&[deployment(&json!({}))]);
    assert_eq!(done.codes(), ["too-few-replicas"]);
    assert_eq!(
        done.lines(),
        [
            "base/apps/it/app.yaml/spec/parts/web/replicas",
            "sites/plant.yaml/spec/ha/survive"
        ]
    );
}

#[test]
fn availability_follows_from_replicas_where_nothing_else_is_said() {
    let done = promised(&json!({"replicas": 4}));
    assert_eq!(done.at("/spec/replicas"), 4);
    assert_eq!(
        done.at(&format!("{SPREAD}/0/topologyKey")),
        "kubernetes.io/hostname"
    );
    assert_eq!(
        promised(&json!({})).placed.patches.len(),
        0,
        "a part that nobody speaks of is left alone"
    );
}

#[test]
fn more_replicas_than_nodes_that_must_not_share_one_are_an_error() {
    let done = promised(&json!({"replicas": 4, "quorum": "majority"}));
    assert_eq!(
        done.message(),
        "`Deployment/web` has 4 replicas that must not share a node, but can run on 3 nodes"
    );
    assert_eq!(
        done.lines(),
        [
            "base/apps/it/app.yaml/spec/parts/web/replicas",
            "sites/plant.yaml/spec/pools"
        ]
    );
    let own = json!([{"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}]);
    let base = with(deployment(&json!({})), APART, own);
    let done = PlacementFixture::new(&three_nodes(), &json!({"parts": {"web": {"replicas": 4}}}))
        .place(&[base]);
    assert_eq!(
        done.codes(),
        ["too-many-replicas"],
        "the base's own rule counts as well"
    );
}

#[test]
fn only_nodes_that_the_part_can_run_on_count() {
    let mut site = three_nodes();
    site["pools"]["acp"]["nodes"]["c"]["taints"] =
        json!([{"key": "broken", "effect": "NoSchedule"}]);
    let done = PlacementFixture::new(&site, &json!({"parts": {"web": {"quorum": "majority"}}}))
        .place(&[deployment(&json!({}))]);
    assert_eq!(
        done.message(),
        "`Deployment/web` has 3 replicas that must not share a node, but can run on 2 nodes"
    );
}

#[test]
fn what_the_site_says_about_availability_wins() {
    let site = with(
        three_nodes(),
        "/apps/it/availability",
        json!({"web": "single"}),
    );
    let app = json!({"parts": {"web": {"availability": "quorum"}}});
    let done = PlacementFixture::new(&site, &app).place(&[deployment(&json!({}))]);
    assert_eq!(done.at("/spec/replicas"), 1);
    let app = json!({"parts": {"web": {"replicas": 3}}});
    let done = PlacementFixture::new(&site, &app).place(&[deployment(&json!({}))]);
    assert_eq!(
        done.message(),
        "`Deployment/web` has 3 replicas, but its availability is `single`"
    );
}

#[test]
fn where_nothing_may_be_lost_only_the_number_is_written() {
    let site = with(three_nodes(), "/ha/survive", json!({"nodes": 0}));
    let app = json!({"parts": {"web": {"replicas": 6, "quorum": "majority"}}});
    let done = PlacementFixture::new(&site, &app).place(&[deployment(&json!({}))]);
    assert_eq!(done.at("/spec/replicas"), 6);
    assert!(done.placed.additions.is_empty());
    let app = json!({"parts": {"web": {"replicas": 1, "quorum": "majority", "survives": {"value": false, "reason": "a test"}}}});
    let done = PlacementFixture::new(&three_nodes(), &app).place(&[deployment(&json!({}))]);
    assert_eq!(
        (done.at("/spec/replicas"), done.codes().len()),
        (&json!(1), 0),
        "a part that need not survive"
    );
}

#[test]
fn zones_that_may_be_lost_are_spread_over_too() {
    let site = with(
        three_nodes(),
        "/ha/survive",
        json!({"zones": 1, "nodes": 1}),
    );
    let done = PlacementFixture::new(
        &site,
        &json!({"parts": {"web": {"availability": "replicated"}}}),
    )
    .place(&[deployment(&json!({}))]);
    let keys: Vec<&Value> = done
        .at(SPREAD)
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["topologyKey"])
        .collect();
    assert_eq!(
        keys,
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    );
}

#[test]
fn there_is_one_budget_for_the_same_pods() {
    let own = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "mine", "namespace": "web"},
        "spec": {"minAvailable": 1, "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}},
    });
    let fixture = PlacementFixture::new(
        &three_nodes(),
        &json!({"parts": {"web": {"availability": "replicated"}}}),
    );
    assert!(
        fixture
            .place(&[deployment(&json!({})), own])
            .placed
            .additions
            .is_empty()
    );
    let by_operator =
        json!({"parts": {"web": {"availability": "replicated", "budgetByOperator": true}}});
    assert!(
        PlacementFixture::new(&three_nodes(), &by_operator)
            .place(&[deployment(&json!({}))])
            .placed
            .additions
            .is_empty()
    );
}

#[test]
fn an_autoscaler_keeps_the_number_and_has_to_keep_enough() {
    let scaler = |least: u32| {
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "namespace": "web"},
            "spec": {"minReplicas": least, "maxReplicas": 9, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
        })
    };
    let fixture = PlacementFixture::new(
        &three_nodes(),
        &json!({"parts": {"web": {"availability": "quorum"}}}),
    );
    let done = fixture.place(&[deployment(&json!({"spec": {"replicas": null}})), scaler(3)]);
    assert_eq!(done.at("/spec/replicas"), &Value::Null);
    let done = fixture.place(&[deployment(&json!({})), scaler(2)]);
    assert_eq!(done.codes(), ["too-few-replicas"]);
}

#[test]
fn an_operators_pods_are_kept_apart_by_its_own_labels() {
    let cluster = json!({
        "apiVersion": "postgres-operator.crunchydata.com/v1", "kind": "PostgresCluster", "metadata": {"name": "db"},
        "spec": {"instances": [{"name": "a"}]},
    });
    let done = PlacementFixture::new(
        &three_nodes(),
        &json!({"parts": {"instance": {"quorum": "majority"}}}),
    )
    .place(&[cluster]);
    assert_eq!(done.at("/spec/instances/0/replicas"), 3);
    let term = done.at("/spec/instances/0/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0");
    assert_eq!(
        term["labelSelector"]["matchLabels"]["postgres-operator.crunchydata.com/instance-set"],
        "a"
    );
    assert!(
        done.placed.additions.is_empty(),
        "the operator makes the budget"
    );
}

#[test]
fn the_purposes_come_in_order() {
    let app = json!({"images": {"arch": ["amd64"], "source": "a test"}, "parts": {"web": {"quorum": "majority", "storage": "block"}}});
    let volumes = json!([{"name": "d", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]);
    let done = PlacementFixture::new(&three_nodes(), &app).place(&[with(
        deployment(&json!({})),
        "/spec/template/spec/volumes",
        volumes,
    )]);
    let purposes: Vec<&str> = done
        .placed
        .patches
        .iter()
        .map(|p| p.purpose.as_str())
        .collect();
    assert_eq!(purposes, ["storage", "availability", "placement"]);
}

#[test]
fn replicas_that_are_no_number_are_an_error() {
    let done = promised(&json!({"replicas": "many"}));
    assert_eq!(
        done.message(),
        "the replicas of `web` are `\"many\"`, expected a whole number"
    );
}
