//! The root of a site, and the bootstrap that brings it.

use super::*;

#[test]
fn roots_follow_the_branch_and_applications_stay_at_the_pin() {
    let (fleets, sites) = ("a".repeat(40), "b".repeat(40));
    let made = |spec: Value| {
        let fleet = fleet(
            json!({"version": "3.3", "topology": "hub"}),
            json!({"source": {"pin": fleets}}),
        );
        Made::of(fleet, "plant", spec).app("web", 0, json!({"namespace": "web"}), json!([]))
    };
    let revision =
        |made: &Made, file: &str| made.document(file)["spec"]["source"]["targetRevision"].clone();
    let site = made(json!({}));
    assert_eq!(revision(&site, "apps/web.yaml"), json!(fleets));
    assert_eq!(revision(&site, "bootstrap/root.yaml"), "refs/heads/main");
    let ring = made(json!({"pin": sites}));
    assert_eq!(revision(&ring, "apps/web.yaml"), json!(sites));
}

#[test]
fn the_root_brings_the_site_and_nothing_applies_it_server_side() {
    let made = web(json!({"version": "3.3"}));
    let (files, found) = made.bundle();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        paths(&files),
        [
            "apps/kustomization.yaml",
            "apps/project.yaml",
            "apps/web.yaml",
            "bootstrap/argocd-cm.patch.yaml",
            "bootstrap/kustomization.yaml",
            "bootstrap/project.yaml",
            "bootstrap/root.yaml",
        ]
    );
    assert_eq!(
        only(&files, "apps/kustomization.yaml")["resources"],
        json!(["project.yaml", "web.yaml"])
    );
    let root = only(&files, "bootstrap/root.yaml");
    assert_eq!(root["metadata"].get("finalizers"), None);
    assert_eq!(options(&root), ["RespectIgnoreDifferences=true"]);
    assert_eq!(root["spec"]["source"]["path"], "out/plant/apps");
    assert_eq!(root["spec"]["project"], "plant-root");
    let ignored = &root["spec"]["ignoreDifferences"];
    assert_eq!(ignored[0]["kind"], "Application");
    assert_eq!(ignored[0].get("jqPathExpressions"), None);
    let project = only(&files, "bootstrap/project.yaml");
    assert_eq!(
        project["spec"]["destinations"],
        json!([{"server": "https://kubernetes.default.svc", "namespace": "argocd"}])
    );
}

#[test]
fn finalizers_are_ignored_in_the_root_where_hooks_bring_them() {
    let mut hook = config_map("web", "cleanup");
    hook["metadata"]["annotations"] = json!({"argocd.argoproj.io/hook": "PostSync, PostDelete"});
    let made = Made::new().app("web", 0, json!({"namespace": "web"}), json!([hook]));
    let ignored =
        &made.document("bootstrap/root.yaml")["spec"]["ignoreDifferences"][0]["jqPathExpressions"];
    assert!(
        ignored[0]
            .as_str()
            .unwrap()
            .contains("post-delete-finalizer.argocd.argoproj.io/cleanup"),
        "{ignored}"
    );
}

/// Finds what is applied by hand of a site that has an Argo CD of its own.
fn bootstrap_of(made: &Made, of_site: &[File]) -> Bootstrap {
    let files = BootstrapFiles {
        site: "plant",
        of_site,
        of_fleet: &[],
    };
    Bootstrap::new(&made.plan.fleet.spec.argocd, &files)
}

#[test]
fn the_steps_of_a_bootstrap_patch_settings_and_bring_the_root_last() {
    let made = web(json!({"version": "3.3"}));
    let files = made.bundle().0;
    let bootstrap = bootstrap_of(&made, &files);
    let steps = bootstrap.steps("plant");
    let commands: Vec<&str> = steps.iter().map(|step| step.command.as_str()).collect();
    assert_eq!(
        commands,
        [
            "kubectl -n argocd patch configmap argocd-cm --type merge --patch-file out/plant/bootstrap/argocd-cm.patch.yaml",
            "kubectl apply --server-side --field-manager siteplan -f out/plant/bootstrap/project.yaml",
            r"kubectl -n argocd wait configmap argocd-cm --for jsonpath='{.data.resource\.customizations\.health\.argoproj\.io_Application}' --timeout 10m",
            "kubectl apply --server-side --field-manager siteplan -f out/plant/bootstrap/root.yaml",
            "kubectl -n argocd get configmap/argocd-cm appproject.argoproj.io/plant-root application.argoproj.io/plant -o yaml --ignore-not-found | siteplan bootstrap plant --check",
        ]
    );
}

#[test]
fn a_check_of_a_bootstrap_tells_what_the_cluster_lacks() {
    let made = web(json!({"version": "3.3"}));
    let files = made.bundle().0;
    let bootstrap = bootstrap_of(&made, &files);
    let problems = |cluster: &[Object]| {
        let differences = compare_bootstrap(&bootstrap, cluster);
        let told = differences
            .iter()
            .map(|told| format!("{} {}", told.object, told.problem));
        told.collect::<Vec<String>>()
    };
    let object = |path: &str| Object::new(only(&files, path));
    let settings = object("bootstrap/argocd-cm.patch.yaml");
    let (project, root) = (
        object("bootstrap/project.yaml"),
        object("bootstrap/root.yaml"),
    );
    assert!(problems(&[settings, project.clone(), root.clone()]).is_empty());
    let upgraded = Object::new(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm", "namespace": "argocd"}, "data": {"url": "x"},
    }));
    let mut unread = root.value().clone();
    unread["status"]["conditions"] =
        json!([{"type": "ComparisonError", "message": "authentication required"}]);
    assert_eq!(
        problems(&[upgraded, Object::new(unread)]),
        [
            format!("ConfigMap/argocd-cm has no `{HEALTH_KEY}`: waves do not wait for it"),
            "ConfigMap/argocd-cm has no `resource.customizations.health.metallb.io_MetalLB`: waves do not wait for it".to_owned(),
            "AppProject/plant-root is not there".to_owned(),
            "Application/plant has the condition ComparisonError: authentication required"
                .to_owned(),
        ]
    );
}
