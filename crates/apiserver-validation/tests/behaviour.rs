//! Parameters: platforms, versions and places of templates.

use apiserver_validation::{
    Context, KubernetesVersion, PodSecurityLevel, PodSecurityPlatform, PodSecurityPolicy,
    Violation, check_object, check_pod_security, check_pod_template, check_template_security,
    check_update,
};
use serde_json::{Value, json};

const fn policy(minor: u16, platform: PodSecurityPlatform) -> PodSecurityPolicy {
    let version = KubernetesVersion::new(1, minor);
    PodSecurityPolicy {
        level: PodSecurityLevel::Restricted,
        version,
        platform,
    }
}

fn rules(found: &[Violation]) -> Vec<&str> {
    found.iter().map(|violation| violation.rule).collect()
}

fn context(minor: u16) -> Context {
    Context {
        version: KubernetesVersion::new(1, minor),
    }
}

fn pod(spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
}

#[test]
fn openshift_fills_in_what_a_pod_leaves_out_and_plain_kubernetes_does_not() {
    let bare = pod(&json!({"containers": [{"name": "a", "image": "x"}]}));
    let kubernetes = check_pod_security(&bare, policy(34, PodSecurityPlatform::Kubernetes));
    assert_eq!(
        rules(&kubernetes),
        [
            "pod-security-non-root",
            "pod-security-escalation",
            "pod-security-seccomp",
            "pod-security-capabilities"
        ]
    );
    assert_eq!(
        check_pod_security(&bare, policy(34, PodSecurityPlatform::OpenShift)),
        []
    );
}

#[test]
fn openshift_changes_nothing_that_a_pod_sets_itself() {
    let loose = pod(&json!({
        "hostNetwork": true,
        "securityContext": {"runAsNonRoot": false, "seccompProfile": {"type": "Unconfined"}},
        "containers": [{"name": "a", "image": "x", "securityContext": {
            "allowPrivilegeEscalation": true, "privileged": true, "runAsUser": 0, "capabilities": {"add": ["SYS_ADMIN"]},
        }}],
    }));
    let found = check_pod_security(&loose, policy(34, PodSecurityPlatform::OpenShift));
    let pointers: Vec<&str> = found
        .iter()
        .map(|violation| violation.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/spec/hostNetwork",
            "/spec/containers/0/securityContext/privileged",
            "/spec/securityContext/runAsNonRoot",
            "/spec/containers/0/securityContext/runAsUser",
            "/spec/containers/0/securityContext/allowPrivilegeEscalation",
            "/spec/securityContext/seccompProfile/type",
            "/spec/containers/0/securityContext/capabilities/add/0",
        ]
    );
}

#[test]
fn users_of_its_own_let_a_pod_run_as_root_from_version_1_35_on() {
    let root = pod(&json!({
        "hostUsers": false,
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "a", "image": "x", "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        }}],
    }));
    let found = check_pod_security(&root, policy(34, PodSecurityPlatform::Kubernetes));
    assert_eq!(
        rules(&found),
        ["pod-security-non-root", "pod-security-run-as-user"]
    );
    assert_eq!(
        check_pod_security(&root, policy(35, PodSecurityPlatform::Kubernetes)),
        []
    );
}

#[test]
fn templates_in_custom_resources_are_checked_where_they_are() {
    let resource = json!({
        "apiVersion": "example.com/v1",
        "kind": "Database",
        "spec": {"instances": [
            {"podTemplate": {
                "metadata": {"labels": {"a": "b c"}},
                "spec": {"containers": [{"name": "a", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
            }},
            {"podSpec": {"containers": [{"name": "A", "image": "x"}]}},
        ]},
    });
    let found = check_pod_template(&resource, "/spec/instances/0/podTemplate", &context(34));
    assert_eq!(rules(&found), ["label-value", "unknown-volume"]);
    assert_eq!(
        found[0].pointer,
        "/spec/instances/0/podTemplate/metadata/labels/a"
    );
    assert_eq!(
        found[1].field,
        "spec.instances[0].podTemplate.spec.containers[0].volumeMounts[0].name"
    );

    let bare = "/spec/instances/1/podSpec";
    let found = check_pod_template(&resource, bare, &context(34));
    assert_eq!(
        found[0].pointer,
        "/spec/instances/1/podSpec/containers/0/name"
    );
    let secured =
        check_template_security(&resource, bare, policy(34, PodSecurityPlatform::Kubernetes));
    assert_eq!(secured.len(), 4);
    assert_eq!(
        check_pod_template(&resource, "/spec/nowhere", &context(34)),
        []
    );
}

#[test]
fn custom_resources_and_lists_are_checked_for_their_metadata_only() {
    let resource = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "A_b"}, "spec": {"replicas": -1}});
    assert_eq!(
        rules(&check_object(&resource, &context(34))),
        ["name-syntax"]
    );
    let list = json!({"apiVersion": "v1", "kind": "List", "items": []});
    assert_eq!(check_object(&list, &context(34)), []);
    let foreign = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "A_b"}});
    assert_eq!(
        rules(&check_object(&foreign, &context(34))),
        ["name-syntax"]
    );
    let user = json!({"apiVersion": "user.openshift.io/v1", "kind": "Identity", "metadata": {"name": "idp:Ann"}});
    assert_eq!(check_object(&user, &context(34)), []);
}

#[test]
fn rules_that_came_with_a_version_hold_from_it_on() {
    let with_variable = |name: &str| {
        pod(&json!({"containers": [{"name": "a", "image": "x", "env": [{"name": name}]}]}))
    };
    assert_eq!(
        rules(&check_object(&with_variable("1 a"), &context(31))),
        ["env-name"]
    );
    assert_eq!(check_object(&with_variable("1 a"), &context(32)), []);

    let job = |schedule: &str| {
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n"}, "spec": {
            "schedule": schedule,
            "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "x"}]}}}},
        }})
    };
    assert_eq!(
        check_object(&job("TZ=Europe/Berlin 0 3 * * *"), &context(28)),
        []
    );
    assert_eq!(
        rules(&check_object(
            &job("TZ=Europe/Berlin 0 3 * * *"),
            &context(29)
        )),
        ["cron-schedule"]
    );
    assert_eq!(
        rules(&check_object(&job("TZ=Nowhere 0 3 * * *"), &context(28))),
        ["cron-schedule"]
    );
    assert_eq!(
        rules(&check_object(&job("TZ=UTC"), &context(28))),
        ["cron-schedule"]
    );
}

#[test]
fn updates_of_different_objects_are_not_compared() {
    let map = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "immutable": true, "data": {"a": value}});
    assert_eq!(
        check_update(&map("a", "1"), &map("b", "2"), &context(34)),
        []
    );
    let found = check_update(&map("a", "1"), &map("a", "2"), &context(34));
    assert_eq!(rules(&found), ["immutable"]);
    assert_eq!(found[0].pointer, "/data");
}
