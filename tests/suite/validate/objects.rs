//! Rules of Kubernetes and of the fleet: objects, images, secrets, references.

use serde_json::{Value, json};

use super::argo::{plain, with};
use super::{Case, case};
use crate::made_site::{Made, config_map, fleet};

pub(super) fn cases() -> Vec<Case> {
    [
        ownership(),
        definitions(),
        old_argocd(),
        namespaces(),
        images(),
        secrets(),
        metadata(),
        references(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn metallb() -> Value {
    json!({"apiVersion": "metallb.io/v1beta1", "kind": "MetalLB", "metadata": {"name": "metallb", "namespace": "web"}})
}

fn subscription(package: &str) -> Value {
    json!({
        "apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription",
        "metadata": {"name": package, "namespace": "operator"},
        "spec": {"name": package, "channel": "stable", "source": "redhat-operators", "sourceNamespace": "openshift-marketplace"},
    })
}

/// An operator in one wave, its custom resource in another.
fn operator(wave: u32, resource_wave: u32, package: &str) -> Made {
    Made::new()
        .app(
            "operator",
            wave,
            json!({"namespace": "operator"}),
            json!([subscription(package)]),
        )
        .app(
            "web",
            resource_wave,
            json!({"namespace": "web"}),
            json!([metallb()]),
        )
        .namespaces()
}

fn ownership() -> Vec<Case> {
    let two = |name: &str| {
        let db = json!([config_map("web", name)]);
        Made::new()
            .app(
                "web",
                1,
                json!({"namespace": "web"}),
                json!([config_map("web", "a")]),
            )
            .app("db", 1, json!({"namespace": "db"}), db)
            .namespaces()
    };
    let gadget = |spec: Value| {
        let gadget = json!({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g", "namespace": "web"}});
        Made::new()
            .app("web", 1, spec, json!([gadget]))
            .namespaces()
    };
    let catalogue = json!([{"group": "example.com", "kind": "Gadget", "scope": "Namespaced"}]);
    vec![
        case(
            "shared-resource",
            "a ConfigMap in two apps",
            two("a"),
            two("b"),
        ),
        case(
            "shared-resource",
            "a Namespace in a base",
            with(json!([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}])),
            with(json!([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}])),
        ),
        case(
            "unknown-kind-scope",
            "a kind that nobody knows",
            gadget(json!({"namespace": "web", "provides": {"kinds": ["Gadget.example.com"]}})),
            gadget(
                json!({"namespace": "web", "provides": {"kinds": ["Gadget.example.com"]}, "catalogue": catalogue}),
            ),
        ),
        case(
            "object-too-large",
            "more than an annotation holds",
            large(300_000, json!({})),
            large(
                300_000,
                json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true"}),
            ),
        ),
        case(
            "object-too-large",
            "more than the API server takes",
            large(
                1_100_000,
                json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true"}),
            ),
            large(200_000, json!({})),
        ),
    ]
}

fn large(bytes: usize, annotations: Value) -> Made {
    let mut object = config_map("web", "a");
    object["data"] = json!({"a": "a".repeat(bytes)});
    if annotations.as_object().is_some_and(|a| !a.is_empty()) {
        object["metadata"]["annotations"] = annotations;
    }
    with(json!([object]))
}

fn definitions() -> Vec<Case> {
    let one_app = |wave: &str| {
        let mut resource = metallb();
        resource["metadata"]["annotations"] = json!({"argocd.argoproj.io/sync-wave": wave});
        let mut subscription = subscription("metallb-operator");
        subscription["metadata"]["namespace"] = json!("web");
        with(json!([subscription, resource]))
    };
    let mut own = Made::new().app(
        "web",
        1,
        json!({"namespace": "web", "provides": {"kinds": ["MetalLB.metallb.io"]}}),
        json!([metallb()]),
    );
    own = own.namespaces();
    vec![
        case(
            "crd-after-resource",
            "the same wave",
            operator(1, 1, "metallb-operator"),
            operator(1, 2, "metallb-operator"),
        ),
        case(
            "crd-after-resource",
            "one app, one wave",
            one_app("0"),
            one_app("1"),
        ),
        case(
            "crd-not-on-site",
            "no operator",
            operator(1, 2, "odf-operator"),
            own,
        ),
    ]
}

/// A custom resource under an Argo CD that cannot be told for a whole Application, with its operator in another wave.
fn old_argocd() -> Vec<Case> {
    let made = |wave: u32| {
        let made = Made::of(
            fleet(json!({"version": "3.0"}), json!({})),
            "plant",
            json!({}),
        );
        let provides =
            json!({"namespace": "operator", "provides": {"kinds": ["MetalLB.metallb.io"]}});
        made.app("web", 1, json!({"namespace": "web"}), json!([metallb()]))
            .app("operator", wave, provides, json!([]))
            .namespaces()
    };
    vec![case(
        "dry-run-not-skipped",
        "the operator comes later",
        made(2),
        made(0),
    )]
}

#[test]
fn an_annotation_of_the_object_skips_its_dry_run() {
    let mut resource = metallb();
    resource["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/sync-options": "Prune=false,SkipDryRunOnMissingResource=true"});
    let made = Made::of(
        fleet(json!({"version": "3.0"}), json!({})),
        "plant",
        json!({}),
    );
    let made = made
        .app("web", 1, json!({"namespace": "web"}), json!([resource]))
        .namespaces();
    assert_eq!(
        made.codes().into_iter().collect::<Vec<_>>(),
        ["crd-not-on-site"]
    );
}

fn namespaces() -> Vec<Case> {
    let unset = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    let in_namespace = |namespace: &str| with(json!([config_map(namespace, "a")]));
    let late = |wave: u32| {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}});
        Made::new()
            .app(
                "web",
                1,
                json!({"namespace": "web"}),
                json!([config_map("later", "a")]),
            )
            .app("db", wave, json!({}), json!([namespace]))
            .namespaces()
    };
    vec![
        case(
            "namespace-not-made",
            "nobody makes it",
            in_namespace("other"),
            in_namespace("openshift-config"),
        ),
        case("namespace-not-made", "made too late", late(2), late(1)),
        case(
            "namespace-not-set",
            "no namespace",
            with(json!([unset])),
            plain(),
        ),
    ]
}

