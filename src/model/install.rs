//! The answers that `openshift-install` asks for, beside what the rest of a site says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use kubernetes_vocabulary::Quantity;

/// The infrastructure that `openshift-install` makes a cluster on.
///
/// Architecture, number and memory of the machines are those of the pools. Secrets are never written here: the pull secret is added to
/// the generated file when it is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Install {
    /// The platform, as `install-config.yaml` names it.
    pub platform: InstallPlatform,
    /// The region.
    pub region: Option<String>,
    /// The zone of the region.
    pub zone: Option<String>,
    /// The resource group that everything is made in.
    pub resource_group: Option<String>,
    /// The user of the account.
    #[serde(rename = "userID")]
    pub user_id: Option<String>,
    /// The GUID of the workspace (service instance); made if not written.
    pub workspace: Option<String>,
    /// The VPC that load balancers are in; made if not written.
    pub vpc: Option<String>,
    /// The region of the VPC; the one nearest to `region` if not written.
    pub vpc_region: Option<String>,
    /// Subnets of the VPC; made if not written.
    #[serde(default)]
    pub vpc_subnets: Vec<String>,
    /// The transit gateway between workspace and VPC; made if not written.
    pub transit_gateway: Option<String>,
    /// A boot image that is there already; the published one if not written.
    pub os_image: Option<String>,
    /// The networks from which the API and the applications can be reached.
    #[serde(default)]
    pub publish: Publication,
    /// The address ranges of the cluster.
    #[serde(default)]
    pub networking: InstallNetworking,
    /// The public key of those who may log in to nodes.
    pub ssh_key: Option<String>,
}

/// A platform of `openshift-install`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstallPlatform {
    /// IBM Power Virtual Server.
    Powervs,
    /// Machines that are there already, which boot the image of the agent-based installer.
    Agent,
}

/// The networks from which a cluster can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Publication {
    /// The internet.
    #[default]
    External,
    /// The private network.
    Internal,
}

/// The address ranges of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InstallNetworking {
    /// Pods.
    pub cluster_network: String,
    /// The length of each node's prefix in the range of the pods.
    pub host_prefix: u8,
    /// Nodes.
    pub machine_network: String,
    /// Services.
    pub service_network: String,
}

impl Default for InstallNetworking {
    fn default() -> Self {
        Self {
            cluster_network: "10.128.0.0/14".to_owned(),
            host_prefix: 23,
            machine_network: "192.168.0.0/24".to_owned(),
            service_network: "172.30.0.0/16".to_owned(),
        }
    }
}

/// A virtual machine of Power, beside the memory of its pool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PowerMachine {
    /// Processors in steps of a quarter; each has up to eight threads, which Kubernetes counts as CPUs.
    pub processors: Option<Quantity>,
    /// The way in which processors are shared.
    #[serde(default)]
    pub proc_type: ProcessorSharing,
    /// The kind of machine that it runs on, such as `s922`.
    pub sys_type: Option<String>,
    /// The number of threads of each processor.
    pub smt_level: Option<u8>,
}

/// The way in which processors are shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProcessorSharing {
    /// With others; more than what was asked for while others leave it idle.
    #[default]
    Shared,
    /// With others; never more than what was asked for.
    Capped,
    /// With nobody.
    Dedicated,
}

impl PowerMachine {
    /// Returns its processors as `intstr.IntOrString`: a whole number, or a fraction as text.
    pub fn word_processors(&self) -> Option<Value> {
        let milli = self.processors?.as_milli();
        Some(match (milli % 1000, i64::try_from(milli / 1000)) {
            (0, Ok(whole)) => whole.into(),
            (rest, _) => {
                let fraction = format!("{rest:03}");
                format!("{}.{}", milli / 1000, fraction.trim_end_matches('0')).into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_whole_numbers_or_text() {
        let words = |text: &str| {
            let machine = PowerMachine {
                processors: Quantity::parse(text).ok(),
                ..PowerMachine::default()
            };
            machine.word_processors().unwrap()
        };
        assert_eq!(words("2"), Value::from(2));
        assert_eq!(words("0.5"), Value::from("0.5"));
        assert_eq!(words("1.25"), Value::from("1.25"));
    }
}
