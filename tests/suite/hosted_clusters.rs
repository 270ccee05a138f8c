//! Clusters with hosted control planes: what the hosting site gets, that it has room for it, and what cannot be.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use siteplan::manifest::Object;

use crate::compiled::{compile, own_fleet};
use crate::repository::{self, copy_of_fleet, edit, siteplan};

const HUB: &str = "hcp-hub";

fn rendered(site: &str) -> &'static BTreeMap<String, Vec<Object>> {
    &own_fleet().site(site).rendered
}

/// The one object of a kind and name on the hosting site.
fn object(kind: &str, name: &str) -> &'static Object {
    own_fleet().object(HUB, kind, name)
}

fn field<'a>(object: &'a Object, pointer: &str) -> &'a Value {
    let value = object.get(pointer);
    value.unwrap_or_else(|| panic!("{} has nothing at {pointer}", object.id()))
}

#[test]
fn hosting_comes_in_the_documented_order() {
    let site = own_fleet().site(HUB);
    let wave = |name: &str| site.plan.instance(name).unwrap().wave;
    let hosted = ["hcp-none", "hcp-power", "hcp-virtual"];
    for name in hosted {
        for before in ["multicluster-engine", "metallb"] {
            assert!(wave(before) < wave(name), "{name} before {before}");
        }
    }
    assert!(wave("multicluster-engine-operator") < wave("multicluster-engine"));
    assert!(wave("metallb-operator") < wave("metallb"));
    let engine = object("MultiClusterEngine", "multiclusterengine");
    let components = field(engine, "/spec/overrides/components");
    for name in ["hypershift", "hypershift-local-hosting"] {
        let wanted = json!({"name": name, "enabled": true});
        assert!(components.as_array().unwrap().contains(&wanted), "{name}");
    }
    assert_eq!(object("L2Advertisement", "site").group(), "metallb.io");
    assert_eq!(
        field(object("IPAddressPool", "site"), "/spec/addresses/0"),
        "10.30.0.32-10.30.0.47"
    );
    let ingress = object("IngressController", "default");
    assert_eq!(
        field(ingress, "/spec/routeAdmission/wildcardPolicy"),
        "WildcardsAllowed"
    );
}

#[test]
fn a_hosted_cluster_is_as_its_site_says() {
    let virtual_machines = object("HostedCluster", "hcp-virtual");
    assert_eq!(
        field(virtual_machines, "/spec/platform"),
        &json!({"type": "KubeVirt", "kubevirt": {"baseDomainPassthrough": true}})
    );
    assert_eq!(
        field(virtual_machines, "/spec/release/image"),
        "quay.io/openshift-release-dev/ocp-release:4.18.22-x86_64"
    );
    assert_eq!(
        field(
            virtual_machines,
            "/spec/services/0/servicePublishingStrategy/type"
        ),
        "LoadBalancer"
    );
    let power = object("HostedCluster", "hcp-power");
    assert_eq!(
        field(power, "/spec/platform"),
        &json!({"type": "Agent", "agent": {"agentNamespace": "clusters"}})
    );
    assert_eq!(
        field(power, "/spec/release/image"),
        "quay.io/openshift-release-dev/ocp-release:4.18.22-multi"
    );
    assert_eq!(
        field(object("HostedCluster", "hcp-none"), "/spec/platform"),
        &json!({"type": "None"})
    );
}

#[test]
fn availability_follows_the_promise() {
    for (name, policy) in [
        ("hcp-virtual", "HighlyAvailable"),
        ("hcp-power", "HighlyAvailable"),
        ("hcp-none", "SingleReplica"),
    ] {
        let cluster = object("HostedCluster", name);
        for key in [
            "controllerAvailabilityPolicy",
            "infrastructureAvailabilityPolicy",
        ] {
            assert_eq!(field(cluster, &format!("/spec/{key}")), policy, "{name}");
        }
    }
}

#[test]
fn secrets_are_referred_to() {
    let fleet_file = repository::read("siteplan.yaml");
    for name in ["hcp-virtual", "hcp-power", "hcp-none"] {
        let cluster = object("HostedCluster", name);
        for (pointer, secret) in [
            ("/spec/pullSecret/name", format!("{name}-pull-secret")),
            ("/spec/sshKey/name", format!("{name}-ssh-key")),
            (
                "/spec/secretEncryption/aescbc/activeKey/name",
                format!("{name}-etcd-encryption-key"),
            ),
        ] {
            assert_eq!(field(cluster, pointer), &Value::from(secret.as_str()));
            assert!(
                fleet_file.contains(&format!("name: {secret}\n")),
                "{secret}"
            );
        }
    }
    let secrets = rendered(HUB).values().flatten();
    assert_eq!(secrets.filter(|o| o.kind() == "Secret").count(), 0);
}

