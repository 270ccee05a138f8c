//! The answers of `openshift-install`, for sites that say on which infrastructure it makes their cluster.
//!
//! Comes in: a [`SitePlan`]. Goes out: the `install-config.yaml` without secrets (and the `agent-config.yaml` of
//! machines that are there already), beside what Argo CD syncs and never in it; or the reasons why there is none. Field names: openshift/installer pkg/types/powervs (`Platform`, `MachinePool`); limits of machines:
//! openshift/api machine/v1 `PowerVSMachineProviderConfig`; read 2026-11.

mod agent;
mod zones;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Arch, Install, InstallPlatform, Pool, PowerMachine, ProcessorSharing, Role};
use crate::plan::SitePlan;
use crate::rules;
use kubernetes_vocabulary::Quantity;
use pointer_diagnostics::{Diagnostics, Pointer};

use zones::{list_regions, list_system_types, list_zones};

/// The paths of the files, below the directory of the site.
const INSTALL_CONFIG: &str = "install/install-config.yaml";
const AGENT_CONFIG: &str = "install/agent-config.yaml";

/// The least memory of a machine, in GiB.
const LEAST_MEMORY: i128 = 32;
/// Bytes of a GiB.
const GIB: i128 = 1 << 30;
/// Thousandths of a processor: the least that may be shared, and the step.
const LEAST_SHARED: i128 = 500;
const STEP: i128 = 250;
/// Threads of a processor, which Kubernetes counts as CPUs.
const MOST_THREADS: i128 = 8;

/// Makes the answers of `openshift-install`, by path. None where the site does not ask for them, or cannot be installed so, which is
/// reported.
pub fn make_install_files(
    plan: &SitePlan,
    found: &mut Diagnostics,
) -> BTreeMap<&'static str, Value> {
    let mut problems = Diagnostics::new();
    let install = plan.site.spec.cluster.install.as_ref();
    let made = if let Some(install) = install {
        let maker = InstallConfigMaker { plan, install };
        maker.check_cluster(&mut problems);
        maker.make_files(&mut problems)
    } else {
        check_not_installed(plan, &mut problems);
        BTreeMap::new()
    };
    let is_good = !problems.has_errors();
    found.append(problems);
    if is_good { made } else { BTreeMap::new() }
}

/// Reports machines of pools whose cluster nobody installs.
fn check_not_installed(plan: &SitePlan, found: &mut Diagnostics) {
    for (name, pool) in &plan.site.spec.pools {
        if pool.machine.is_some() {
            let at = Pointer::parse("/pools").at(name).at("machine");
            report(plan, &at, "`machine` is about a cluster that is installed on Power Virtual Server, and this one is not".to_owned(),
                "write `install: {platform: powervs, …}` under `cluster:`, or take it out", found);
        }
    }
}

fn report(plan: &SitePlan, at: &Pointer, message: String, help: &str, found: &mut Diagnostics) {
    found.push(
        rules::INSTALL_CONFIG_IMPOSSIBLE
            .report(message)
            .primary_key(plan.origin(at), "")
            .help(help),
    );
}

/// The answers in the making.
struct InstallConfigMaker<'a> {
    plan: &'a SitePlan,
    install: &'a Install,
}

