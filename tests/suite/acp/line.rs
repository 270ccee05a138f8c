//! The site on which everything is switched on that a plant adds before its first shift.

use serde_json::{Value, json};

use super::{interfaces, object, read_yaml};
use crate::repository::{self, list};

const SITE: &str = "acp-line";

/// Returns a ConfigMap's configuration of monitoring, as YAML.
fn monitoring(name: &str) -> Value {
    let config = object(SITE, "ConfigMap", name).get("/data/config.yaml");
    let text = config.and_then(Value::as_str).unwrap();
    let read = manifest_yaml::read_documents(text, &manifest_yaml::ReadLimits::MANIFEST);
    read.unwrap()[0].to_value().unwrap()
}

#[test]
fn networks_are_vlans_of_bonds_and_two_bridges() {
    let storage = interfaces(object(
        SITE,
        "NodeNetworkConfigurationPolicy",
        "storage-line-0",
    ));
    assert_eq!(storage[1]["name"], "bond1.200");
    let migration = interfaces(object(
        SITE,
        "NodeNetworkConfigurationPolicy",
        "migration-line-0",
    ));
    assert_eq!(migration[1]["name"], "bond1.210");
    assert_eq!(
        migration[0]["link-aggregation"],
        storage[0]["link-aggregation"]
    );
    let cameras = interfaces(object(
        SITE,
        "NodeNetworkConfigurationPolicy",
        "cameras-line-2",
    ));
    assert_eq!(cameras[0]["name"], "br-cameras");
}