#[test]
fn a_node_pool_is_as_its_pool_says() {
    let workers = object("NodePool", "hcp-virtual-workers");
    assert_eq!(field(workers, "/spec/arch"), "amd64");
    assert_eq!(field(workers, "/spec/clusterName"), "hcp-virtual");
    assert_eq!(
        field(workers, "/spec/autoScaling"),
        &json!({"min": 3, "max": 5})
    );
    assert!(workers.get("/spec/replicas").is_none());
    assert_eq!(
        field(workers, "/spec/platform/kubevirt/compute"),
        &json!({"cores": 4, "memory": "16Gi"})
    );
    assert_eq!(
        field(
            workers,
            "/spec/platform/kubevirt/rootVolume/persistent/storageClass"
        ),
        "ocs-storagecluster-ceph-rbd"
    );
    let power = object("NodePool", "hcp-power-power");
    assert_eq!(field(power, "/spec/arch"), "ppc64le");
    assert_eq!(field(power, "/spec/replicas"), 2);
    assert_eq!(
        field(power, "/spec/nodeLabels"),
        &json!({"workload-type": "appserver"})
    );
    assert_eq!(
        field(power, "/spec/taints"),
        &json!([{"key": "dedicated", "value": "appserver", "effect": "NoSchedule"}])
    );
    let selector = "/spec/platform/agent/agentLabelSelector/matchLabels";
    let images = object("InfraEnv", "hcp-power-power");
    assert_eq!(field(power, selector), field(images, "/spec/agentLabels"));
    assert_eq!(field(images, "/spec/cpuArchitecture"), "ppc64le");
    assert_eq!(
        field(
            object("InfraEnv", "hcp-power-intel"),
            "/spec/cpuArchitecture"
        ),
        "x86_64"
    );
    assert_eq!(
        field(object("NodePool", "hcp-none-workers"), "/spec/platform"),
        &json!({"type": "None"})
    );
}