impl InstallConfigMaker<'_> {
    /// Makes the files of the platform.
    fn make_files(&self, found: &mut Diagnostics) -> BTreeMap<&'static str, Value> {
        let mut files = BTreeMap::new();
        match self.install.platform {
            InstallPlatform::Powervs => {
                self.check_place(found);
                files.extend(self.make(found).map(|config| (INSTALL_CONFIG, config)));
            }
            InstallPlatform::Agent => {
                check_not_installed(self.plan, found);
                if let Some(answers) = agent::make_agent_answers(self.plan, found) {
                    files.insert(INSTALL_CONFIG, answers.install_config);
                    files.insert(AGENT_CONFIG, answers.agent_config);
                }
            }
        }
        files
    }

    /// Reports a cluster that cannot be installed at all.
    fn check_cluster(&self, found: &mut Diagnostics) {
        let cluster = &self.plan.site.spec.cluster;
        if cluster.is_hosted() {
            self.report(
                "/cluster/install",
                "a cluster whose control plane is hosted is not installed by openshift-install",
                "take `install` out, or give the cluster its own control plane",
                found,
            );
        }
        if cluster.base_domain.is_none() {
            self.report(
                "/cluster/baseDomain",
                "an installation needs a DNS domain",
                "write `baseDomain:` under `cluster:`; on Power Virtual Server, a domain of IBM Cloud Internet Services",
                found,
            );
        }
    }

    /// Reports a region, a zone or a resource group that is missing, or that is not one.
    fn check_place(&self, found: &mut Diagnostics) {
        let fields = [
            ("region", &self.install.region),
            ("zone", &self.install.zone),
            ("resourceGroup", &self.install.resource_group),
        ];
        for (field, value) in fields {
            if value.is_none() {
                let message = format!("the installation does not say its {field}");
                let help = format!("write `{field}:` under `install:`");
                self.report(&format!("/cluster/install/{field}"), &message, &help, found);
            }
        }
        let (Some(region), Some(zone)) = (&self.install.region, &self.install.zone) else {
            return;
        };
        let Some(zones) = list_zones(region) else {
            let message =
                format!("`{region}` is not a region of Power Virtual Server with load balancers");
            let help = format!("write one of {}", list_regions().join(", "));
            self.report("/cluster/install/region", &message, &help, found);
            return;
        };
        if !zones.contains(&zone.as_str()) {
            let message = format!("`{zone}` is not a zone of the region `{region}`");
            let help = format!("write one of {}", zones.join(", "));
            self.report("/cluster/install/zone", &message, &help, found);
        }
    }

    fn report(&self, pointer: &str, message: &str, help: &str, found: &mut Diagnostics) {
        let at = Pointer::parse(pointer);
        report(self.plan, &at, message.to_owned(), help, found);
    }

    fn make(&self, found: &mut Diagnostics) -> Option<Value> {
        let control_plane = self.make_pool(Role::ControlPlane, "master", found);
        let workers = self.make_pool(Role::Worker, "worker", found);
        let networking = &self.install.networking;
        let mut config = json!({
            "apiVersion": "v1",
            "baseDomain": self.plan.site.spec.cluster.base_domain,
            "metadata": {"name": self.plan.name},
            "controlPlane": control_plane?,
            "compute": [workers?],
            "networking": {
                "networkType": "OVNKubernetes",
                "clusterNetwork": [{"cidr": networking.cluster_network, "hostPrefix": networking.host_prefix}],
                "machineNetwork": [{"cidr": networking.machine_network}],
                "serviceNetwork": [networking.service_network],
            },
            "platform": {"powervs": self.make_platform()},
            "publish": self.install.publish,
        });
        if let (Some(key), Some(config)) = (&self.install.ssh_key, config.as_object_mut()) {
            config.insert("sshKey".to_owned(), key.as_str().into());
        }
        Some(config)
    }

    fn make_platform(&self) -> Value {
        let install = self.install;
        let fields = [
            ("region", &install.region),
            ("zone", &install.zone),
            ("powervsResourceGroup", &install.resource_group),
            ("userID", &install.user_id),
            ("serviceInstanceGUID", &install.workspace),
            ("vpcName", &install.vpc),
            ("vpcRegion", &install.vpc_region),
            ("tgName", &install.transit_gateway),
            ("clusterOSImage", &install.os_image),
        ];
        let written = fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.as_deref()?))));
        let mut platform: Map<String, Value> = written.collect();
        if !install.vpc_subnets.is_empty() {
            platform.insert("vpcSubnets".to_owned(), json!(install.vpc_subnets));
        }
        platform.into()
    }

    /// Makes a machine pool of the nodes with a role. The installer knows one for each; a pool with `autoscaling` is a MachineSet of the
    /// running cluster.
    fn make_pool(&self, role: Role, name: &str, found: &mut Diagnostics) -> Option<Value> {
        let pools = self.plan.site.spec.pools.iter();
        let of_role: Vec<(&String, &Pool)> = pools
            .filter(|(_, pool)| pool.roles.contains(&role) && pool.autoscaling.is_none())
            .collect();
        let [(pool_name, pool)] = of_role.as_slice() else {
            let message = format!(
                "an installation has one pool of `{name}` machines, and the site has {}",
                of_role.len()
            );
            self.report("/pools", &message, "write one pool with `roles: [control-plane]` and one of workers; further ones have `autoscaling`, and are MachineSets of the running cluster", found);
            return None;
        };
        let check = MachineCheck {
            maker: self,
            pool_name,
            pool,
        };
        check.check_pool(role, found);
        let machine = pool.machine.clone().unwrap_or_default();
        check.check_processors(&machine, found);
        check.check_system(&machine, found);
        let memory = check.read_memory(found);
        let listed = u32::try_from(pool.nodes.len()).ok();
        Some(json!({
            "name": name,
            "architecture": pool.arch.label(),
            "hyperthreading": "Enabled",
            "replicas": pool.count_unnamed().or(listed),
            "platform": {"powervs": describe_machine(&machine, memory)},
        }))
    }
}