#[test]
fn machines_migrate_on_a_network_of_their_own() {
    let virtualization = object(SITE, "HyperConverged", "kubevirt-hyperconverged");
    let network = virtualization.get("/spec/liveMigrationConfig/network");
    assert_eq!(network.unwrap(), "migration-migration");
    let attachment = object(SITE, "NetworkAttachmentDefinition", "migration-migration");
    let config = attachment
        .get("/spec/config")
        .and_then(Value::as_str)
        .unwrap();
    assert!(config.contains(r#""master": "bond1.210""#), "{config}");
    assert!(config.contains(r#""172.16.6.12/32""#), "{config}");
}

#[test]
fn measurements_and_images_outlive_a_restart() {
    let cluster = monitoring("cluster-monitoring-config");
    let class = "ocs-storagecluster-ceph-rbd";
    let claim = &cluster["prometheusK8s"]["volumeClaimTemplate"]["spec"];
    assert_eq!(claim["storageClassName"], class);
    assert_eq!(cluster["enableUserWorkload"], true);
    let user = monitoring("user-workload-monitoring-config");
    let claim = &user["alertmanager"]["volumeClaimTemplate"]["spec"];
    assert_eq!(claim["storageClassName"], class);
    let registry = object(SITE, "Config", "cluster");
    assert_eq!(registry.get("/spec/replicas").unwrap(), 2);
    let claim = object(SITE, "PersistentVolumeClaim", "image-registry-storage");
    assert_eq!(
        claim.get("/spec/accessModes").unwrap(),
        &json!(["ReadWriteMany"])
    );
}

#[test]
fn what_the_proof_takes_for_granted_is_watched() {
    let rule = object(SITE, "AlertingRule", "plant");
    let rules = rule
        .get("/spec/groups/0/rules")
        .and_then(Value::as_array)
        .unwrap();
    let names: Vec<&Value> = rules.iter().map(|rule| &rule["alert"]).collect();
    assert_eq!(
        names,
        [
            "PlantNodeLost",
            "PlantCopiesNotWhole",
            "PlantDrainBlocked",
            "PlantMachineNotRunning"
        ]
    );
}

#[test]
fn certificates_and_logins_are_the_companys() {
    let names = object(SITE, "APIServer", "cluster").get("/spec/servingCerts/namedCertificates");
    assert_eq!(
        names.unwrap(),
        &json!([{"names": ["api.acp-line.example.com"], "servingCertificate": {"name": "api-server-tls"}}])
    );
    let ingress = object(SITE, "IngressController", "default");
    assert_eq!(
        ingress.get("/spec/defaultCertificate/name").unwrap(),
        "ingress-tls"
    );
    let provider = object(SITE, "OAuth", "cluster").get("/spec/identityProviders/0");
    assert_eq!(
        provider.unwrap()["openID"]["clientSecret"]["name"],
        "openid-client-secret"
    );
    let job = object(SITE, "Job", "kubeadmin-removal");
    let script = job.get("/spec/template/spec/containers/0/command/2");
    assert!(
        script
            .and_then(Value::as_str)
            .unwrap()
            .contains("test -n \"$members\"")
    );
    let quota = object(SITE, "ResourceQuota", "customer");
    assert_eq!(quota.namespace(), Some("packaging"));
    assert_eq!(quota.get("/spec/hard/requests.memory").unwrap(), "4Gi");
}

#[test]
fn images_catalogs_and_time_come_from_the_plant() {
    let mirrors = object(SITE, "ImageDigestMirrorSet", "site").get("/spec/imageDigestMirrors/1");
    assert_eq!(
        mirrors.unwrap()["mirrors"],
        json!(["mirror.example.com/redhat"])
    );
    assert_eq!(
        object(SITE, "OperatorHub", "cluster")
            .get("/spec/disableAllDefaultSources")
            .unwrap(),
        true
    );
    object(SITE, "CatalogSource", "redhat-operators");
    let clock = object(SITE, "MachineConfig", "99-master-chrony");
    let source = clock.get("/spec/config/storage/files/0/contents/source");
    let source = source.and_then(Value::as_str).unwrap();
    assert!(
        source.starts_with("data:,server%2010.50.0.21%20iburst%0Aserver%20"),
        "{source}"
    );
}

#[test]
fn copies_leave_the_site() {
    let location =
        object(SITE, "DataProtectionApplication", "site").get("/spec/backupLocations/0/velero");
    assert_eq!(
        location.unwrap()["objectStorage"],
        json!({"bucket": "plant-backups", "prefix": "acp-line"})
    );
    let nightly = object(SITE, "Schedule", "nightly");
    let namespaces = nightly.get("/spec/template/includedNamespaces").unwrap();
    assert!(
        namespaces
            .as_array()
            .unwrap()
            .contains(&json!("openshift-etcd-backup"))
    );
    let etcd = object(SITE, "CronJob", "etcd-backup");
    let node =
        "/spec/jobTemplate/spec/template/spec/nodeSelector/node-role.kubernetes.io~1control-plane";
    assert_eq!(etcd.get(node).unwrap(), "");
}

#[test]
fn operations_have_their_tools() {
    let descheduler = object(SITE, "KubeDescheduler", "cluster");
    assert_eq!(descheduler.get("/spec/mode").unwrap(), "Automatic");
    object(SITE, "Subscription", "node-maintenance-operator");
    let class = object(SITE, "PriorityClass", "plant-machines");
    let other = object(SITE, "PriorityClass", "plant-services");
    let value = |class: &siteplan::manifest::Object| class.get("/value").and_then(Value::as_i64);
    assert!(value(class) > value(other));
    let kubelet = object(SITE, "KubeletConfig", "plant-master");
    assert_eq!(
        kubelet
            .get("/spec/kubeletConfig/shutdownGracePeriod")
            .unwrap(),
        "60s"
    );
    let storage = object(SITE, "StorageCluster", "ocs-storagecluster");
    assert_eq!(storage.get("/spec/enableCephTools").unwrap(), true);
    let policy = object(SITE, "SriovNetworkNodePolicy", "vision");
    assert_eq!(policy.get("/spec/numVfs").unwrap(), 4);
}

#[test]
fn the_apps_have_readmes_of_their_values() {
    let apps = [
        "chrony",
        "cluster-access",
        "cluster-certificates",
        "console-plugins",
        "customer",
        "descheduler",
        "descheduler-operator",
        "etcd-backup",
        "kubelet-config",
        "lvm-storage",
        "lvm-storage-operator",
        "mirrors",
        "node-maintenance-operator",
        "node-taints",
        "oadp",
        "oadp-operator",
        "plant-alerts",
        "platform-monitoring",
        "priority-classes",
        "sriov",
        "sriov-operator",
    ];
    let folders = list("base/apps");
    for app in apps {
        let path = format!("base/apps/{app}/README.md");
        assert!(folders.contains(&path), "{path}");
        let readme = repository::read(&path);
        for heading in ["Needs", "Architectures", "Values", "Survives"] {
            assert!(
                readme.contains(&format!("\n## {heading}\n")),
                "{path}: {heading}"
            );
        }
        let file = read_yaml(&format!("base/apps/{app}/app.yaml"));
        let values = file.pointer("/spec/values/properties");
        for (name, _) in values.and_then(Value::as_object).into_iter().flatten() {
            let row = format!("| `{name}` | ");
            assert!(readme.contains(&row), "{path}: {row}");
        }
    }
}
