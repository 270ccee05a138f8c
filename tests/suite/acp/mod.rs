//! The computing platform of a plant: each thing that its description names is there, and what it cannot be is refused.

mod line;
mod refusals;

use serde_json::{Value, json};
use siteplan::manifest::Object;

use crate::compiled::{Compiled, compile, own_fleet};
use crate::repository::{self, copy_of_fleet, edit, siteplan, write};

const SITE: &str = "acp-plant";
const FILE: &str = "sites/acp-plant.yaml";
const VM: &str = "    vm: {vlans: {ot: 301, dmz: 302}}\n";
const STORAGE: &str = "    storage: {cidr: 172.16.1.0/24}\n";

fn find_object<'a>(compiled: &'a Compiled, site: &str, kind: &str, name: &str) -> &'a Object {
    let found = compiled.sites.iter().find(|s| s.plan.name == site);
    let found = found.unwrap_or_else(|| panic!("{}", compiled.report));
    let mut objects = found.rendered.values().flatten();
    let found = objects.find(|o| o.kind() == kind && o.name() == name);
    found.unwrap_or_else(|| panic!("no {kind}/{name}"))
}

fn object(site: &str, kind: &str, name: &str) -> &'static Object {
    find_object(own_fleet(), site, kind, name)
}

fn read_yaml(path: &str) -> Value {
    let text = repository::read(path);
    let read = manifest_yaml::read_documents(&text, &manifest_yaml::ReadLimits::MANIFEST);
    read.unwrap()[0].to_value().unwrap()
}

/// Compiles the fleet with one change of a file.
fn compile_changed(file: &str, from: &str, to: &str) -> Compiled {
    let fleet = copy_of_fleet();
    edit(fleet.path(), file, from, to);
    compile(fleet.path())
}

fn interfaces(policy: &Object) -> &Vec<Value> {
    let found = policy.get("/spec/desiredState/interfaces");
    found.and_then(Value::as_array).unwrap()
}

#[test]
fn the_three_links_are_bonds() {
    let storage = interfaces(object(
        SITE,
        "NodeNetworkConfigurationPolicy",
        "storage-acp-0",
    ));
    assert_eq!(storage[0]["name"], "bond1");
    assert_eq!(storage[0]["type"], "bond");
    assert_eq!(storage[0]["mtu"], 9000);
    assert_eq!(
        storage[0]["link-aggregation"]["port"],
        json!(["eno2", "eno5"])
    );
    assert_eq!(
        storage[0]["ipv4"]["address"],
        json!([{"ip": "172.16.1.10", "prefix-length": 24}])
    );
    let machines = interfaces(object(SITE, "NodeNetworkConfigurationPolicy", "vm-acp-2"));
    let names: Vec<&Value> = machines.iter().map(|i| &i["name"]).collect();
    assert_eq!(names, ["bond2", "br-vm"]);
    assert_eq!(machines[1]["bridge"]["port"], json!([{"name": "bond2"}]));
    let answers = read_yaml("out/acp-plant/install/agent-config.yaml");
    let config = &answers["hosts"][0]["networkConfig"];
    assert_eq!(config["interfaces"][0]["name"], "bond0");
    assert_eq!(
        config["interfaces"][0]["link-aggregation"]["port"],
        json!(["eno1", "eno4"])
    );
    assert_eq!(
        config["dns-resolver"]["config"]["server"],
        json!(["10.20.0.53"])
    );
    assert_eq!(
        config["routes"]["config"][0]["next-hop-address"],
        "10.20.0.1"
    );
}

