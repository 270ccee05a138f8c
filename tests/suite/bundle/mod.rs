//! What Argo CD reads: the shape of Applications, projects and bootstrap in both topologies and flavours.

mod built_in;
mod removal;
mod root;

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_vocabulary::ResourceScope;
use pointer_diagnostics::Diagnostics;
use serde_json::{Value, json};
use siteplan::bundle::{
    Bootstrap, BootstrapFiles, File, HEALTH_KEY, HEALTH_SCRIPT, NeededAnnotation, builtin_objects,
    fleet_bundle, needed_annotations,
};
use siteplan::catalogue::Catalogue;
use siteplan::cluster::compare_bootstrap;
use siteplan::ledger::HeldKind;
use siteplan::manifest::Object;
use siteplan::model::{Arch, NodeState, PodSecurity};
use siteplan::plan::{NamespacePlan, PoolPlan};

use crate::made_site::{Made, config_map, fleet, only};

fn widget() -> Value {
    json!({"apiVersion": "metallb.io/v1beta1", "kind": "MetalLB", "metadata": {"name": "metallb", "namespace": "web"}})
}

fn web(argocd: Value) -> Made {
    let fleet = fleet(argocd, json!({}));
    Made::of(fleet, "plant", json!({})).app(
        "web",
        1,
        json!({"namespace": "web", "onRemove": "delete"}),
        json!([config_map("web", "a"), widget()]),
    )
}

/// The annotations that the objects of the only instance need.
fn annotations_needed(made: &Made) -> Vec<NeededAnnotation> {
    let (instance, objects) = (&made.plan.instances[0], &made.rendered["web"]);
    needed_annotations(&made.plan, instance, Catalogue::built_in(), objects)
}

fn pool(manage_labels: bool) -> PoolPlan {
    PoolPlan {
        name: "acp".to_owned(),
        arch: Arch::Amd64,
        selector: Vec::new(),
        taints: Vec::new(),
        manage_labels,
    }
}

fn options(application: &Value) -> Vec<&str> {
    let options = application["spec"]["syncPolicy"]["syncOptions"]
        .as_array()
        .into_iter()
        .flatten();
    options.filter_map(Value::as_str).collect()
}

fn paths(files: &[File]) -> Vec<&str> {
    files.iter().map(|f| f.path.as_str()).collect()
}

#[test]
fn an_application_says_where_its_overlay_is_and_when_it_is_synced() {
    let application = web(json!({"version": "3.3"})).document("apps/web.yaml");
    assert_eq!(
        application,
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "plant-web",
                "namespace": "argocd",
                "labels": {"app.kubernetes.io/part-of": "plant", "siteplan.dev/site": "plant"},
                "annotations": {
                    "argocd.argoproj.io/sync-wave": "1",
                    "argocd.argoproj.io/manifest-generate-paths": ".;/base/apps/web",
                },
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": {
                "project": "plant",
                "source": {
                    "repoURL": "https://git.example.com/fleet.git",
                    "path": "out/plant/web",
                    "targetRevision": "refs/heads/main",
                },
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
                "syncPolicy": {
                    "automated": {"prune": true, "selfHeal": true},
                    "syncOptions": ["PruneLast=true", "SkipDryRunOnMissingResource=true"],
                    "retry": {"limit": -1, "refresh": true, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}},
                },
            },
        })
    );
}

#[test]
fn the_fleets_directory_is_part_of_every_path() {
    let fleet = fleet(
        json!({"version": "3.3"}),
        json!({"source": {"directory": "sites/emea/"}}),
    );
    let mut made =
        Made::of(fleet, "plant", json!({})).app("web", 0, json!({"namespace": "web"}), json!([]));
    made.directories = BTreeMap::from([(
        "web".to_owned(),
        BTreeSet::from([
            "base/apps/web".to_owned(),
            "base/components/tls".to_owned(),
            "out/plant/web".to_owned(),
        ]),
    )]);
    let application = made.document("apps/web.yaml");
    assert_eq!(
        application["spec"]["source"]["path"],
        "sites/emea/out/plant/web"
    );
    assert_eq!(
        application["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"],
        ".;/sites/emea/base/apps/web;/sites/emea/base/components/tls"
    );
}