fn pod(spec: &Value) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "web"},
           "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}})
}

#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn images() -> Vec<Case> {
    let policy = || {
        fleet(
            json!({"version": "3.3"}),
            json!({"images": {"allow": ["registry.redhat.io", "quay.io/ours"], "deny": ["docker.io"]}}),
        )
    };
    let made = |objects: Value| {
        Made::of(policy(), "plant", json!({}))
            .app("web", 1, json!({"namespace": "web"}), objects)
            .namespaces()
    };
    let containers = |init: &str, main: &str| {
        json!([pod(
            &json!({"initContainers": [{"name": "i", "image": init}], "containers": [{"name": "m", "image": main}]})
        )])
    };
    let good = "registry.redhat.io/ubi9@sha256:0";
    let build = |image: &str| {
        let from = json!({"kind": "DockerImage", "name": image});
        json!([{"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig", "metadata": {"name": "b", "namespace": "web"},
                "spec": {"output": {"to": {"kind": "DockerImage", "name": "quay.io/elsewhere"}}, "strategy": {"sourceStrategy": {"from": from}}}}])
    };
    let named = |name: &str| {
        let spec = json!({"namespace": "web", "images": {"arch": ["amd64"], "names": [name]}});
        Made::of(policy(), "plant", json!({}))
            .app("web", 1, spec, json!([config_map("web", "a")]))
            .namespaces()
    };
    let stream = |local: bool| {
        let stream = json!({"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "flask", "namespace": "web"},
                            "spec": {"lookupPolicy": {"local": local}}});
        let pod = pod(&json!({"containers": [{"name": "m", "image": "flask:latest"}]}));
        made(json!([stream, pod]))
    };
    vec![
        case(
            "image-not-allowed",
            "an init container",
            made(containers("nginx", good)),
            made(containers(good, good)),
        ),
        case(
            "image-not-allowed",
            "a registry that is not listed",
            made(containers(good, "quay.io/theirs/a")),
            made(containers(good, "quay.io/ours/a:1")),
        ),
        case(
            "image-not-allowed",
            "what a build starts from",
            made(build("docker.io/library/python:3")),
            made(build("registry.redhat.io/ubi9/python-311:9.7")),
        ),
        case(
            "image-not-allowed",
            "what an operator chooses",
            named("bitnami/postgresql"),
            named("registry.redhat.io/rhel9/postgresql-16"),
        ),
        case(
            "image-not-allowed",
            "a name that is no image stream",
            stream(false),
            stream(true),
        ),
    ]
}

