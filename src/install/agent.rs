//! The answers of the agent-based installer for machines that are there already: `install-config.yaml` and `agent-config.yaml`.
//!
//! The machine network is made here, from the cable up, because OpenShift puts the bridge `br-ex` on it while it is installed and
//! changes it no more. Field names: openshift/installer pkg/types (`InstallConfig`), pkg/types/baremetal (`Platform`,
//! `RootDeviceHints`) and pkg/types/agent (`Config`, `Host`), 4.18 and main; read 2026-11.

use serde_json::{Value, json};

use crate::model::{DiskGroup, Network, Role};
use crate::plan::{NodePlan, SitePlan, describe_link};
use crate::rules;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

/// The answers of the agent-based installer.
pub(super) struct AgentAnswers {
    /// `install-config.yaml`, without the pull secret.
    pub(super) install_config: Value,
    /// `agent-config.yaml`.
    pub(super) agent_config: Value,
}

/// Makes the answers; all reasons why there are none are reported.
pub(super) fn make_agent_answers(plan: &SitePlan, found: &mut Diagnostics) -> Option<AgentAnswers> {
    let maker = AgentAnswersMaker { plan };
    let network = maker.find_machine_network(found)?;
    maker.check_platform(found);
    let control_plane = maker.list_nodes(Role::ControlPlane);
    let Some(first) = control_plane.first() else {
        maker.report(
            &Pointer::parse("/pools"),
            "an installation needs nodes of the control plane, by name".to_owned(),
            "write a pool with `roles: [control-plane, worker]` and its `nodes:`",
            found,
        );
        return None;
    };
    let hosts = plan.nodes.iter();
    let hosts: Vec<Value> = hosts
        .filter_map(|node| maker.describe_host(&network, node, found))
        .collect();
    let agent_config = json!({
        "apiVersion": "v1beta1",
        "kind": "AgentConfig",
        "metadata": {"name": plan.name},
        "rendezvousIP": first.spec.addresses.get(network.name),
        "hosts": hosts,
    });
    Some(AgentAnswers {
        install_config: maker.make_install_config(&network),
        agent_config,
    })
}

/// The machine network of a site.
struct MachineNetwork<'a> {
    name: &'a str,
    network: &'a Network,
}

/// The answers in the making.
struct AgentAnswersMaker<'a> {
    plan: &'a SitePlan,
}

impl<'a> AgentAnswersMaker<'a> {
    fn report(&self, at: &Pointer, message: String, help: &str, found: &mut Diagnostics) {
        self.report_at(self.plan.origin(at), message, help, found);
    }

    fn report_at(&self, origin: Origin, message: String, help: &str, found: &mut Diagnostics) {
        found.push(
            rules::INSTALL_CONFIG_IMPOSSIBLE
                .report(message)
                .primary_key(origin, "")
                .help(help),
        );
    }