#[test]
fn what_happens_on_removal_is_said_in_finalizers_and_options() {
    let made = |on_remove: &str, version: &str| {
        let spec = json!({"namespace": "web", "onRemove": on_remove});
        let made = Made::of(
            fleet(json!({"version": version}), json!({})),
            "plant",
            json!({}),
        );
        made.app("web", 0, spec, json!([]))
            .document("apps/web.yaml")
    };
    let (keep, delete) = (made("keep", "3.3"), made("delete", "3.3"));
    assert_eq!(keep["metadata"].get("finalizers"), None);
    assert_eq!(options(&keep), ["PruneLast=true"]);
    assert_eq!(
        delete["metadata"]["finalizers"],
        json!(["resources-finalizer.argocd.argoproj.io"])
    );
    assert_eq!(
        delete["metadata"]["annotations"].get("argocd.argoproj.io/sync-options"),
        None
    );
    assert_eq!(
        options(&made("keep", "3.4")),
        ["Delete=false", "PruneLast=true"]
    );
}

#[test]
fn options_newer_than_the_argo_cd_are_not_written() {
    let old = web(json!({"version": "2.14"}));
    let application = old.document("apps/web.yaml");
    assert_eq!(options(&application), ["PruneLast=true"]);
    assert_eq!(
        application["spec"]["syncPolicy"]["retry"].get("refresh"),
        None
    );
    let needed = annotations_needed(&old);
    assert_eq!(needed.len(), 1);
    assert_eq!(
        (
            needed[0].object.kind.as_str(),
            needed[0].key,
            needed[0].value.as_str()
        ),
        (
            "MetalLB",
            "argocd.argoproj.io/sync-options",
            "SkipDryRunOnMissingResource=true"
        )
    );
    let new = web(json!({"version": "3.1"}));
    assert!(annotations_needed(&new).is_empty());
}

#[test]
fn an_annotation_that_is_needed_keeps_what_the_object_has() {
    let mut made = web(json!({"version": "3.0"}));
    let own = json!({"argocd.argoproj.io/sync-options": "Prune=false"});
    let object = &mut made.rendered.get_mut("web").unwrap()[1];
    object.value_mut()["metadata"]["annotations"] = own;
    let needed = annotations_needed(&made);
    assert_eq!(
        needed[0].value,
        "Prune=false,SkipDryRunOnMissingResource=true"
    );
}

#[test]
fn a_definition_in_the_same_app_needs_no_skipped_dry_run() {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "metallbs.metallb.io"},
        "spec": {"group": "metallb.io", "scope": "Namespaced", "names": {"kind": "MetalLB", "plural": "metallbs"}},
    });
    let made = Made::new().app(
        "web",
        0,
        json!({"namespace": "web"}),
        json!([definition, widget()]),
    );
    assert_eq!(
        options(&made.document("apps/web.yaml")),
        ["PruneLast=true", "RespectIgnoreDifferences=true"]
    );
}

#[test]
fn the_project_permits_what_is_there_and_no_more() {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}});
    let made = Made::new().app(
        "web",
        0,
        json!({"namespace": "web"}),
        json!([config_map("web", "a"), role]),
    );
    let project = made.namespaces().document("apps/project.yaml");
    assert_eq!(
        project["spec"],
        json!({
            "description": "Applications of site plant",
            "sourceRepos": ["https://git.example.com/fleet.git"],
            "destinations": [
                {"server": "https://kubernetes.default.svc", "namespace": "default"},
                {"server": "https://kubernetes.default.svc", "namespace": "web"},
            ],
            "clusterResourceWhitelist": [
                {"group": "", "kind": "Namespace"},
                {"group": "rbac.authorization.k8s.io", "kind": "ClusterRole"},
            ],
            "namespaceResourceWhitelist": [{"group": "", "kind": "ConfigMap"}],
        })
    );
    assert_eq!(
        project["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"],
        "-100"
    );
}

