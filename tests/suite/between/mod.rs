//! What is told between the objects of a site, and what is not: objects that look wrong and are right, and mistakes beside them.

use std::path::Path;

use crate::checked::check_fleet;
use crate::repository::write;

/// The rules that look from one object to another.
const RULES: &[&str] = &[
    "data-key-missing",
    "port-not-declared",
    "selects-nothing",
    "service-without-pods",
    "unknown-port",
    "unknown-reference",
];
const KUSTOMIZATION: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, extra.yaml]
";

/// Checks the small fleet as an OpenShift site with further objects. Returns what the rules tell, `code: message`, sorted.
fn tell(extra: &str) -> Vec<String> {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/small-fleet");
    let fleet = tempfile::tempdir().unwrap();
    let files = [
        "siteplan.yaml",
        "sites/plant.yaml",
        "base/apps/web/app.yaml",
        "base/apps/web/deployment.yaml",
    ];
    for file in files {
        let text = fs_err::read_to_string(small.join(file)).unwrap();
        let text = text.replace("platform: kubernetes", "platform: openshift");
        write(fleet.path(), file, &text);
    }
    write(
        fleet.path(),
        "base/apps/web/kustomization.yaml",
        KUSTOMIZATION,
    );
    write(fleet.path(), "base/apps/web/extra.yaml", extra);
    let checked = check_fleet(fleet.path());
    let codes: Vec<&str> = checked.found.iter().map(|d| d.code).collect();
    let stopped = [
        "yaml-syntax",
        "malformed-resource",
        "unsupported-kustomization",
    ];
    assert!(
        !codes.iter().any(|code| stopped.contains(code)),
        "{codes:?}"
    );
    let told = checked.found.iter().filter(|d| RULES.contains(&d.code));
    let mut told: Vec<String> = told.map(|d| format!("{}: {}", d.code, d.message)).collect();
    told.sort();
    told
}

#[test]
fn what_looks_wrong_and_is_right_is_not_told() {
    let told = tell(include_str!("right.yaml"));
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn each_mistake_is_told_once() {
    let expected = [
        "data-key-missing: the Secret `made` has no key `other`",
        "data-key-missing: the Secret `web-tls` has no key `tls.cert`",
        "selects-nothing: `PodMonitor nothing`: `spec.selector` selects no pod: none in `web` has `app.kubernetes.io/name=wbe`",
        "selects-nothing: `ServiceMonitor nothing`: `spec.selector` selects no Service: none in `web` has the labels `app=wbe`",
        "unknown-port: no Service that the ServiceMonitor `port` selects has a port named `metrics`",
        "unknown-port: no port of the Service `served` leads to the port 80 of its pods",
        "unknown-reference: `BuildConfig built` needs the ImageStream `bulit`, which nothing makes in `web`",
        "unknown-reference: `Certificate web` needs the ClusterIssuer `cb`, which nothing makes",
        "unknown-reference: `CronJob reads` needs the ImageStreamTag `built:1`, which nothing makes in `web`",
        "unknown-reference: `CronJob reads` needs the NetworkAttachmentDefinition `vlam`, which nothing makes in `web`",
        "unknown-reference: `CronJob reads` needs the PersistentVolumeClaim `dta`, which nothing makes in `web`",
        "unknown-reference: `CronJob reads` needs the PriorityClass `high`, which nothing makes",
        "unknown-reference: `CronJob reads` needs the RuntimeClass `kata`, which nothing makes",
        "unknown-reference: `CronJob reads` needs the ServiceAccount `reader`, which nothing makes in `web`",
        "unknown-reference: `ExternalSecret made` needs the ClusterSecretStore `vault`, which nothing makes",
        "unknown-reference: `HorizontalPodAutoscaler web` needs the StatefulSet `web`, which nothing makes in `web`",
        "unknown-reference: `Node plnat-0` is none of the site's nodes",
        "unknown-reference: `NodeNetworkConfigurationPolicy plant-9` names the node `plant-9`, which the site does not have",
        "unknown-reference: `PersistentVolumeClaim data` needs the StorageClass `ceph-rdb`, which nothing makes",
        "unknown-reference: `RoleBinding reader` needs the Role `readr`, which nothing makes in `web`",
        "unknown-reference: `Route nowhere` needs the Service `serve`, which nothing makes in `web`",
    ];
    assert_eq!(tell(include_str!("wrong.yaml")), expected);
}