/// Returns a machine as the installer reads it, without what is left to its defaults.
fn describe_machine(machine: &PowerMachine, memory: Option<i128>) -> Value {
    let mut fields = Map::new();
    if let Some(memory) = memory.and_then(|memory| i64::try_from(memory).ok()) {
        fields.insert("memoryGiB".to_owned(), memory.into());
    }
    if let Some(processors) = machine.word_processors() {
        fields.insert("processors".to_owned(), processors);
    }
    fields.insert("procType".to_owned(), json!(machine.proc_type));
    if let Some(kind) = &machine.sys_type {
        fields.insert("sysType".to_owned(), kind.as_str().into());
    }
    if let Some(level) = machine.smt_level {
        fields.insert("smtLevel".to_owned(), level.to_string().into());
    }
    fields.into()
}

/// A pool whose machines are checked.
struct MachineCheck<'a> {
    maker: &'a InstallConfigMaker<'a>,
    pool_name: &'a str,
    pool: &'a Pool,
}

impl MachineCheck<'_> {
    fn report(&self, field: &str, message: &str, help: &str, found: &mut Diagnostics) {
        let pointer = Pointer::parse("/pools")
            .at(self.pool_name)
            .join(&Pointer::parse(field));
        report(self.maker.plan, &pointer, message.to_owned(), help, found);
    }

    fn check_pool(&self, role: Role, found: &mut Diagnostics) {
        let (name, pool) = (self.pool_name, self.pool);
        if pool.arch != Arch::Ppc64le {
            self.report(
                "/arch",
                &format!(
                    "Power Virtual Server has machines of ppc64le, and the pool `{name}` is of {}",
                    pool.arch
                ),
                "write `arch: ppc64le`, or install the cluster elsewhere",
                found,
            );
        }
        let nodes = pool
            .count_unnamed()
            .map_or(pool.nodes.len(), |n| n as usize);
        if role == Role::ControlPlane && nodes != 3 {
            self.report(
                "",
                &format!("the control plane has {nodes} nodes, and an installation makes three"),
                "write `replicas: 3`",
                found,
            );
        }
    }

    fn check_processors(&self, machine: &PowerMachine, found: &mut Diagnostics) {
        let Some(processors) = machine.processors else {
            return;
        };
        let milli = processors.as_milli();
        let is_dedicated = machine.proc_type == ProcessorSharing::Dedicated;
        if is_dedicated && milli % 1000 != 0 {
            self.report(
                "/machine/processors",
                "dedicated processors are whole ones",
                "write a whole number, or another `procType`",
                found,
            );
        } else if milli % STEP != 0 || milli < LEAST_SHARED {
            self.report(
                "/machine/processors",
                "processors are given in steps of a quarter, and half of one at least",
                "write for instance `0.5`",
                found,
            );
        }
        let threads = (milli + 999) / 1000 * MOST_THREADS;
        let most = Quantity::units(i64::try_from(threads).unwrap_or(i64::MAX));
        if let Some(cpu) = self.pool.capacity.get("cpu").filter(|cpu| **cpu > most) {
            self.report(
                "/capacity/cpu",
                &format!(
                    "the nodes are to have {cpu} CPUs, but their processors have {threads} threads"
                ),
                "write the number of threads, eight for each processor, or more processors",
                found,
            );
        }
    }

    fn check_system(&self, machine: &PowerMachine, found: &mut Diagnostics) {
        let install = self.maker.install;
        let (Some(kind), Some(region), Some(zone)) =
            (&machine.sys_type, &install.region, &install.zone)
        else {
            return;
        };
        let Some(kinds) = list_system_types(region, zone) else {
            return;
        };
        if !kinds.contains(&kind.as_str()) {
            self.report(
                "/machine/sysType",
                &format!("the zone `{zone}` has no machines of the type `{kind}`"),
                &format!("write one of {}", kinds.join(", ")),
                found,
            );
        }
    }

    /// Returns the memory of a machine in GiB.
    fn read_memory(&self, found: &mut Diagnostics) -> Option<i128> {
        let bytes = self.pool.capacity.get("memory")?.as_units();
        if bytes % GIB != 0 || bytes / GIB < LEAST_MEMORY {
            self.report("/capacity/memory", &format!("the memory of a machine is a whole number of GiB, and {LEAST_MEMORY} of them at least"),
                "write for instance `64Gi`", found);
        }
        Some(bytes / GIB)
    }
}
