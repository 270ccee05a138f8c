//! Updates of objects that are committed: what an API server refuses is told by `check` and `build`, beside the revision before.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use tempfile::TempDir;

use crate::repository::{edit, siteplan};

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

/// Makes the small fleet with further objects, builds it and commits it.
fn committed_fleet() -> TempDir {
    let fleet = tempfile::tempdir().unwrap();
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/small-fleet");
    for entry in walkdir::WalkDir::new(&small) {
        let entry = entry.unwrap();
        let to = fleet
            .path()
            .join(entry.path().strip_prefix(&small).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(to).unwrap();
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
    let app = fleet.path().join("base/apps/web");
    fs::write(app.join("more.yaml"), MORE).unwrap();
    fs::write(
        app.join("kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [deployment.yaml, more.yaml]\n",
    )
    .unwrap();
    let objects = "  objects:\n  - {kind: Service, name: \"*\", source: a test}\n  - {kind: StorageClass.storage.k8s.io, name: \"*\", source: a test}\n";
    let file = fleet.path().join("siteplan.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{text}{objects}")).unwrap();
    git(fleet.path(), &["init", "-q"]);
    let built = siteplan(fleet.path(), &["build"]);
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    git(fleet.path(), &["add", "-A"]);
    git(fleet.path(), &["commit", "-q", "-m", "first"]);
    fleet
}

const MORE: &str = r"apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: web}
spec:
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: store
        image: registry.access.redhat.com/ubi9/httpd-24:1-1745
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: fast
      resources: {requests: {storage: 1Gi}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: web}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: web}
spec:
  template:
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: once
        image: registry.access.redhat.com/ubi9/httpd-24:1-1745
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: web}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources: {requests: {storage: 2Gi}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pools.example.com}
spec:
  group: example.com
  names: {kind: Pool, plural: pools, singular: pool, listKind: PoolList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              arch:
                type: string
                x-kubernetes-validations: [{rule: self == oldSelf, message: the architecture stays}]
---
apiVersion: example.com/v1
kind: Pool
metadata: {name: pool, namespace: web}
spec:
  arch: amd64
";

/// Says what is replaced in `more.yaml`, and what is told of it at which line.
const CHANGES: [(&str, &str, &str, &str); 7] = [
    (
        "serviceName: store",
        "serviceName: other",
        "`StatefulSet store` is in the cluster",
        ":5:",
    ),
    (
        "storageClassName: fast\n      resources",
        "storageClassName: slow\n      resources",
        "`StatefulSet store` is in the cluster",
        "more.yaml:",
    ),
    (
        "kind: ClusterRole, name: view",
        "kind: ClusterRole, name: edit",
        "`roleRef`",
        "more.yaml:",
    ),
    (
        "      - name: once\n",
        "      - name: twice\n",
        "`Job once` is in the cluster",
        "more.yaml:",
    ),
    (
        "storageClassName: fast\n  resources",
        "storageClassName: slow\n  resources",
        "`PersistentVolumeClaim data` is in the cluster",
        "more.yaml:",
    ),
    (
        "storage: 2Gi",
        "storage: 1Gi",
        "`PersistentVolumeClaim data` is in the cluster",
        "more.yaml:",
    ),
    (
        "arch: amd64",
        "arch: arm64",
        "the architecture stays",
        "more.yaml:",
    ),
];

#[test]
fn what_an_update_cannot_change_is_told_by_check_and_build() {
    let fleet = committed_fleet();
    let more = fleet.path().join("base/apps/web/more.yaml");
    for (before, after, message, place) in CHANGES {
        assert!(MORE.contains(before), "{before}");
        fs::write(&more, MORE.replacen(before, after, 1)).unwrap();
        for command in ["check", "build"] {
            let ran = siteplan(fleet.path(), &[command]);
            assert_eq!(ran.code, Some(2), "{command} {after}: {}", ran.stderr);
            let text = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(text.matches("error[immutable-field]").count(), 1, "{text}");
            assert!(
                text.contains(message) && text.contains(place),
                "{message}: {text}"
            );
        }
    }
    fs::write(&more, MORE.replace("app: store", "app: shop")).unwrap();
    let ran = siteplan(fleet.path(), &["check", "--against", "HEAD"]);
    let text = format!("{}{}", ran.stdout, ran.stderr);
    assert!(text.contains("`selector` cannot be changed"), "{text}");
}

#[test]
fn what_an_update_can_change_passes() {
    let fleet = committed_fleet();
    let more = fleet.path().join("base/apps/web/more.yaml");
    let grown = MORE.replace("storage: 2Gi", "storage: 3Gi");
    let anew = grown.replacen("kind: Job\nmetadata: {name: once, namespace: web}", "kind: Job\nmetadata: {name: once, namespace: web, annotations: {argocd.argoproj.io/sync-options: \"Force=true,Replace=true\"}}", 1).replace("- name: once", "- name: twice");
    assert_ne!(grown, anew);
    fs::write(&more, anew).unwrap();
    let ran = siteplan(fleet.path(), &["build"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_branch_is_compared_with_the_one_that_it_goes_to() {
    let fleet = committed_fleet();
    edit(
        fleet.path(),
        "base/apps/web/more.yaml",
        "serviceName: store",
        "serviceName: other",
    );
    let told = siteplan(fleet.path(), &["build"]);
    assert_eq!(told.code, Some(2));
    let unknown = siteplan(fleet.path(), &["check", "--against", "no-such-branch"]);
    assert!(
        unknown.stderr.contains("updates cannot be checked"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_change_that_hurts_what_runs_is_told_before_it_is_merged() {
    let fleet = committed_fleet();
    let site = "sites/plant.yaml";
    edit(
        fleet.path(),
        site,
        "nodes: {plant-0: {}}",
        "manageLabels: true\n      nodes: {plant-0: {zone: rack-a}}",
    );
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    git(fleet.path(), &["add", "-A"]);
    git(fleet.path(), &["commit", "-q", "-m", "a zone"]);
    assert!(
        !siteplan(fleet.path(), &["check"])
            .stderr
            .contains("disruptive-change")
    );
    edit(fleet.path(), site, "zone: rack-a", "zone: rack-b");
    let built = siteplan(fleet.path(), &["build"]);
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    let told = built.stderr.matches("warning[disruptive-change]").count();
    assert_eq!(told, 1, "{}", built.stderr);
    assert!(
        built.stderr.contains("Ceph takes the zone into its map"),
        "{}",
        built.stderr
    );
}