#[test]
fn what_is_being_removed_is_permitted_still_and_nothing_else() {
    let mut made = Made::of(
        fleet(
            json!({"version": "3.3", "flavour": "openshift-gitops"}),
            json!({}),
        ),
        "plant",
        json!({}),
    )
    .app("web", 0, json!({"namespace": "web"}), json!([]));
    let kind = |group: &str, kind: &str, resource: &str, scope| HeldKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
        resource: resource.to_owned(),
        scope,
    };
    made.leftovers.kinds = [
        kind("example.com", "Cactus", "cacti", ResourceScope::Namespaced),
        kind("nmstate.io", "NMState", "nmstates", ResourceScope::Cluster),
    ]
    .into();
    made.leftovers.namespaces.insert("db".to_owned());
    let spec = made.document("apps/project.yaml")["spec"].clone();
    let cactus = json!([{"group": "example.com", "kind": "Cactus"}]);
    assert_eq!(spec["namespaceResourceWhitelist"], cactus);
    let state = json!([{"group": "nmstate.io", "kind": "NMState"}]);
    assert_eq!(spec["clusterResourceWhitelist"], state);
    let namespaces: Vec<&Value> = spec["destinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["namespace"])
        .collect();
    assert_eq!(namespaces, ["db", "web"]);
    let (files, _) = made.bundle();
    let rights = files
        .iter()
        .find(|f| f.path == "bootstrap/rights.yaml")
        .unwrap();
    let rules = rights.documents[0]["rules"].to_string();
    assert!(rules.contains("\"cacti\""), "{rules}");
}

#[test]
fn openshift_gitops_gets_its_settings_through_its_own_resource() {
    let made = web(json!({"version": "2.14", "flavour": "openshift-gitops"}));
    let settings = made.document("bootstrap/argocd.patch.yaml");
    assert_eq!(settings["apiVersion"], "argoproj.io/v1beta1");
    assert_eq!(
        settings["metadata"],
        json!({"name": "openshift-gitops", "namespace": "openshift-gitops"})
    );
    assert!(settings["spec"].get("resourceHealthChecks").is_none());
    assert_eq!(settings["spec"]["extraConfig"][HEALTH_KEY], HEALTH_SCRIPT);
    assert_eq!(
        made.document("bootstrap/kustomization.yaml")["resources"],
        json!(["project.yaml", "rights.yaml", "root.yaml"])
    );
    assert!(
        !made
            .bundle()
            .0
            .iter()
            .any(|f| f.path == "bootstrap/argocd-cm.patch.yaml")
    );
}

#[test]
fn openshift_gitops_may_change_the_kinds_of_the_site_and_no_others() {
    let objects = json!([
        config_map("web", "a"),
        widget(),
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r", "namespace": "web"},
         "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b", "namespace": "web"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}},
    ]);
    let fleet = fleet(
        json!({"version": "3.3", "flavour": "openshift-gitops"}),
        json!({}),
    );
    let made = Made::of(fleet, "plant", json!({}))
        .app("web", 0, json!({"namespace": "web"}), objects)
        .namespaces();
    let files = made.bundle().0;
    let rights = &files
        .iter()
        .find(|f| f.path == "bootstrap/rights.yaml")
        .unwrap()
        .documents;
    let all = json!([
        "create", "delete", "get", "list", "patch", "update", "watch"
    ]);
    assert_eq!(
        rights[0]["rules"],
        json!([
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": all},
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create", "get", "list", "patch", "update", "watch"]},
            {"apiGroups": ["metallb.io"], "resources": ["metallbs"], "verbs": all},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"], "verbs": all},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": ["view"], "verbs": ["bind"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        ])
    );
    let subject = &rights[1]["subjects"][0];
    assert_eq!(
        subject["name"],
        "openshift-gitops-argocd-application-controller"
    );
    assert_eq!(subject["namespace"], "openshift-gitops");
}

