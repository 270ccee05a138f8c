//! Computes the network configuration of nodes in the form of nmstate, and checks that networks can stand beside each other on a node.
//!
//! Field names: nmstate's `libnm` documentation of bonds, VLANs, Linux bridges, `dns-resolver` and `routes`; read 2026-11. One
//! configuration a node and network holds everything from the cable up, because nothing orders several of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::NodePlan;
use crate::load::Site;
use crate::model::{Bond, Network};
use crate::rules;
use crate::wording::join_names;
use pointer_diagnostics::{Diagnostics, Pointer};

/// The maximum transmission unit of a network that does not say one, in bytes.
const DEFAULT_MTU: u32 = 1500;

/// Returns the interfaces, name servers and routes that a network means on a node. `None` where the network has no interface.
pub fn describe_link(name: &str, network: &Network, node: &NodePlan) -> Option<Value> {
    let address = node.spec.addresses.get(name).map(String::as_str);
    let top = network.bridge.clone().or_else(|| network.device())?;
    let mut state = json!({"interfaces": list_interfaces(name, network, address)?});
    if let Some(dns) = &network.dns {
        let mut config = json!({"server": dns.servers});
        if !dns.search.is_empty() {
            config["search"] = json!(dns.search);
        }
        state["dns-resolver"] = json!({"config": config});
    }
    let routes = list_routes(network, &top);
    if !routes.is_empty() {
        state["routes"] = json!({"config": routes});
    }
    Some(state)
}

/// Returns the interfaces of a network from the cable up; the uppermost has the address.
fn list_interfaces(name: &str, network: &Network, address: Option<&str>) -> Option<Vec<Value>> {
    let interface = network.interface.as_deref()?;
    let mtu = network.mtu.unwrap_or(DEFAULT_MTU);
    let mut interfaces = Vec::new();
    let link = json!({"name": interface, "state": "up", "mtu": mtu});
    let has_more = network.vlan.is_some() || network.bridge.is_some();
    if network.bond.is_some() || !has_more {
        interfaces.push(link);
    }
    if let (Some(bond), Some(link)) = (&network.bond, interfaces.last_mut()) {
        link["type"] = "bond".into();
        link["link-aggregation"] = json!({
            "mode": bond.mode,
            // Milliseconds between two looks at a cable.
            "options": {"miimon": "100"},
            "port": bond.ports,
        });
    } else if let Some(link) = interfaces.last_mut() {
        link["type"] = "ethernet".into();
    }
    if let Some(vlan) = network.vlan {
        interfaces.push(json!({
            "name": network.device(), "type": "vlan", "state": "up", "mtu": mtu,
            "vlan": {"base-iface": interface, "id": vlan},
        }));
    }
    if let Some(bridge) = &network.bridge {
        interfaces.push(json!({
            "name": bridge, "type": "linux-bridge", "state": "up", "mtu": mtu,
            "bridge": {
                "options": {"stp": {"enabled": false}},
                "port": [{"name": network.device()}],
            },
        }));
    }
    let last = interfaces.len().checked_sub(1)?;
    for (index, interface) in interfaces.iter_mut().enumerate() {
        let own = address.filter(|_| index == last);
        describe_addresses(interface, network, own);
    }
    let top = interfaces.last_mut()?;
    top["description"] = match (&network.bridge, network.vlans.is_empty()) {
        (Some(_), false) => {
            format!("virtual machines on the {name} network, tagged by their VLANs")
        }
        (Some(_), true) => format!("virtual machines on the {name} network"),
        (None, _) => format!("the {name} network"),
    }
    .into();
    Some(interfaces)
}

/// Writes the address of an interface, or that it has none, for both families.
fn describe_addresses(interface: &mut Value, network: &Network, address: Option<&str>) {
    let ip: Option<IpAddr> = address.and_then(|text| text.parse().ok());
    let prefix = network.cidr.as_deref().and_then(read_prefix_length);
    for (family, is_own) in [
        ("ipv4", ip.is_some_and(|ip| ip.is_ipv4())),
        ("ipv6", ip.is_some_and(|ip| ip.is_ipv6())),
    ] {
        interface[family] = match (is_own, prefix) {
            (true, Some(prefix)) => json!({
                "enabled": true, "dhcp": false,
                "address": [{"ip": address, "prefix-length": prefix}],
            }),
            _ => json!({"enabled": false}),
        };
    }
}

fn read_prefix_length(cidr: &str) -> Option<u8> {
    cidr.rsplit_once('/')?.1.parse().ok()
}

