//! A cluster on Power Virtual Server: the answers of its installer, what it gets on the second day, and what cannot be.

use serde_json::{Value, json};
use siteplan::manifest::Object;

use crate::compiled::own_fleet;
use crate::repository::{self, copy_of_fleet, edit, siteplan};

const SITE: &str = "powervs-london";

fn object(kind: &str, name: &str) -> &'static Object {
    own_fleet().object(SITE, kind, name)
}

fn answers() -> Value {
    let text = repository::read("out/powervs-london/install/install-config.yaml");
    let read = manifest_yaml::read_documents(&text, &manifest_yaml::ReadLimits::MANIFEST);
    read.unwrap()[0].to_value().unwrap()
}

#[test]
fn the_installation_is_of_the_default_size() {
    let answers = answers();
    let machine =
        json!({"memoryGiB": 32, "processors": "0.5", "procType": "Shared", "sysType": "s922"});
    for (pool, name, count) in [
        (&answers["controlPlane"], "master", 3),
        (&answers["compute"][0], "worker", 2),
    ] {
        assert_eq!(pool["name"], name);
        assert_eq!(pool["replicas"], count, "{name}");
        assert_eq!(pool["architecture"], "ppc64le");
        assert_eq!(pool["hyperthreading"], "Enabled");
        assert_eq!(pool["platform"]["powervs"], machine, "{name}");
    }
    assert_eq!(answers["compute"].as_array().unwrap().len(), 1);
}

#[test]
fn the_place_and_the_networks_are_those_of_the_site() {
    let answers = answers();
    assert_eq!(answers["baseDomain"], "powervs.example.com");
    assert_eq!(answers["metadata"]["name"], SITE);
    assert_eq!(
        answers["platform"]["powervs"],
        json!({
            "region": "lon", "zone": "lon06", "powervsResourceGroup": "factory", "userID": "installer@example.com",
            "serviceInstanceGUID": "0f4a2c1e-7d43-4a8e-9b57-3a1f6f1f2c55",
        })
    );
    assert_eq!(
        answers["networking"],
        json!({
            "networkType": "OVNKubernetes",
            "clusterNetwork": [{"cidr": "10.128.0.0/14", "hostPrefix": 23}],
            "machineNetwork": [{"cidr": "192.168.0.0/24"}],
            "serviceNetwork": ["172.30.0.0/16"],
        })
    );
    assert_eq!(answers["publish"], "External");
}

#[test]
fn the_answers_have_no_secret_and_nothing_syncs_them() {
    let text = repository::read("out/powervs-london/install/install-config.yaml");
    for word in ["pullSecret", "apiKey", "APIKey", "password"] {
        assert!(!text.contains(word), "{word}");
    }
    for (path, text) in repository::files("out/powervs-london", "yaml") {
        assert!(
            !text.contains("powervs-london/install"),
            "{path} leads to the answers"
        );
    }
}

#[test]
fn block_storage_is_the_default_and_the_registry_has_a_claim() {
    let site = own_fleet().site(SITE);
    let block = &site.plan.storage["block"];
    assert_eq!(
        (block.class.as_str(), block.default),
        ("ibm-powervs-tier1", true)
    );
    let driver = object("ClusterCSIDriver", "powervs.csi.ibm.com");
    assert_eq!(driver.get("/spec/storageClassState").unwrap(), "Managed");
    let registry = object("Config", "cluster");
    assert_eq!(
        registry.get("/spec/storage"),
        Some(&json!({"pvc": {"claim": "image-registry-storage"}}))
    );
    assert_eq!(registry.get("/spec/rolloutStrategy").unwrap(), "Recreate");
    let claim = object("PersistentVolumeClaim", "image-registry-storage");
    assert_eq!(
        claim.get("/spec/storageClassName").unwrap(),
        "ibm-powervs-tier1"
    );
}

#[test]
fn machines_follow_the_load_and_dead_ones_are_made_again() {
    let name = "powervs-london-x7k2p-burst";
    let machines = object("MachineSet", name);
    let provider = machines
        .get("/spec/template/spec/providerSpec/value")
        .unwrap();
    assert_eq!(provider["kind"], "PowerVSMachineProviderConfig");
    assert_eq!(
        [
            &provider["memoryGiB"],
            &provider["processors"],
            &provider["processorType"],
            &provider["systemType"]
        ],
        [&json!(64), &json!(2), &json!("Dedicated"), &json!("e980")]
    );
    assert_eq!(provider["credentialsSecret"]["name"], "powervs-credentials");
    let labels = machines.get("/spec/template/spec/metadata/labels").unwrap();
    assert_eq!(labels, &json!({"example.com/burst": "true"}));
    let autoscaler = object("MachineAutoscaler", "burst");
    assert_eq!(autoscaler.get("/spec/scaleTargetRef/name").unwrap(), name);
    assert_eq!(autoscaler.get("/spec/maxReplicas").unwrap(), 4);
    object("ClusterAutoscaler", "default");
    object("MachineHealthCheck", "workers");
}

#[test]
fn the_site_is_proved() {
    let ran = siteplan(repository::root(), &["place", SITE, "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["data"]["places"][0]["outcome"], "proved");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn what_cannot_be_installed_is_refused() {
    let site = "sites/powervs-london.yaml";
    let profile = "base/profiles/powervs.yaml";
    for (file, from, to, expected) in [
        (
            site,
            "zone: lon06",
            "zone: dal10",
            "`dal10` is not a zone of the region `lon`",
        ),
        (
            site,
            "region: lon\n",
            "region: mars\n",
            "`mars` is not a region",
        ),
        (
            site,
            "      resourceGroup: factory\n",
            "",
            "does not say its resourceGroup",
        ),
        (
            site,
            "    baseDomain: powervs.example.com\n",
            "",
            "an installation needs a DNS domain",
        ),
        (
            profile,
            "sysType: s922}\n      replicas: 3",
            "sysType: s1022}\n      replicas: 3",
            "has no machines of the type `s1022`",
        ),
        (
            profile,
            "sysType: s922}\n      replicas: 3",
            "sysType: s922}\n      replicas: 2",
            "the control plane has 2 nodes",
        ),
        (
            profile,
            "memory: 32Gi, pods: \"250\"}\n      machine: {processors: \"0.5\", procType: Shared, sysType: s922}\n      replicas: 2",
            "memory: 8Gi, pods: \"250\"}\n      machine: {processors: \"0.5\", procType: Shared, sysType: s922}\n      replicas: 2",
            "a whole number of GiB, and 32 of them at least",
        ),
        (
            profile,
            "    workers:\n      arch: ppc64le",
            "    workers:\n      arch: amd64",
            "Power Virtual Server has machines of ppc64le",
        ),
        (
            profile,
            "{processors: \"0.5\", procType: Shared, sysType: s922}\n      replicas: 2",
            "{processors: \"0.7\", procType: Shared, sysType: s922}\n      replicas: 2",
            "in steps of a quarter",
        ),
        (
            site,
            "      autoscaling: {min: 1, max: 4}\n",
            "      replicas: 1\n",
            "an installation has one pool of `worker` machines",
        ),
    ] {
        let fleet = copy_of_fleet();
        edit(fleet.path(), file, from, to);
        let ran = siteplan(fleet.path(), &["check", "--list", SITE]);
        assert!(ran.stderr.contains(expected), "{to}: {}", ran.stderr);
    }
}
