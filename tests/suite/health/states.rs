//! The states of the kinds whose health the catalogue tells.

use serde_json::{Value, json};

/// States of the kinds whose health the catalogue tells, as their operators write them, with the health that they mean.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn states() -> Vec<(&'static str, Value, &'static str)> {
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "message": kind});
    let with = |conditions: Value| json!({"metadata": {"generation": 2}, "status": {"conditions": conditions}});
    let available = [
        condition("Available", "True"),
        condition("Degraded", "False"),
    ];
    let degraded = [
        condition("Available", "True"),
        condition("Degraded", "True"),
    ];
    let starting = [
        condition("Available", "False"),
        condition("Progressing", "True"),
    ];
    let mut states = Vec::new();
    let kinds = [
        "AirflowCluster",
        "Config",
        "HyperConverged",
        "MetalLB",
        "NodeNetworkConfigurationPolicy",
        "SparkConnectServer",
        "SupersetCluster",
        "TrinoCluster",
    ];
    for kind in kinds {
        states.push((kind, with(json!(available)), "Healthy"));
        states.push((kind, with(json!(degraded)), "Degraded"));
        states.push((kind, with(json!(starting)), "Progressing"));
        states.push((kind, json!({"metadata": {"generation": 1}}), "Progressing"));
    }
    let unseen = json!({"metadata": {"generation": 3}, "status": {"observedGeneration": 2, "conditions": available}});
    states.push(("HyperConverged", unseen, "Progressing"));
    for kind in ["LocalVolume", "LocalVolumeSet"] {
        let name = if kind == "LocalVolume" {
            "Available"
        } else {
            "DaemonSetsAvailable"
        };
        states.push((kind, with(json!([condition(name, "True")])), "Healthy"));
        states.push((kind, with(json!([condition(name, "False")])), "Progressing"));
    }
    let ignored = with(json!([
        condition("Ignored", "True"),
        condition("Available", "False")
    ]));
    states.push(("NodeNetworkConfigurationPolicy", ignored, "Healthy"));
    let stopped = with(json!([
        condition("Stopped", "True"),
        condition("Available", "False")
    ]));
    states.push(("TrinoCluster", stopped, "Suspended"));
    for (kind, ready, broken) in [
        ("ExternalSecretsConfig", "Ready", "Degraded"),
        ("KafkaMirrorMaker2", "Ready", "NotReady"),
    ] {
        states.push((kind, with(json!([condition(ready, "True")])), "Healthy"));
        states.push((kind, with(json!([condition(broken, "True")])), "Degraded"));
        states.push((kind, with(json!([])), "Progressing"));
    }
    let phases = [
        ("Enabled", "Healthy"),
        ("Remediating", "Healthy"),
        ("Paused", "Suspended"),
        ("Disabled", "Degraded"),
    ];
    for (phase, health) in phases {
        let object = json!({"metadata": {}, "status": {"phase": phase, "reason": "why"}});
        states.push(("NodeHealthCheck", object, health));
    }
    states.push(("NodeHealthCheck", json!({"metadata": {}}), "Progressing"));
    for (phase, health) in [
        ("Available", "Healthy"),
        ("Error", "Degraded"),
        ("Progressing", "Progressing"),
    ] {
        let object = json!({"metadata": {}, "status": {"phase": phase}});
        states.push(("MultiClusterEngine", object, health));
    }
    for (master, health) in [("redis-replication-0", "Healthy"), ("", "Progressing")] {
        let object = json!({"metadata": {}, "status": {"masterNode": master}});
        states.push(("RedisReplication", object, health));
    }
    states.extend(subscriptions());
    let database = |instances: Value| {
        json!({
            "metadata": {"generation": 1},
            "spec": {"instances": [{"name": "a", "replicas": 2}, {"name": "b"}]},
            "status": {"observedGeneration": 1, "instances": instances},
        })
    };
    let all = json!([{"name": "a", "replicas": 2, "readyReplicas": 2}, {"name": "b", "replicas": 1, "readyReplicas": 1}]);
    let some =
        json!([{"name": "a", "replicas": 2, "readyReplicas": 1}, {"name": "b", "replicas": 1}]);
    states.push(("PostgresCluster", database(all), "Healthy"));
    states.push(("PostgresCluster", database(some), "Progressing"));
    states.push(("PostgresCluster", database(json!([])), "Progressing"));
    states
}

/// States of a Subscription: an update that waits for somebody is no fault, and no reason for others to wait.
fn subscriptions() -> Vec<(&'static str, Value, &'static str)> {
    let pending =
        json!({"type": "InstallPlanPending", "status": "True", "reason": "RequiresApproval"});
    let with = |status: Value| json!({"metadata": {}, "status": status});
    vec![
        ("Subscription", with(json!({})), "Progressing"),
        (
            "Subscription",
            with(json!({"state": "AtLatestKnown", "installedCSV": "a.v1"})),
            "Healthy",
        ),
        (
            "Subscription",
            with(
                json!({"state": "UpgradePending", "installedCSV": "a.v1", "installPlanRef": {"name": "install-x"}, "conditions": [pending]}),
            ),
            "Suspended",
        ),
        (
            "Subscription",
            with(json!({"state": "UpgradePending", "conditions": [pending]})),
            "Progressing",
        ),
        (
            "Subscription",
            with(json!({"state": "UpgradePending", "installedCSV": "a.v1"})),
            "Progressing",
        ),
        (
            "Subscription",
            with(json!({"state": "UpgradeFailed", "installedCSV": "a.v1"})),
            "Degraded",
        ),
        (
            "Subscription",
            with(
                json!({"state": "AtLatestKnown", "conditions": [{"type": "ResolutionFailed", "status": "True", "message": "no such channel"}]}),
            ),
            "Degraded",
        ),
    ]
}