/// Returns the routes of a network. The default route leaves by the machine network alone.
fn list_routes(network: &Network, interface: &str) -> Vec<Value> {
    let default = network.gateway.iter().filter(|_| network.machine);
    let default = default.map(|gateway| {
        let destination = if gateway.contains(':') {
            "::/0"
        } else {
            "0.0.0.0/0"
        };
        (destination, gateway)
    });
    let others = network.routes.iter().filter_map(|route| {
        let via = route.via.as_ref().or(network.gateway.as_ref())?;
        Some((route.destination.as_str(), via))
    });
    let describe = |(destination, via): (&str, &String)| {
        json!({
            "destination": destination,
            "next-hop-address": via,
            "next-hop-interface": interface,
        })
    };
    default.chain(others).map(describe).collect()
}

/// Reports networks that a node cannot have, or cannot have beside each other, and nodes that a network misses.
pub(super) fn check_links(site: &Site, nodes: &[NodePlan], found: &mut Diagnostics) {
    let mut check = LinkCheck {
        site,
        ports: BTreeMap::new(),
        devices: BTreeMap::new(),
        bonds: BTreeMap::new(),
    };
    for (name, network) in &site.spec.networks {
        check.check_alone(name, network, found);
        check.check_beside_others(name, network, found);
    }
    check.check_ports_of_others(found);
    check_addresses_of_pools(site, nodes, found);
    check_controllers_of_pools(site, nodes, found);
}

/// The networks of a site, as far as they are checked.
struct LinkCheck<'a> {
    site: &'a Site,
    /// The network that has a port in its bond, and the bond's name.
    ports: BTreeMap<&'a str, (&'a str, &'a str)>,
    /// The network that makes an interface or a bridge.
    devices: BTreeMap<String, &'a str>,
    /// The bond of an interface, and the network that says it first.
    bonds: BTreeMap<&'a str, (&'a str, Option<&'a Bond>)>,
}

impl<'a> LinkCheck<'a> {
    fn report(&self, at: &[&str], message: String, help: &str, found: &mut Diagnostics) {
        let pointer = at
            .iter()
            .fold(Pointer::parse("/networks"), |pointer, key| pointer.at(*key));
        let origin = self.site.origin(&pointer);
        let report = rules::NETWORK_IMPOSSIBLE.report(message);
        found.push(report.primary_key(origin, "").help(help));
    }

    /// Reports a network that makes no sense by itself.
    fn check_alone(&self, name: &str, network: &Network, found: &mut Diagnostics) {
        if network.interface.is_none() {
            let needing = [
                ("bond", network.bond.is_some()),
                ("vlan", network.vlan.is_some()),
                ("bridge", network.bridge.is_some()),
            ];
            if let Some((field, _)) = needing.into_iter().find(|(_, is_there)| *is_there) {
                let message = format!(
                    "the network `{name}` has a {field} and no interface: nothing would make it"
                );
                let help = "write `interface:`, the name of each node's interface; with `bond`, the bond's own name";
                self.report(&[name, field], message, help, found);
            }
        }
        if let Some(bond) = &network.bond {
            self.check_bond(name, network, bond, found);
        }
        for (index, route) in network.routes.iter().enumerate() {
            if route.via.is_none() && network.gateway.is_none() {
                let message = format!(
                    "nothing says by which router `{}` is reached over `{name}`",
                    route.destination
                );
                let help = "write `via:`, or the network's `gateway:`";
                self.report(&[name, "routes", &index.to_string()], message, help, found);
            }
        }
        if network.machine && network.bridge.is_some() {
            let message = format!(
                "`{name}` is the machine network, on which OpenShift makes the bridge `br-ex` itself"
            );
            let help = "give virtual machines a network with an interface of its own, or VLANs on another bond";
            self.report(&[name, "bridge"], message, help, found);
        }
    }

    fn check_bond(&self, name: &str, network: &Network, bond: &Bond, found: &mut Diagnostics) {
        if bond.ports.len() < 2 {
            let message =
                format!("the bond of `{name}` has one port: one cable carries the network");
            let help = "write two interfaces under `ports:`, or take `bond:` out";
            self.report(&[name, "bond", "ports"], message, help, found);
        }
        let mut seen: Vec<&String> = Vec::new();
        for port in &bond.ports {
            if Some(port) == network.interface.as_ref() || seen.contains(&port) {
                let message =
                    format!("the bond of `{name}` has `{port}` twice, or is called so itself");
                let help = "`interface:` is the bond's own name, such as `bond0`; under `ports:` is each interface once";
                self.report(&[name, "bond", "ports"], message, help, found);
                return;
            }
            seen.push(port);
        }
    }