    /// Returns the network that nodes have their own addresses on.
    fn find_machine_network(&self, found: &mut Diagnostics) -> Option<MachineNetwork<'a>> {
        let networks = self.plan.site.spec.networks.iter();
        let machine: Vec<_> = networks.filter(|(_, network)| network.machine).collect();
        let [(name, network)] = machine.as_slice() else {
            let message = format!(
                "an installation has one machine network, and the site has {}",
                machine.len()
            );
            let help = "write `machine: true` into the network that nodes have their own addresses on, with `cidr`, `interface` and `gateway`";
            self.report(&Pointer::parse("/networks"), message, help, found);
            return None;
        };
        let needed = [
            ("cidr", network.cidr.is_some()),
            ("interface", network.interface.is_some()),
        ];
        for (field, _) in needed.into_iter().filter(|(_, is_there)| !is_there) {
            let message = format!("the machine network `{name}` does not say its {field}");
            let help = format!("write `{field}:`");
            self.report(
                &Pointer::parse("/networks").at(name.as_str()),
                message,
                &help,
                found,
            );
        }
        Some(MachineNetwork { name, network })
    }

    /// Reports a site that says too little of its cluster.
    fn check_platform(&self, found: &mut Diagnostics) {
        let cluster = &self.plan.site.spec.cluster;
        let is_single = self.list_nodes(Role::ControlPlane).len() == 1;
        if cluster.vips.is_none() && !is_single {
            self.report(
                &Pointer::parse("/cluster/vips"),
                "a cluster of several nodes needs a virtual address for its API and one for ingress".to_owned(),
                "write `vips: {api: …, ingress: …}` under `cluster:`, two free addresses of the machine network",
                found,
            );
        }
    }

    fn list_nodes(&self, role: Role) -> Vec<&'a NodePlan> {
        let nodes = self.plan.nodes.iter();
        nodes.filter(|node| node.roles.contains(&role)).collect()
    }

    fn describe_host(
        &self,
        network: &MachineNetwork<'_>,
        node: &NodePlan,
        found: &mut Diagnostics,
    ) -> Option<Value> {
        let Some(mac) = node.spec.bmc.as_ref().and_then(|bmc| bmc.boot_mac.as_ref()) else {
            let message = format!("nothing tells which machine `{}` is", node.name);
            let help = "write `bootMac:` under `bmc:`, the MAC address of the first interface of the machine network";
            self.report_at(node.origin.clone(), message, help, found);
            return None;
        };
        if !node.spec.addresses.contains_key(network.name) {
            let message = format!("`{}` has no address on the machine network", node.name);
            let help = format!("write `addresses: {{{}: …}}`", network.name);
            self.report_at(node.origin.clone(), message, &help, found);
            return None;
        }
        let bond = network.network.bond.as_ref();
        let first = bond.and_then(|bond| bond.ports.first());
        let interface = first.or(network.network.interface.as_ref())?;
        let role = match node.roles.contains(&Role::ControlPlane) {
            true => "master",
            false => "worker",
        };
        let mut host = json!({
            "hostname": node.name,
            "role": role,
            "interfaces": [{"name": interface, "macAddress": mac}],
            "networkConfig": describe_link(network.name, network.network, node),
        });
        if let Some(path) = node.disks.get("boot").and_then(find_path) {
            host["rootDeviceHints"] = json!({"deviceName": path});
        }
        Some(host)
    }

    fn make_install_config(&self, network: &MachineNetwork<'_>) -> Value {
        let cluster = &self.plan.site.spec.cluster;
        let install = cluster.install.as_ref();
        let networking = install.map(|i| i.networking.clone()).unwrap_or_default();
        let control_plane = self.list_nodes(Role::ControlPlane);
        let workers = self.plan.nodes.len() - control_plane.len();
        let arch = |node: Option<&&NodePlan>| node.map(|node| node.arch.label());
        let only_workers: Vec<&NodePlan> = self.plan.nodes.iter().collect();
        let worker = only_workers
            .iter()
            .find(|node| !node.roles.contains(&Role::ControlPlane));
        let platform = match (&cluster.vips, control_plane.len()) {
            (_, 1) | (None, _) => json!({"none": {}}),
            (Some(vips), _) => json!({
                "baremetal": {"apiVIPs": [vips.api], "ingressVIPs": [vips.ingress]},
            }),
        };
        let mut config = json!({
            "apiVersion": "v1",
            "baseDomain": cluster.base_domain,
            "metadata": {"name": self.plan.name},
            "controlPlane": {
                "name": "master",
                "architecture": arch(control_plane.first()),
                "hyperthreading": "Enabled",
                "replicas": control_plane.len(),
            },
            "compute": [{
                "name": "worker",
                "architecture": arch(worker.or(control_plane.first())),
                "hyperthreading": "Enabled",
                "replicas": workers,
            }],
            "networking": {
                "networkType": "OVNKubernetes",
                "clusterNetwork": [{"cidr": networking.cluster_network, "hostPrefix": networking.host_prefix}],
                "machineNetwork": [{"cidr": network.network.cidr}],
                "serviceNetwork": [networking.service_network],
            },
            "platform": platform,
        });
        if let Some(key) = install.and_then(|install| install.ssh_key.as_ref()) {
            config["sshKey"] = key.as_str().into();
        }
        config
    }
}

fn find_path(disks: &DiskGroup) -> Option<&String> {
    disks.paths.first()
}
