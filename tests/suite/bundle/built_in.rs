//! The instances that siteplan makes itself: namespaces and labels of nodes.

use super::*;

#[test]
fn namespaces_are_labelled_and_never_pruned() {
    let mut plan = NamespacePlan {
        pod_security: Some(PodSecurity::Restricted),
        ..NamespacePlan::default()
    };
    plan.spec.labels.insert("team".to_owned(), "web".to_owned());
    let made = Made::new().namespace("web", plan).namespaces();
    let objects = builtin_objects(&made.plan, &made.plan.instances[0]);
    assert_eq!(objects[0].0, "namespace.web.yaml");
    assert_eq!(
        objects[0].1.value()["metadata"],
        json!({
            "name": "web",
            "labels": {
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
                "team": "web",
            },
            "annotations": {
                "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            },
        })
    );
    let application = made.document("apps/namespaces.yaml");
    assert_eq!(application["metadata"].get("finalizers"), None);
    assert_eq!(
        application["spec"]["syncPolicy"]["automated"],
        json!({"selfHeal": true})
    );
    assert_eq!(
        application["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"],
        "."
    );
}

#[test]
fn nodes_get_labels_only_and_only_where_they_are_there() {
    let labels = [
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", "n"),
        ("workload-type", "database"),
    ];
    let spec = json!({"nodes": {"labels": {"cluster.ocs.openshift.io/openshift-storage": ""}}});
    let mut made =
        Made::new()
            .node("acp-0", &pool(true), &labels)
            .node("acp-1", &pool(true), &labels);
    made.plan.nodes[1].state = Some(NodeState::Replacing);
    let made = made
        .node("acp-2", &pool(true), &labels)
        .app("odf", 1, spec, json!([]));
    let mut made = made;
    made.plan.nodes[2].unnamed = true;
    let made = made.nodes();
    let objects = builtin_objects(&made.plan, &made.plan.instances[0]);
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0].0, "node.acp-0.yaml");
    assert_eq!(
        objects[0].1.value(),
        &json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": "acp-0",
                "labels": {"cluster.ocs.openshift.io/openshift-storage": "", "workload-type": "database"},
                "annotations": {
                    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
                    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
                },
            },
        })
    );
    let application = made.document("apps/nodes.yaml");
    assert_eq!(
        application["spec"]["syncPolicy"]["automated"],
        json!({"selfHeal": true})
    );
    assert_eq!(options(&application), ["ServerSideApply=true"]);
    assert_eq!(
        application["metadata"]["annotations"]["siteplan.dev/when-failed"],
        "go-on"
    );
}

#[test]
fn a_node_that_has_not_joined_is_never_made() {
    let made = |argocd: Value, version: &str| {
        let cluster = json!({"cluster": {"platform": "kubernetes", "version": version}});
        let made = Made::of(fleet(argocd, json!({})), "plant", cluster);
        made.node("acp-0", &pool(true), &[("workload-type", "database")])
            .nodes()
    };
    let of_bootstrap = |made: &Made| {
        let files = made.bundle().0;
        let policy = files
            .iter()
            .find(|file| file.path == "bootstrap/node-policy.yaml");
        policy.map(|file| file.documents.len())
    };
    let kinds = |made: &Made| {
        let objects = builtin_objects(&made.plan, &made.plan.instances[0]);
        let kinds = objects.iter().map(|(_, object)| object.kind().to_owned());
        kinds.collect::<Vec<String>>()
    };
    let own = made(json!({"version": "3.3"}), "1.34");
    assert_eq!(
        (of_bootstrap(&own), kinds(&own)),
        (Some(2), vec!["Node".to_owned()])
    );
    let old = made(json!({"version": "3.3"}), "1.29");
    assert_eq!(of_bootstrap(&old), None);
    let hub = made(json!({"version": "3.3", "topology": "hub"}), "1.34");
    assert_eq!(of_bootstrap(&hub), None);
    assert_eq!(
        kinds(&hub),
        [
            "Node",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding"
        ]
    );
}

#[test]
fn nodes_of_other_pools_are_left_alone() {
    let made = Made::new()
        .node("acp-0", &pool(false), &[("workload-type", "database")])
        .nodes();
    assert!(builtin_objects(&made.plan, &made.plan.instances[0]).is_empty());
}