#[test]
fn the_storage_network_has_no_gateway() {
    let policy = object(SITE, "NodeNetworkConfigurationPolicy", "storage-acp-1");
    assert!(policy.get("/spec/desiredState/routes").is_none());
    let cluster = object(SITE, "StorageCluster", "ocs-storagecluster");
    assert_eq!(
        cluster.get("/spec/network/selectors/cluster").unwrap(),
        "openshift-storage/storage-network"
    );
    let attachment = object(SITE, "NetworkAttachmentDefinition", "storage-network");
    let config = attachment
        .get("/spec/config")
        .and_then(Value::as_str)
        .unwrap();
    assert!(config.contains(r#""master": "bond1""#), "{config}");
}

#[test]
fn several_bridges_are_made() {
    let second = format!(
        "{VM}    vm-guests: {{interface: eno7, bridge: br-guests, vlans: {{guests: 401}}}}\n"
    );
    let compiled = compile_changed(FILE, VM, &second);
    for node in ["acp-0", "acp-1", "acp-2"] {
        let name = format!("vm-guests-{node}");
        let policy = find_object(&compiled, SITE, "NodeNetworkConfigurationPolicy", &name);
        assert_eq!(interfaces(policy)[0]["name"], "br-guests");
        assert_eq!(
            interfaces(policy)[0]["bridge"]["port"],
            json!([{"name": "eno7"}])
        );
    }
    let attachment = find_object(&compiled, SITE, "NetworkAttachmentDefinition", "guests-401");
    let config = attachment
        .get("/spec/config")
        .and_then(Value::as_str)
        .unwrap();
    assert!(config.contains(r#""bridge": "br-guests""#), "{config}");
}

#[test]
fn vlans_name_servers_and_routes_reach_the_nodes() {
    let network = "    storage: {cidr: 172.16.1.0/24, vlan: 200, gateway: 172.16.1.1, \
                   dns: {servers: [172.16.1.53], search: [store.example.com]}, routes: [{destination: 10.99.0.0/16}]}\n";
    let compiled = compile_changed(FILE, STORAGE, network);
    let policy = find_object(
        &compiled,
        SITE,
        "NodeNetworkConfigurationPolicy",
        "storage-acp-0",
    );
    let made = interfaces(policy);
    assert_eq!(made[0]["name"], "bond1");
    assert_eq!(made[0]["ipv4"], json!({"enabled": false}));
    assert_eq!(made[1]["name"], "bond1.200");
    assert_eq!(made[1]["vlan"], json!({"base-iface": "bond1", "id": 200}));
    assert_eq!(made[1]["ipv4"]["address"][0]["ip"], "172.16.1.10");
    let state = policy.get("/spec/desiredState").unwrap();
    assert_eq!(
        state["dns-resolver"]["config"],
        json!({"server": ["172.16.1.53"], "search": ["store.example.com"]})
    );
    assert_eq!(
        state["routes"]["config"],
        json!([{"destination": "10.99.0.0/16", "next-hop-address": "172.16.1.1", "next-hop-interface": "bond1.200"}])
    );
    let attachment = find_object(
        &compiled,
        SITE,
        "NetworkAttachmentDefinition",
        "storage-network",
    );
    let config = attachment
        .get("/spec/config")
        .and_then(Value::as_str)
        .unwrap();
    assert!(config.contains(r#""master": "bond1.200""#), "{config}");
}

#[test]
fn the_number_of_copies_is_a_value() {
    let compiled = compile_changed(
        FILE,
        "    plant-vm:",
        "    odf: {values: {copies: 2}}\n    plant-vm:",
    );
    let cluster = find_object(&compiled, SITE, "StorageCluster", "ocs-storagecluster");
    let managed = cluster.get("/spec/managedResources").unwrap();
    assert_eq!(
        managed["cephBlockPools"]["poolSpec"]["replicated"]["size"],
        2
    );
    assert_eq!(
        managed["cephFilesystems"]["dataPoolSpec"]["replicated"]["size"],
        2
    );
    let usual = object(SITE, "StorageCluster", "ocs-storagecluster");
    let managed = usual.get("/spec/managedResources").unwrap();
    assert!(managed["cephBlockPools"].get("poolSpec").is_none());
}

#[test]
fn every_disk_but_the_one_to_boot_from_is_storage() {
    let cluster = object(SITE, "StorageCluster", "ocs-storagecluster");
    assert_eq!(cluster.get("/spec/storageDeviceSets/0/count").unwrap(), 18);
    assert_eq!(cluster.get("/spec/flexibleScaling").unwrap(), true);
    let answers = read_yaml("out/acp-plant/install/agent-config.yaml");
    assert_eq!(
        answers["hosts"][1]["rootDeviceHints"]["deviceName"],
        "/dev/disk/by-path/pci-0000:01:00.0-nvme-1"
    );
}

#[test]
fn the_installation_is_of_three_nodes_that_do_everything() {
    let answers = read_yaml("out/acp-plant/install/install-config.yaml");
    assert_eq!(answers["controlPlane"]["replicas"], 3);
    assert_eq!(answers["compute"][0]["replicas"], 0);
    assert_eq!(
        answers["platform"]["baremetal"],
        json!({"apiVIPs": ["10.20.0.5"], "ingressVIPs": ["10.20.0.6"]})
    );
    assert_eq!(
        answers["networking"]["machineNetwork"],
        json!([{"cidr": "10.20.0.0/24"}])
    );
    let scheduler = object(SITE, "Scheduler", "cluster");
    assert_eq!(scheduler.get("/spec/mastersSchedulable").unwrap(), true);
}

#[test]
fn a_lost_node_is_fenced_and_its_machines_start_elsewhere() {
    let template = object(SITE, "FenceAgentsRemediationTemplate", "bmc");
    let addresses = template
        .get("/spec/template/spec/nodeparameters/--ip")
        .unwrap();
    assert_eq!(addresses["acp-1"], "10.20.9.11");
    object(SITE, "NodeHealthCheck", "control-plane");
    let machine = object(SITE, "VirtualMachine", "plant-vm");
    assert_eq!(machine.get("/spec/runStrategy").unwrap(), "Always");
}

#[test]
fn the_sites_are_proved() {
    for site in [SITE, "acp-edge", "acp-line"] {
        let ran = siteplan(repository::root(), &["place", site, "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(document["data"]["places"][0]["outcome"], "proved", "{site}");
    }
}

#[test]
fn a_single_node_has_volumes_of_its_own() {
    let cluster = object("acp-edge", "LVMCluster", "lvmcluster");
    let class = cluster.get("/spec/storage/deviceClasses/0").unwrap();
    assert_eq!(
        class["deviceSelector"]["paths"],
        json!([
            "/dev/disk/by-path/pci-0000:41:00.0-nvme-1",
            "/dev/disk/by-path/pci-0000:42:00.0-nvme-1"
        ])
    );
    let claim = object("acp-edge", "PersistentVolumeClaim", "postgresql");
    assert_eq!(claim.get("/spec/storageClassName").unwrap(), "lvms-vg1");
    let virtualization = object("acp-edge", "HyperConverged", "kubevirt-hyperconverged");
    assert_eq!(
        virtualization.get("/spec/evictionStrategy").unwrap(),
        "None"
    );
    let answers = read_yaml("out/acp-edge/install/install-config.yaml");
    assert_eq!(answers["platform"], json!({"none": {}}));
}

#[test]
fn the_operator_of_argo_cd_comes_first() {
    let ran = siteplan(repository::root(), &["bootstrap", SITE]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let operator = ran.stdout.find("bootstrap/operator.yaml");
    let created = ran
        .stdout
        .find("wait --for create argocds.argoproj.io/openshift-gitops");
    let settings = ran.stdout.find("argocd.patch.yaml");
    assert!(operator.is_some(), "{}", ran.stdout);
    assert!(operator < created, "{}", ran.stdout);
    assert!(created < settings, "{}", ran.stdout);
    let text = repository::read("out/acp-plant/bootstrap/operator.yaml");
    assert!(text.contains("channel: gitops-1.20"), "{text}");
}

#[test]
fn a_team_has_a_role_for_its_own_deployments() {
    let compiled = compile_changed(
        FILE,
        "  apps:\n",
        "  teams:\n    customer-a: {groups: [customer-a-operators], apps: [web-customer-a], rights: sync}\n  apps:\n",
    );
    assert_eq!(compiled.report, "");
    let project = &compiled.files["acp-plant/apps/project.yaml"];
    // Long texts go on in the next line.
    let text = String::from_utf8_lossy(project).replace("\n      ", " ");
    for line in [
        "- customer-a-operators",
        "p, proj:acp-plant:customer-a, applications, get, acp-plant/acp-plant-web-customer-a, allow",
        "p, proj:acp-plant:customer-a, applications, sync, acp-plant/acp-plant-web-customer-a, allow",
        "p, proj:acp-plant:customer-a, logs, get, acp-plant/acp-plant-web-customer-a, allow",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("web-customer-b,"), "{text}");
}

/// Returns the paths below `out/` that a change of the site's file changes, without the record.
fn changed_outputs(from: &str, to: &str) -> Vec<String> {
    let changed = compile_changed(FILE, from, to);
    let of_site = |path: &&String| path.starts_with("acp-plant/");
    let differs = |path: &&String| changed.files.get(*path) != own_fleet().files.get(*path);
    let all = changed.files.keys().chain(own_fleet().files.keys());
    let mut paths: Vec<String> = all.filter(of_site).filter(differs).cloned().collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| !path.ends_with("/.siteplan"));
    paths
}

#[test]
fn a_new_customer_is_one_line() {
    let line = "    web-customer-c: {use: plant-web, namespace: customer-c, values: {title: Customer C}}\n";
    let marker = "    web-customer-b:";
    let paths = changed_outputs(marker, &format!("{line}{marker}"));
    let expected = [
        "acp-plant/apps/kustomization.yaml",
        "acp-plant/apps/project.yaml",
        "acp-plant/apps/web-customer-c.yaml",
        "acp-plant/bootstrap/rights.yaml",
        "acp-plant/namespaces/kustomization.yaml",
        "acp-plant/namespaces/namespace.customer-c.yaml",
    ];
    for path in &paths {
        let is_own = path.starts_with("acp-plant/web-customer-c/");
        assert!(is_own || expected.contains(&path.as_str()), "{path}");
    }
    assert!(paths.iter().any(|path| path == expected[2]), "{paths:?}");
}

#[test]
fn an_update_of_a_customer_changes_its_own_deployment_alone() {
    let paths = changed_outputs(
        "title: Customer B, replicas: 3",
        "title: Customer B, replicas: 2",
    );
    assert!(!paths.is_empty());
    for path in paths {
        assert!(path.starts_with("acp-plant/web-customer-b/"), "{path}");
    }
}

#[test]
fn a_customer_goes_with_its_line_and_an_approval() {
    let fleet = copy_of_fleet();
    let line = "    web-customer-a: {use: plant-web, namespace: customer-a, values: {title: Customer A}}\n";
    edit(fleet.path(), FILE, line, "");
    let ran = siteplan(fleet.path(), &["check", SITE]);
    assert!(
        ran.stderr.contains("removal-not-approved"),
        "{}",
        ran.stderr
    );
    let approval = "apiVersion: siteplan.dev/v1alpha1\nkind: Removal\nmetadata: {name: customer-a}\nspec: {site: acp-plant, instance: web-customer-a, reason: the contract has ended}\n";
    write(fleet.path(), "removals/customer-a.yaml", approval);
    let ran = siteplan(fleet.path(), &["build"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let left = fs_err::read_dir(fleet.path().join("out/acp-plant")).unwrap();
    let names: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!names.contains(&"web-customer-a".to_owned()), "{names:?}");
    assert!(names.contains(&"web-customer-b".to_owned()), "{names:?}");
}