fn secrets() -> Vec<Case> {
    let secret = |content: Value| {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "web"}});
        secret
            .as_object_mut()
            .unwrap()
            .extend(content.as_object().unwrap().clone());
        with(json!([secret]))
    };
    let data = |text: &str| {
        let mut object = config_map("web", "a");
        object["data"] = json!({"config": text});
        with(json!([object]))
    };
    let at = |url: &str| {
        let fleet = fleet(
            json!({"version": "3.3"}),
            json!({"source": {"repoURL": url}}),
        );
        Made::of(fleet, "plant", json!({}))
            .app(
                "web",
                1,
                json!({"namespace": "web"}),
                json!([config_map("web", "a")]),
            )
            .namespaces()
    };
    vec![
        case(
            "secret-in-output",
            "a Secret with content",
            secret(json!({"stringData": {"password": "hunter2"}})),
            secret(json!({"data": {}})),
        ),
        case(
            "secret-in-output",
            "a password in a URL",
            data("url: amqp://user:hunter2@queue:5672"),
            data("url: amqp://$(USER):$(PASSWORD)@queue"),
        ),
        case(
            "secret-in-output",
            "the repository's own password",
            at("https://bot:hunter2@git.example.com/a.git"),
            at("ssh://git@git.example.com/a.git"),
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let changed = |change: fn(&mut Value)| {
        let mut object = config_map("web", "a");
        change(&mut object);
        with(json!([object]))
    };
    let nested = |labels: Value| {
        let template = json!({"metadata": {"labels": labels}, "spec": {}});
        with(
            json!([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "web"}, "spec": {"template": template}}]),
        )
    };
    let role = |name: &str| {
        with(
            json!([{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name, "namespace": "web"}}]),
        )
    };
    vec![
        case(
            "malformed-metadata",
            "a name",
            changed(|o| o["metadata"]["name"] = json!("A_b")),
            changed(|o| o["metadata"]["name"] = json!("a.b")),
        ),
        case(
            "malformed-metadata",
            "a role with a slash",
            role("a/b"),
            role("system:image-puller"),
        ),
        case(
            "malformed-metadata",
            "a label that is no text",
            changed(|o| o["metadata"]["labels"] = json!({"ready": true})),
            changed(|o| o["metadata"]["labels"] = json!({"ready": "true"})),
        ),
        case(
            "malformed-metadata",
            "a label of a template",
            nested(json!({"app": "a b"})),
            nested(json!({"app": "a.b"})),
        ),
        case(
            "malformed-metadata",
            "an annotation's key",
            changed(|o| o["metadata"]["annotations"] = json!({"a/b/c": "x"})),
            changed(|o| o["metadata"]["annotations"] = json!({"example.com/b": "x y z"})),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn references() -> Vec<Case> {
    let uses = |name: &str, optional: bool| {
        let env = json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "k", "optional": optional}}}]);
        pod(&json!({"containers": [{"name": "m", "image": "quay.io/a/b", "env": env}]}))
    };
    let volumes = |volume: Value| {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "runner", "namespace": "web"}});
        let spec = json!({"serviceAccountName": "runner", "containers": [{"name": "m", "image": "quay.io/a/b"}], "volumes": [volume]});
        with(json!([pod(&spec), account, config_map("web", "a")]))
    };
    let expected = |namespace: &str| {
        let secret = json!({"namespace": namespace, "name": "db", "source": "the vault"});
        let fleet = fleet(json!({"version": "3.3"}), json!({"secrets": [secret]}));
        Made::of(fleet, "plant", json!({}))
            .app(
                "web",
                1,
                json!({"namespace": "web"}),
                json!([uses("db", false)]),
            )
            .namespaces()
    };
    let provided = json!({"namespace": "web", "provides": {"secrets": ["db"]}});
    let provided = Made::new()
        .app("web", 1, provided, json!([uses("db", false)]))
        .namespaces();
    let account = |name: &str| {
        with(json!([pod(
            &json!({"serviceAccountName": name, "containers": []})
        )]))
    };
    vec![
        case(
            "unknown-reference",
            "a Secret that nobody makes",
            with(json!([uses("db", false)])),
            with(json!([uses("db", true)])),
        ),
        case(
            "unknown-reference",
            "a Secret of another namespace",
            expected("other"),
            expected("web"),
        ),
        case(
            "unknown-reference",
            "a Secret that no operator makes",
            with(json!([uses("db", false)])),
            provided,
        ),
        case(
            "unknown-reference",
            "a ServiceAccount",
            account("runner"),
            account("default"),
        ),
        case(
            "unknown-reference",
            "a ConfigMap",
            volumes(json!({"name": "v", "configMap": {"name": "b"}})),
            volumes(json!({"name": "v", "configMap": {"name": "a"}})),
        ),
        case(
            "unknown-reference",
            "a claim",
            volumes(json!({"name": "v", "persistentVolumeClaim": {"claimName": "data"}})),
            volumes(json!({"name": "v", "emptyDir": {}})),
        ),
        case(
            "unknown-reference",
            "a projected Secret",
            volumes(json!({"name": "v", "projected": {"sources": [{"secret": {"name": "db"}}]}})),
            volumes(
                json!({"name": "v", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}),
            ),
        ),
    ]
}
