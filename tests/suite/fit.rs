//! The proof on the real sites: both hold, and each small change that breaks one of them is found, for the one right reason.

use std::path::Path;

use crate::repository::{copy_of_fleet, edit, siteplan, write};

const ACP: &str = "sites/acp-plant.yaml";
const HETERO: &str = "sites/fusion-hetero.yaml";
const WEB: &str = "base/apps/plant-web";

/// The first lines of the errors: code and message.
fn errors(fleet: &Path, site: &str) -> Vec<String> {
    let ran = siteplan(fleet, &["check", "--list", site]);
    let errors: Vec<String> = ran
        .stderr
        .lines()
        .filter(|l| l.starts_with("error"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        ran.code,
        Some(if errors.is_empty() { 1 } else { 2 }),
        "{}",
        ran.stderr
    );
    errors
}

fn changed(site: &str, change: impl Fn(&Path)) -> Vec<String> {
    let fleet = copy_of_fleet();
    change(fleet.path());
    errors(fleet.path(), site)
}

#[test]
fn both_sites_are_proved() {
    let fleet = copy_of_fleet();
    for site in ["acp-plant", "fusion-hetero"] {
        let ran = siteplan(fleet.path(), &["place", site, "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let place = &document["data"]["places"][0];
        assert_eq!(
            (place["outcome"].as_str(), place["holds"].as_bool()),
            (Some("proved"), Some(true)),
            "{site}"
        );
        assert!(!place["assumptions"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_pool_without_its_node() {
    let found = changed("fusion-hetero", |fleet| {
        let node =
            "\n        fusion-worker-1: {labels: {node-role.kubernetes.io/power-worker: \"\"}}\n";
        edit(fleet, HETERO, &format!("nodes:{node}"), "nodes: {}\n");
    });
    assert_eq!(
        found,
        ["error[empty-pool]: the pool `appserver` has no nodes"]
    );
}

#[test]
fn a_misspelt_label() {
    let found = changed("fusion-hetero", |fleet| {
        let placed = "database: {use: postgres, pool: database, placement: {instance: {nodeSelector: {workload-type: databse}}}}";
        edit(
            fleet,
            HETERO,
            "database: {use: postgres, pool: database}",
            placed,
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("error[no-eligible-node]"), "{found:?}");
}

/// Two large virtual machines that any two of the nodes can take.
fn with_large_machines(fleet: &Path) {
    let one =
        "plant-vm: {storage: {block: vm}, values: {vlan: ot, macAddress: \"02:00:00:00:03:01\"}}";
    let large = "plant-vm: {storage: {block: vm}, values: {vlan: ot, memory: 300Gi}}";
    edit(fleet, ACP, one, large);
    write(
        fleet,
        "base/apps/archive/app.yaml",
        &app("archive", "archives"),
    );
    let machine = crate::repository::read("base/apps/plant-vm/virtualmachine.yaml");
    let machine = machine
        .replace("plant-vms", "archives")
        .replace("plant-vm", "archive")
        .replace("8Gi", "300Gi");
    write(
        fleet,
        "base/apps/archive/virtualmachine.yaml",
        &machine.replace("ot-301", "pod"),
    );
    write(
        fleet,
        "base/apps/archive/kustomization.yaml",
        &kustomization("virtualmachine.yaml"),
    );
    edit(fleet, ACP, "  apps:\n", "  apps:\n    archive: {}\n");
    let network = "  - {kind: NetworkAttachmentDefinition.k8s.cni.cncf.io, namespace: archives, name: pod, source: a test}\n";
    edit(
        fleet,
        "siteplan.yaml",
        "  objects:\n",
        &format!("  objects:\n{network}"),
    );
}

fn app(name: &str, namespace: &str) -> String {
    format!(
        "apiVersion: siteplan.dev/v1alpha1\nkind: App\nmetadata: {{name: {name}}}\nspec:\n  summary: A machine\n  namespace: {namespace}\n  \
         images: {{arch: [amd64], source: a test}}\n  requires: [{{app: cnv}}]\n"
    )
}

fn kustomization(resource: &str) -> String {
    format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- {resource}\n"
    )
}

#[test]
fn half_the_memory_of_one_node() {
    assert_eq!(
        changed("acp-plant", with_large_machines),
        Vec::<String>::new()
    );
    let found = changed("acp-plant", |fleet| {
        with_large_machines(fleet);
        edit(
            fleet,
            ACP,
            "acp-0: {zone: rack-a,",
            "acp-0: {capacity: {memory: 256Gi}, zone: rack-a,",
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("error[loss-not-survived]: after the loss of `acp-1` or `acp-2`"),
        "{found:?}"
    );
}

#[test]
fn one_replica_more_than_nodes_that_keep_apart() {
    let found = changed("acp-plant", |fleet| {
        let apart = "    spec:\n      affinity:\n        podAntiAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n          \
                     - topologyKey: kubernetes.io/hostname\n            labelSelector: {matchLabels: {app.kubernetes.io/name: plant-web}}\n      \
                     automountServiceAccountToken: false\n";
        edit(
            fleet,
            &format!("{WEB}/deployment.yaml"),
            "    spec:\n      automountServiceAccountToken: false\n",
            apart,
        );
        edit(
            fleet,
            ACP,
            "values: {title: Customer B, replicas: 3}",
            "values: {title: Customer B, replicas: 4}",
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("has 4 replicas that must not share a node, but can run on 3 nodes"),
        "{found:?}"
    );
}

#[test]
fn a_budget_as_large_as_the_replicas() {
    let found = changed("acp-plant", |fleet| {
        let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: plant-web}\n\
                      spec:\n  minAvailable: 2\n  selector: {matchLabels: {app.kubernetes.io/name: plant-web}}\n";
        write(fleet, &format!("{WEB}/budget.yaml"), budget);
        edit(
            fleet,
            &format!("{WEB}/kustomization.yaml"),
            "resources:\n",
            "resources:\n- budget.yaml\n",
        );
    });
    let expected = "error[drain-blocked]: `PodDisruptionBudget/web` never allows one of the 2 pods of `web-customer-a/plant-web` to be evicted";
    assert_eq!(found, [expected]);
}

#[test]
fn a_taint_that_nobody_tolerates() {
    let found = changed("acp-plant", |fleet| {
        let taint = "taints: [{key: dedicated, value: nobody, effect: NoSchedule}]";
        edit(
            fleet,
            ACP,
            "      arch: amd64\n",
            &format!("      arch: amd64\n      {taint}\n"),
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("error[no-place-for-pods]: no node takes `"),
        "{found:?}"
    );
}

const PINNED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: pages, namespace: pages}
spec:
  replicas: 1
  selector: {matchLabels: {app: pages}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: pages}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: pages
        image: registry.redhat.io/ubi9/httpd-24:9.7
        resources: {requests: {cpu: 100m, memory: 64Mi}}
        volumeMounts: [{name: pages, mountPath: /var/www}]
      volumes:
      - {name: pages, persistentVolumeClaim: {claimName: pages}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pages, namespace: pages}
spec: {accessModes: [ReadWriteOnce], storageClassName: '', volumeName: pages, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pages}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: ''
  local: {path: /data}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [acp-1]}]}]}}
";

#[test]
fn a_volume_on_one_node() {
    let found = changed("acp-plant", |fleet| {
        write(fleet, "base/apps/pages/app.yaml", &app("pages", "pages"));
        write(fleet, "base/apps/pages/pages.yaml", PINNED);
        write(
            fleet,
            "base/apps/pages/kustomization.yaml",
            &kustomization("pages.yaml"),
        );
        edit(fleet, ACP, "  apps:\n", "  apps:\n    pages: {}\n");
    });
    assert_eq!(
        found,
        [
            "error[loss-not-survived]: `pages` does not survive the loss of `acp-1`: its volume is there"
        ]
    );
}

#[test]
fn a_node_that_is_lost_or_added_can_be_tried_out() {
    let fleet = copy_of_fleet();
    let lost = siteplan(
        fleet.path(),
        &["place", "fusion-hetero", "--without", "fusion-worker-1"],
    );
    assert_eq!(lost.code, Some(2));
    assert!(
        lost.stderr
            .contains("does not survive the loss of `fusion-worker-1`"),
        "{}",
        lost.stderr
    );
    assert!(!lost.stderr.contains("promised here"), "{}", lost.stderr);
    let add = [
        "place",
        "fusion-hetero",
        "--without",
        "fusion-worker-1",
        "--add",
        "pool=appserver",
    ];
    let both = siteplan(fleet.path(), &add);
    assert_eq!((both.code, both.stderr.as_str()), (Some(0), ""));
    assert!(both.stdout.contains("added-0"), "{}", both.stdout);
    for (wrong, says) in [
        ("arch=vax", "expected one of amd64"),
        ("cpu=4", "arch=…"),
        ("arch=arm64,cpu=much", "not an amount"),
        ("x", "key=value"),
    ] {
        let ran = siteplan(fleet.path(), &["place", "fusion-hetero", "--add", wrong]);
        assert!(ran.code == Some(2), "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{wrong}: {}", ran.stderr);
    }
    let unknown = siteplan(
        fleet.path(),
        &["place", "fusion-hetero", "--without", "nobody"],
    );
    assert_eq!(
        (unknown.code, unknown.stderr.trim()),
        (
            Some(2),
            "error: there is no node `nobody` on `fusion-hetero`"
        )
    );
}