#[test]
fn a_hub_names_clusters_after_sites_and_keeps_its_settings_in_one_place() {
    let argocd = json!({"version": "3.3", "topology": "hub"});
    let made = web(argocd.clone());
    let (files, _) = made.bundle();
    assert_eq!(
        only(&files, "apps/web.yaml")["spec"]["destination"],
        json!({"name": "plant", "namespace": "web"})
    );
    assert_eq!(
        only(&files, "apps/project.yaml")["spec"]["destinations"],
        json!([{"name": "plant", "namespace": "web"}])
    );
    assert_eq!(
        only(&files, "bootstrap/root.yaml")["spec"]["destination"]["server"],
        "https://kubernetes.default.svc"
    );
    assert_eq!(
        only(&files, "bootstrap/kustomization.yaml")["resources"],
        json!(["project.yaml", "root.yaml"])
    );

    let mut found = Diagnostics::new();
    let sites = ["plant-b", "plant-a"];
    let files = fleet_bundle(&fleet(argocd, json!({})), &sites, &mut found);
    assert!(found.is_empty());
    assert_eq!(
        only(&files, "apps/kustomization.yaml")["resources"],
        json!(["../../plant-a/bootstrap", "../../plant-b/bootstrap"])
    );
    assert_eq!(
        only(&files, "bootstrap/root.yaml")["spec"]["source"]["path"],
        "out/fleet/apps"
    );
    assert!(
        files
            .iter()
            .any(|f| f.path == "bootstrap/argocd-cm.patch.yaml")
    );
}

#[test]
fn there_is_no_fleet_directory_where_every_site_has_its_own_argo_cd() {
    let mut found = Diagnostics::new();
    let fleet = fleet(json!({"version": "3.3"}), json!({}));
    let files = fleet_bundle(&fleet, &["plant"], &mut found);
    assert!(files.is_empty());
}

#[test]
fn a_hub_with_too_many_sites_is_warned_of() {
    let names: Vec<String> = (0..1001).map(|i| format!("s{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hub = fleet(json!({"version": "3.3", "topology": "hub"}), json!({}));
    let codes = |sites: &[&str]| -> Vec<&str> {
        let mut found = Diagnostics::new();
        fleet_bundle(&hub, sites, &mut found);
        found.iter().map(|d| d.code).collect()
    };
    assert_eq!(codes(&names), ["fleet-too-large"]);
    assert!(codes(&names[1..]).is_empty());
}

#[test]
fn a_kind_of_unknown_scope_is_warned_of_once_and_told_by_the_app() {
    let gadget = |name: &str| json!({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": name, "namespace": "web"}});
    let made = |spec: Value| Made::new().app("web", 0, spec, json!([gadget("a"), gadget("b")]));
    let found = made(json!({"namespace": "web"})).bundle().1;
    assert_eq!(
        found.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["unknown-kind-scope"]
    );
    let told = json!({"namespace": "web", "catalogue": [{"group": "example.com", "kind": "Gadget", "scope": "Namespaced"}]});
    assert!(made(told).bundle().1.is_empty());
}

#[test]
fn fields_that_others_write_are_ignored_for_the_kinds_that_are_there() {
    let trigger = r#"[{"from": {"kind": "ImageStreamTag", "name": "web:latest"}, "fieldPath": "spec.template.spec.containers[?(@.name==\"web\")].image"}]"#;
    let objects = json!([
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "web"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "b", "namespace": "web"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "web", "labels": {"config.openshift.io/inject-trusted-cabundle": "true"}}},
        {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": {"name": "r", "namespace": "web"}, "spec": {"host": "a.example.com"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "web", "annotations": {"image.openshift.io/triggers": trigger}}, "spec": {"replicas": 2}},
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "namespace": "web"},
         "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}},
    ]);
    let application = Made::new()
        .app("web", 0, json!({"namespace": "web"}), objects)
        .document("apps/web.yaml");
    assert_eq!(
        application["spec"]["ignoreDifferences"],
        json!([
            {"kind": "ConfigMap", "name": "ca", "namespace": "web", "jsonPointers": ["/data"]},
            {"kind": "ServiceAccount", "jsonPointers": ["/imagePullSecrets", "/secrets"]},
            {"group": "apps", "kind": "Deployment", "name": "web", "namespace": "web",
             "jqPathExpressions": [".spec.template.spec.containers[]? | select(.name == \"web\") | .image"]},
            {"group": "apps", "kind": "Deployment", "name": "web", "namespace": "web", "jsonPointers": ["/spec/replicas"]},
            {"group": "route.openshift.io", "kind": "Route", "jsonPointers": ["/status"]},
        ])
    );
    assert!(options(&application).contains(&"RespectIgnoreDifferences=true"));
}
