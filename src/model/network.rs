//! The networks of a site, and how its nodes are connected to them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A network of the site.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// The network interface of each node on it; with `bond`, the name of the bond.
    pub interface: Option<String>,
    /// The interfaces that are made one, so that the network outlives a cable, a port or a switch.
    pub bond: Option<Bond>,
    /// The VLAN of the interface that the network is; the interface itself if not written.
    #[schemars(extend("format" = "vlan"))]
    pub vlan: Option<u16>,
    /// The bridge that is made over the interface.
    pub bridge: Option<String>,
    /// Its address range.
    #[schemars(extend("format" = "cidr"))]
    pub cidr: Option<String>,
    /// Its gateway.
    #[schemars(extend("format" = "ip"))]
    pub gateway: Option<String>,
    /// The name servers that nodes ask.
    pub dns: Option<NetworkDns>,
    /// Destinations that nodes reach over this network.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// The maximum transmission unit in bytes.
    #[schemars(extend("format" = "mtu"))]
    pub mtu: Option<u32>,
    /// The nodes have their own addresses here, and the cluster its virtual ones (OpenShift's machine network). It is made while the
    /// cluster is installed, and no policy changes it afterwards.
    #[serde(default)]
    pub machine: bool,
    /// VLANs on it: name to VLAN id.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = {"type": "integer", "format": "vlan"}))]
    pub vlans: BTreeMap<String, u16>,
}

impl Network {
    /// Returns the interface that traffic of the network leaves a node by, below a bridge: the VLAN's, where there is one.
    pub fn device(&self) -> Option<String> {
        let interface = self.interface.as_ref()?;
        Some(match self.vlan {
            Some(vlan) => format!("{interface}.{vlan}"),
            None => interface.clone(),
        })
    }
}

/// Interfaces that are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bond {
    /// The way in which traffic is spread over them.
    #[serde(default)]
    pub mode: BondMode,
    /// The interfaces of each node, at least two.
    pub ports: Vec<String>,
}

/// A mode of a bond, in the spelling of Linux. Modes that a bridge cannot stand on are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BondMode {
    /// One carries the traffic, another takes over: nothing is asked of the switches.
    #[default]
    #[serde(rename = "active-backup")]
    ActiveBackup,
    /// Spread by addresses, with a static group on the switch.
    #[serde(rename = "balance-xor")]
    BalanceXor,
    /// Spread by LACP, with a group on the switch, or on two that are one.
    #[serde(rename = "802.3ad")]
    Lacp,
}

/// The name servers that nodes ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkDns {
    /// Their addresses, in the order in which they are asked.
    #[schemars(extend("items" = {"type": "string", "format": "ip"}))]
    pub servers: Vec<String>,
    /// Domains that are tried behind a short name.
    #[serde(default)]
    pub search: Vec<String>,
}

/// A destination that is reached over a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// The addresses that are reached.
    #[schemars(extend("format" = "cidr"))]
    pub destination: String,
    /// The router; the network's gateway if not written.
    #[schemars(extend("format" = "ip"))]
    pub via: Option<String>,
}
