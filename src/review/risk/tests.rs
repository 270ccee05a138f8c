use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::compare::semantic;

/// Returns the codes of the risks between two states of one object; `null`: it is not there.
fn codes(old: Value, new: Value) -> Vec<&'static str> {
    let object = |value: Value| (!value.is_null()).then(|| Object::new(value));
    let (old, new) = (object(old), object(new));
    let set = |object: &Option<Object>| {
        let object = object.iter().cloned();
        object.map(|o| (o.id(), o)).collect::<BTreeMap<_, _>>()
    };
    let differences = semantic::differences(&set(&old), &set(&new));
    let fields = differences.changed.first().map(|change| &change.fields[..]);
    let update = ComparedObject {
        old: old.as_ref(),
        new: new.as_ref(),
        fields: fields.unwrap_or_default(),
    };
    let risks = find_risks(&update, Catalogue::built_in());
    risks.into_iter().map(|risk| risk.kind.code()).collect()
}

fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
    })
}

fn with(mut value: Value, pointer: &str, field: &str, new: Value) -> Value {
    value.pointer_mut(pointer).unwrap()[field] = new;
    value
}

#[test]
fn a_claim_that_goes_takes_its_data_along() {
    let claim =
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}});
    assert_eq!(codes(claim, Value::Null), ["data-deleted"]);
    let cluster = json!({"apiVersion": "ocs.openshift.io/v1", "kind": "StorageCluster", "metadata": {"name": "ocs"}});
    assert_eq!(codes(cluster, Value::Null), ["data-deleted"]);
}

#[test]
fn what_can_be_made_again_is_deleted_too() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}});
    assert_eq!(codes(service.clone(), Value::Null), ["object-deleted"]);
    assert!(codes(Value::Null, service).is_empty());
}

#[test]
fn a_class_or_a_size_touches_data() {
    let claim = |class: &str, size: &str| {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}},
        })
    };
    assert_eq!(
        codes(claim("a", "1Gi"), claim("b", "1Gi")),
        ["data-affected"]
    );
    assert_eq!(
        codes(claim("a", "1Gi"), claim("a", "2Gi")),
        ["data-affected"]
    );
}

#[test]
fn a_machine_config_restarts_nodes() {
    let config = |kernel: &str| json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "metadata": {"name": "x"}, "spec": {"kernelType": kernel}});
    assert_eq!(
        codes(config("default"), config("realtime")),
        ["nodes-restart"]
    );
    assert_eq!(codes(Value::Null, config("realtime")), ["nodes-restart"]);
}

#[test]
fn a_bond_is_a_network() {
    let policy = |mtu: u32| json!({"apiVersion": "nmstate.io/v1", "kind": "NodeNetworkConfigurationPolicy", "metadata": {"name": "x"}, "spec": {"desiredState": {"interfaces": [{"name": "bond0", "mtu": mtu}]}}});
    assert_eq!(codes(policy(1500), policy(9000)), ["network-changed"]);
}

#[test]
fn parameters_of_a_fence_agent_are_fencing() {
    let template = |ip: &str| json!({"apiVersion": "fence-agents-remediation.medik8s.io/v1alpha1", "kind": "FenceAgentsRemediationTemplate", "metadata": {"name": "x"}, "spec": {"template": {"spec": {"nodeparameters": {"--ip": {"n0": ip}}}}}});
    assert_eq!(
        codes(template("192.0.2.1"), template("192.0.2.2")),
        ["fencing-changed"]
    );
}

#[test]
fn rights_that_are_added_are_told_and_rights_that_go_are_not() {
    let role = |verbs: &[&str]| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "x"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]});
    assert_eq!(
        codes(role(&["get"]), role(&["get", "delete"])),
        ["rights-widened"]
    );
    assert!(codes(role(&["get", "delete"]), role(&["get"])).is_empty());
    assert_eq!(codes(Value::Null, role(&["get"])), ["rights-widened"]);
}

#[test]
fn a_pod_of_the_node_is_privileged() {
    let before = deployment("quay.io/a/b:1", 2);
    let after = with(
        before.clone(),
        "/spec/template/spec",
        "hostNetwork",
        json!(true),
    );
    assert_eq!(
        codes(before.clone(), after),
        ["privilege-gained", "pods-restart"]
    );
    let harmless = with(
        before.clone(),
        "/spec/template/spec",
        "hostNetwork",
        json!(false),
    );
    assert_eq!(codes(before, harmless), ["pods-restart"]);
}

#[test]
fn an_image_restarts_pods() {
    let codes_of = |image: &str| codes(deployment("quay.io/a/b:1", 2), deployment(image, 2));
    assert_eq!(codes_of("quay.io/a/b:2"), ["pods-restart", "image-changed"]);
    assert_eq!(
        codes_of("registry.example.com/a/b:1"),
        ["pods-restart", "registry-changed", "image-changed"]
    );
}

#[test]
fn fewer_pods_are_less_availability_and_more_are_no_risk() {
    let scaled = |from: u32, to: u32| codes(deployment("a:1", from), deployment("a:1", to));
    assert_eq!(scaled(3, 2), ["availability-reduced"]);
    assert!(scaled(2, 3).is_empty());
}

#[test]
fn a_node_selector_moves_pods() {
    let before = deployment("a:1", 1);
    let after = with(
        before.clone(),
        "/spec/template/spec",
        "nodeSelector",
        json!({"a": "b"}),
    );
    assert_eq!(codes(before, after), ["pods-restart", "placement-moved"]);
}

#[test]
fn a_machine_restarts_when_its_template_changes() {
    let machine = |cores: u32| json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "x"}, "spec": {"template": {"spec": {"domain": {"cpu": {"cores": cores}, "resources": {"requests": {"memory": "1Gi"}}}}}}});
    assert_eq!(codes(machine(1), machine(2)), ["machines-restart"]);
}

#[test]
fn a_channel_is_an_operator() {
    let subscription = |channel: &str| json!({"apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription", "metadata": {"name": "x"}, "spec": {"channel": channel}});
    assert_eq!(
        codes(subscription("stable-4.18"), subscription("stable-4.19")),
        ["operator-changed"]
    );
}

#[test]
fn options_and_finalizers_decide_on_removal() {
    let application = |prune: bool| json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "x"}, "spec": {"syncPolicy": {"automated": {"prune": prune}}}});
    assert_eq!(
        codes(application(false), application(true)),
        ["removal-changed"]
    );
    let service = |options: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "annotations": {"argocd.argoproj.io/sync-options": options}}});
    assert_eq!(
        codes(service("Prune=false"), service("Prune=confirm")),
        ["removal-changed"]
    );
}

#[test]
fn codes_are_unique_and_the_gravest_come_first() {
    let all: Vec<&str> = RiskKind::ALL.iter().map(|kind| kind.code()).collect();
    let unique: std::collections::BTreeSet<&&str> = all.iter().collect();
    assert_eq!(unique.len(), all.len());
    assert!(RiskKind::ALL.is_sorted());
}

#[test]
fn every_code_is_explained_and_no_other() {
    let page = include_str!("../../../docs/review.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let explained: Vec<&str> = rows
        .filter_map(|row| row.split('`').nth(1))
        .filter(|code| !code.starts_with("-o"))
        .collect();
    let codes: Vec<&str> = RiskKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(explained, codes);
}
