//! Checks the addresses, networks and disks of a site against each other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::addresses::IpNetwork;
use crate::load::Site;
use crate::model::{Network, Platform};
use crate::nearest::nearest;
use crate::rules;
use crate::wording::join_names;
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer};

use super::NodePlan;

/// Reports addresses outside of their network, networks that there are not, and a version of another platform.
pub(super) fn check_addresses(site: &Site, found: &mut Diagnostics) {
    found.extend(check_version(site));
    for (name, network) in &site.spec.networks {
        if let Some(gateway) = &network.gateway {
            let pointer = Pointer::parse("/networks").at(name).at("gateway");
            let address = NetworkAddress {
                name,
                network,
                text: gateway,
                pointer: &pointer,
            };
            found.extend(check_address(site, &address));
        }
    }
    for (pool_name, pool) in &site.spec.pools {
        let nodes = Pointer::parse("/pools").at(pool_name).at("nodes");
        for (node_name, node) in &pool.nodes {
            for (name, text) in &node.addresses {
                let pointer = nodes.at(node_name).at("addresses").at(name);
                found.extend(match site.spec.networks.get(name) {
                    Some(network) => check_address(
                        site,
                        &NetworkAddress {
                            name,
                            network,
                            text,
                            pointer: &pointer,
                        },
                    ),
                    None => Some(report_unknown_network(site, name, &pointer)),
                });
            }
        }
    }
}

/// An address in a network of the site.
struct NetworkAddress<'a> {
    name: &'a str,
    network: &'a Network,
    text: &'a str,
    pointer: &'a Pointer,
}

fn check_address(site: &Site, address: &NetworkAddress<'_>) -> Option<Diagnostic> {
    let cidr = address.network.cidr.as_deref()?;
    let network = IpNetwork::parse(cidr)?;
    let ip: IpAddr = address.text.parse().ok()?;
    let why = if !network.contains(ip) {
        "is outside of"
    } else if network.is_reserved(ip) {
        "is no host's address in"
    } else {
        return None;
    };
    let at = Pointer::parse("/networks").at(address.name).at("cidr");
    let report = rules::ADDRESS_OUTSIDE_NETWORK
        .report(format!(
            "`{}` {why} the network `{}`, {network}",
            address.text, address.name
        ))
        .primary(site.origin(address.pointer), "")
        .context(site.origin(&at), "the network's addresses")
        .help("correct the address, or the network");
    Some(report)
}

fn report_unknown_network(site: &Site, name: &str, pointer: &Pointer) -> Diagnostic {
    let known = || site.spec.networks.keys().map(String::as_str);
    let help = match (nearest(name, known()), join_names(known(), "and")) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(names)) => format!("the site's networks are {names}"),
        (None, None) => format!("add `{name}: {{cidr: …}}` under `networks:`"),
    };
    rules::UNKNOWN_NETWORK
        .report(format!("there is no network `{name}` on this site"))
        .primary_key(site.origin(pointer), "")
        .help(help)
}

/// Reports a version that is one of the other platform: OpenShift is at 4, Kubernetes at 1.
fn check_version(site: &Site) -> Option<Diagnostic> {
    let cluster = &site.spec.cluster;
    let version = cluster.version.as_deref()?;
    let major = version.trim_start_matches('v').split('.').next()?;
    let (platform, expected, example) = match cluster.platform {
        Platform::Openshift => ("OpenShift", "4", "4.18.22"),
        Platform::Kubernetes => ("Kubernetes", "1", "1.34"),
    };
    (major != expected).then(|| {
        rules::MALFORMED_VALUE
            .report(format!("`{version}` is not a version of {platform}"))
            .primary(site.origin(&Pointer::parse("/cluster/version")), "")
            .help(format!(
                "write one such as \"{example}\", or another `platform`: `openshift` or `kubernetes`"
            ))
    })
}

/// A disk of a node: the path, and the group and index at which the node has it.
struct ListedDisk<'a> {
    group: &'a str,
    path: &'a str,
    pointer: Pointer,
}

/// Reports disks that a node has twice, and paths that change with the order in which a machine finds its disks.
pub(super) fn check_disk_paths(site: &Site, nodes: &[NodePlan], found: &mut Diagnostics) {
    for node in nodes {
        let mut seen: BTreeMap<&str, ListedDisk<'_>> = BTreeMap::new();
        for disk in list_disks(node) {
            let origin = site.origin(&disk.pointer);
            if !disk.path.starts_with("/dev/disk/") && !disk.path.starts_with("/dev/mapper/") {
                found.push(
                    rules::DISK_PATH_NOT_STABLE
                        .report(format!("`{}` can be another disk after a restart", disk.path))
                        .primary(origin.clone(), "")
                        .help("write the disk's path below `/dev/disk/by-path/` or `/dev/disk/by-id/`"),
                );
            }
            if let Some(first) = seen.get(disk.path) {
                let same = first.group == disk.group;
                let groups = match same {
                    true => format!("twice in the group `{}`", disk.group),
                    false => format!("in the groups `{}` and `{}`", first.group, disk.group),
                };
                found.push(
                    rules::DUPLICATE_DISK
                        .report(format!("the disk `{}` is listed {groups}", disk.path))
                        .primary(origin, "")
                        .context(site.origin(&first.pointer), "the first time")
                        .help("list each disk once: what takes a group takes all of its disks"),
                );
                continue;
            }
            seen.insert(disk.path, disk);
        }
    }
}

/// Returns the disks of a node, at the places where they are written: the node's own groups, and its pool's others.
fn list_disks(node: &NodePlan) -> Vec<ListedDisk<'_>> {
    let pool = Pointer::parse("/pools").at(&node.pool);
    let own = pool.at("nodes").at(&node.name).at("disks");
    let mut disks = Vec::new();
    for (group, spec) in &node.disks {
        let is_own = node.spec.disks.contains_key(group);
        let groups = if is_own {
            own.clone()
        } else {
            pool.at("disks")
        };
        for (index, path) in spec.paths.iter().enumerate() {
            disks.push(ListedDisk {
                group,
                path,
                pointer: groups.at(group).at("paths").at(index),
            });
        }
    }
    disks
}