#[test]
fn the_host_has_room_for_control_planes_and_machines() {
    let ran = siteplan(repository::root(), &["place", HUB, "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let place = &document["data"]["places"][0];
    assert_eq!(
        (&place["outcome"], &place["holds"]),
        (&json!("proved"), &json!(true))
    );
    for workload in [
        "hcp-virtual/hosted-etcd",
        "hcp-virtual/hosted-kube-apiserver",
        "hcp-power/hosted-components",
        "hcp-virtual/kubevirt-node-vms",
    ] {
        assert!(
            ran.stdout.contains(workload),
            "{workload} is not in the proof"
        );
    }
}

#[test]
fn the_machine_with_user_data_is_on_its_vlan() {
    let machine = object("VirtualMachine", "rhel-vm");
    assert_eq!(
        field(machine, "/spec/template/spec/networks/0/multus/networkName"),
        "ot-1924"
    );
    let volumes = field(machine, "/spec/template/spec/volumes");
    assert_eq!(
        volumes[1]["cloudInitNoCloud"]["secretRef"]["name"],
        "cloudinitdisk-rhel-node"
    );
    assert_eq!(volumes[2]["secret"]["secretName"], "rhel-node-kubeconfig");
    let attachment = rendered(HUB)["rhel-vm"]
        .iter()
        .find(|o| o.kind() == "NetworkAttachmentDefinition");
    let config = field(attachment.unwrap(), "/spec/config").as_str().unwrap();
    assert!(config.contains("\"vlan\": 1924"), "{config}");
    let bridges = rendered(HUB)["nmstate"]
        .iter()
        .filter(|o| o.kind() == "NodeNetworkConfigurationPolicy");
    assert!(bridges.count() > 0);
}

#[test]
fn the_trees_inside_are_for_the_hosted_clusters() {
    for site in ["hcp-virtual", "hcp-power", "hcp-none"] {
        let deployments = rendered(site)["web"].iter();
        assert_eq!(deployments.filter(|o| o.kind() == "Deployment").count(), 1);
        assert!(
            repository::root()
                .join(format!("out/{site}/bootstrap"))
                .is_dir()
        );
    }
}

/// The errors of a site after one edit of a file: code and message.
fn errors_after(site: &str, file: &str, from: &str, to: &str) -> Vec<String> {
    let fleet = copy_of_fleet();
    edit(fleet.path(), file, from, to);
    errors_of(fleet.path(), site)
}

fn errors_of(fleet: &Path, site: &str) -> Vec<String> {
    let ran = siteplan(fleet, &["check", "--list", site]);
    let errors = ran.stderr.lines().filter(|l| l.starts_with("error"));
    errors.map(str::to_owned).collect()
}

#[test]
fn one_line_upgrades_a_hosted_cluster() {
    let fleet = copy_of_fleet();
    edit(fleet.path(), "sites/hcp-virtual.yaml", "4.18.22", "4.18.30");
    let compiled = compile(fleet.path());
    let hub = compiled.sites.iter().find(|s| s.plan.name == HUB).unwrap();
    let objects = &hub.rendered["hcp-virtual"];
    for object in objects
        .iter()
        .filter(|o| o.group() == "hypershift.openshift.io")
    {
        assert_eq!(
            field(object, "/spec/release/image"),
            "quay.io/openshift-release-dev/ocp-release:4.18.30-x86_64"
        );
    }
    let cluster = objects
        .iter()
        .find(|o| o.kind() == "HostedCluster")
        .unwrap();
    assert_eq!(
        cluster.annotation("argocd.argoproj.io/sync-wave"),
        Some("-1")
    );
}

#[test]
fn what_a_hosted_cluster_cannot_be_is_refused() {
    let virtual_site = "sites/hcp-virtual.yaml";
    for (from, to, expected) in [
        (
            "arch: amd64",
            "arch: s390x",
            "the platform KubeVirt has no nodes of s390x",
        ),
        (
            "memory: 16Gi",
            "memory: 600Gi",
            "has room for a virtual machine with 600Gi of memory",
        ),
        (
            "hostedOn: hcp-hub",
            "hostedOn: hcp-hup",
            "there is no site `hcp-hup` to host the control plane",
        ),
        (
            "nodePlatform: kubevirt, ",
            "",
            "nothing says where the nodes of the cluster come from",
        ),
        (
            "min: 3, max: 5",
            "min: 6, max: 5",
            "cannot have between 6 and 5 nodes",
        ),
        (
            "      arch: amd64\n",
            "      arch: amd64\n      version: \"4.19.0\"\n",
            "nodes are never ahead",
        ),
        (
            "      arch: amd64\n",
            "      arch: amd64\n      version: \"4.15.9\"\n",
            "more than 2 minor versions behind",
        ),
        (
            "      arch: amd64\n",
            "      arch: amd64\n      roles: [control-plane, worker]\n",
            "but the control plane is hosted",
        ),
    ] {
        let found = errors_after("hcp-virtual", virtual_site, from, to);
        assert!(
            found.iter().any(|e| e.contains(expected)),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn mixed_architectures_need_the_release_image_of_all() {
    let found = errors_after(
        "hcp-power",
        "sites/hcp-power.yaml",
        "nodePlatform: agent,",
        "nodePlatform: agent, releaseImage: \"quay.io/openshift-release-dev/ocp-release:4.18.22-x86_64\",",
    );
    assert_eq!(
        found,
        [
            "error[hosted-cluster-impossible]: the release image is of one architecture, which is not that of `power` (ppc64le)"
        ]
    );
}

#[test]
fn a_host_without_the_instance_or_of_another_version_is_refused() {
    let hub = "sites/hcp-hub.yaml";
    let found = errors_after(
        "hcp-virtual",
        hub,
        "    hcp-virtual: {use: hosted-cluster}\n",
        "",
    );
    assert_eq!(
        found,
        [
            "error[unknown-hosting-site]: `hcp-hub` has no instance `hcp-virtual` that makes the hosted cluster"
        ]
    );
    let found = errors_after(HUB, "sites/hcp-virtual.yaml", "4.18.22", "4.19.3");
    assert_eq!(
        found,
        [
            "error[requirement-not-met]: `hcp-virtual` is to have OpenShift 4.19.3, but versions >=4.16, <=4.18 of hosted clusters are required by `multicluster-engine-operator`"
        ]
    );
}

#[test]
fn a_hosted_pool_larger_than_its_host_is_refused() {
    let found = errors_after(
        HUB,
        "sites/hcp-virtual.yaml",
        "min: 3, max: 5",
        "min: 3, max: 90",
    );
    assert!(!found.is_empty(), "nothing is said");
    assert!(
        found.iter().all(|e| e.contains("hcp-virtual")
            && (e.contains("no-place-for-pods") || e.contains("loss-not-survived"))),
        "{found:?}"
    );
}

#[test]
fn rhel_workers_are_refused_with_the_reason() {
    let fleet = copy_of_fleet();
    let pool = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfigPool\nmetadata:\n  name: rhel\n\
                spec:\n  machineConfigSelector:\n    matchLabels:\n      machineconfiguration.openshift.io/role: worker\n";
    repository::write(fleet.path(), "base/apps/plant-web/pool.yaml", pool);
    edit(
        fleet.path(),
        "base/apps/plant-web/kustomization.yaml",
        "resources:\n",
        "resources:\n- pool.yaml\n",
    );
    let found = errors_of(fleet.path(), "hcp-none");
    assert!(
        found
            .iter()
            .any(|e| e.starts_with("error[api-not-in-hosted-cluster]")
                && e.contains("there is no machine config operator")),
        "{found:?}"
    );
}