    /// Reports an interface, a bridge or a port that two networks make of the same name.
    fn check_beside_others(
        &mut self,
        name: &'a str,
        network: &'a Network,
        found: &mut Diagnostics,
    ) {
        if let Some(interface) = network.interface.as_deref() {
            let bond = network.bond.as_ref();
            match self.bonds.get(interface) {
                Some((first, other)) if *other != bond => {
                    let message = format!(
                        "`{interface}` is made in two ways, by the networks `{first}` and `{name}`"
                    );
                    let help = "networks on one interface say the same `bond:` of it, each with a `vlan:` of its own";
                    self.report(&[name, "interface"], message, help, found);
                }
                Some(_) => {}
                None => {
                    self.bonds.insert(interface, (name, bond));
                }
            }
            for port in bond.iter().flat_map(|bond| &bond.ports) {
                match self.ports.get(port.as_str()) {
                    Some((first, of)) if *of != interface => {
                        let message = format!(
                            "`{port}` is a port of two bonds, of the networks `{first}` and `{name}`"
                        );
                        self.report(
                            &[name, "bond", "ports"],
                            message,
                            "an interface is in one bond",
                            found,
                        );
                    }
                    Some(_) => {}
                    None => {
                        self.ports.insert(port, (name, interface));
                    }
                }
            }
        }
        for (field, device) in [
            ("bridge", network.bridge.clone()),
            ("interface", network.device()),
        ] {
            let Some(device) = device else { continue };
            if let Some(first) = self.devices.get(&device).filter(|first| **first != name) {
                let message = format!("the networks `{first}` and `{name}` are both on `{device}`");
                let help = match field {
                    "bridge" => {
                        "give each bridge a name of its own, or put the VLANs of both under one network"
                    }
                    _ => "give each a `vlan:` of its own, or an interface",
                };
                self.report(&[name, field], message, help, found);
                continue;
            }
            self.devices.insert(device, name);
        }
    }

    /// Reports an interface that a network uses alone and another has in its bond.
    fn check_ports_of_others(&self, found: &mut Diagnostics) {
        for (name, network) in &self.site.spec.networks {
            let Some(interface) = network.interface.as_deref() else {
                continue;
            };
            let Some((other, _)) = self.ports.get(interface) else {
                continue;
            };
            if other != name {
                let message = format!(
                    "`{interface}` carries the network `{name}`, and is in the bond of `{other}`"
                );
                let help =
                    "an interface in a bond carries nothing by itself: write the bond's name";
                self.report(&[name, "interface"], message, help, found);
            }
        }
    }
}

/// Reports nodes that lack an address which their neighbours in the pool have: they would be left out without a word.
fn check_addresses_of_pools(site: &Site, nodes: &[NodePlan], found: &mut Diagnostics) {
    for (name, network) in &site.spec.networks {
        if network.interface.is_none() {
            continue;
        }
        for pool in site.spec.pools.keys() {
            let of_pool: Vec<&NodePlan> = nodes.iter().filter(|n| n.pool == *pool).collect();
            let has_address = |node: &&&NodePlan| node.spec.addresses.contains_key(name);
            if !of_pool.iter().any(|node| has_address(&node)) {
                continue;
            }
            for node in of_pool.iter().filter(|node| !has_address(node)) {
                found.push(
                    rules::NODE_NOT_ON_NETWORK
                        .report(format!(
                            "`{}` has no address on `{name}`, and other nodes of its pool have",
                            node.name
                        ))
                        .primary_key(node.origin.clone(), "")
                        .help(format!(
                            "write `addresses: {{{name}: …}}` for it, or put it into a pool of its own"
                        )),
                );
            }
        }
    }
}

/// Reports nodes without a BMC beside nodes that have one.
fn check_controllers_of_pools(site: &Site, nodes: &[NodePlan], found: &mut Diagnostics) {
    for pool in site.spec.pools.keys() {
        let of_pool: Vec<&NodePlan> = nodes.iter().filter(|n| n.pool == *pool).collect();
        let without = of_pool.iter().filter(|node| node.spec.bmc.is_none());
        let names: Vec<&str> = without.clone().map(|node| node.name.as_str()).collect();
        let Some(first) = without.clone().next() else {
            continue;
        };
        if names.len() == of_pool.len() {
            continue;
        }
        let (verb, listed) = (
            if names.len() == 1 { "has" } else { "have" },
            join_names(names.iter().copied(), "and").unwrap_or_default(),
        );
        found.push(
            rules::NODE_WITHOUT_BMC
                .report(format!(
                    "{listed} {verb} no BMC: when such a node dies, nobody cuts its power, and its volumes and machines wait until it \
                     has rebooted itself"
                ))
                .primary_key(first.origin.clone(), "")
                .help("write `bmc: {address: …}`; where a machine has none, a waiver says so"),
        );
    }
}
