//! The nodes of a site, each with what it has from its pool.

use std::collections::BTreeMap;

use crate::load::Site;
use crate::model::{DiskGroup, NodeSpec, Pool, Role};
use crate::rules;
use kubernetes_vocabulary::labels::{ARCH, HOSTNAME, NODE_ROLE_PREFIX, OS, ZONE};
use pointer_diagnostics::{Diagnostics, Pointer};

use super::{Instance, NodePlan};

/// The nodes that Kubernetes supports in one cluster: <https://kubernetes.io/docs/setup/best-practices/cluster-large/>.
const MOST_NODES: u64 = 5_000;
/// The disks that a site may describe.
const MOST_DISKS: u64 = 50_000;

/// Reports more nodes or disks than a cluster can have. Asked before any of them is made: a number costs a writer nothing.
pub(super) fn check_total(site: &Site, found: &mut Diagnostics) {
    let (mut nodes, mut disks) = (0_u64, 0_u64);
    for (name, pool) in &site.spec.pools {
        let listed = u64::try_from(pool.nodes.len()).unwrap_or(u64::MAX);
        let size = listed.max(pool.replicas.map_or(0, u64::from));
        let own = pool
            .nodes
            .values()
            .map(|node| count(&node.disks))
            .fold(0, u64::saturating_add);
        nodes = nodes.saturating_add(size);
        disks = disks
            .saturating_add(size.saturating_mul(count(&pool.disks)))
            .saturating_add(own);
        let origin = site.origin(&Pointer::parse("/pools").at(name));
        let place = |field: &str, there: bool| {
            if there {
                origin.at(field)
            } else {
                origin.clone()
            }
        };
        let (what, most, at) = match (nodes > MOST_NODES, disks > MOST_DISKS) {
            (true, _) => (
                "nodes",
                MOST_NODES,
                place("replicas", pool.replicas.is_some()),
            ),
            (_, true) => ("disks", MOST_DISKS, place("disks", !pool.disks.is_empty())),
            _ => continue,
        };
        found.push(
            rules::SITE_TOO_LARGE
                .report(format!("with the pool `{name}`, the site has more than {most} {what}"))
                .primary_key(at, format!("{nodes} nodes and {disks} disks up to here"))
                .help("write the numbers that the site has; a larger one is several clusters, and several sites"),
        );
        return;
    }
}

fn count(disks: &BTreeMap<String, DiskGroup>) -> u64 {
    let counts = disks.values().map(|d| {
        d.count
            .map_or(u64::try_from(d.paths.len()).unwrap_or(u64::MAX), u64::from)
    });
    counts.fold(0, u64::saturating_add)
}

/// All nodes, by pool, then name. A name in two pools, and a pool without nodes, are reported.
pub(super) fn nodes(site: &Site, found: &mut Diagnostics) -> Vec<NodePlan> {
    let mut nodes: Vec<NodePlan> = Vec::new();
    let mut pool_of: BTreeMap<String, usize> = BTreeMap::new();
    for (name, pool) in &site.spec.pools {
        check_size(site, name, pool, found);
        check_disks(site, name, pool, found);
        for node in pool_nodes(site, name, pool) {
            if let Some(other) = pool_of.get(&node.name).map(|index| &nodes[*index]) {
                found.push(
                    rules::DUPLICATE_NODE
                        .report(format!(
                            "the node `{}` is in two pools, `{}` and `{name}`",
                            node.name, other.pool
                        ))
                        .primary_key(node.origin.clone(), format!("in `{name}`"))
                        .context_key(other.origin.clone(), format!("in `{}`", other.pool))
                        .help("a node belongs to one pool: take it out of the other"),
                );
            }
            pool_of.entry(node.name.clone()).or_insert(nodes.len());
            nodes.push(node);
        }
    }
    nodes
}

/// Reports labels that apps need on nodes which siteplan does not label.
pub(super) fn check_managed_labels(
    site: &Site,
    instances: &[Instance],
    nodes: &[NodePlan],
    found: &mut Diagnostics,
) {
    for instance in instances {
        let Some(app) = instance.app() else { continue };
        for (key, value) in &app.spec.nodes.labels {
            let lacking = nodes
                .iter()
                .filter(|n| instance.pool.as_ref().is_none_or(|p| *p == n.pool))
                .find(|n| {
                    n.labels.get(key) != Some(value)
                        && !site
                            .spec
                            .pools
                            .get(&n.pool)
                            .is_some_and(|p| p.manage_labels)
                });
            let Some(node) = lacking else { continue };
            let needed = app.origin(&Pointer::parse("/nodes/labels").at(key));
            found.push(
                rules::NODE_LABEL_MISSING
                    .report(format!("`{}` needs the label `{key}: {value:?}` on node `{}`", instance.name, node.name))
                    .primary_key(node.origin.clone(), "does not say that it has it")
                    .context(needed, "needed here")
                    .help(format!(
                        "write `manageLabels: true` into the pool `{}`, or the label under its `labels:`",
                        node.pool
                    )),
            );
        }
    }
}

fn check_size(site: &Site, name: &str, pool: &Pool, found: &mut Diagnostics) {
    let origin = site.origin(&Pointer::parse("/pools").at(name));
    match (pool.nodes.is_empty(), pool.replicas) {
        (true, None | Some(0)) => found.push(
            rules::EMPTY_POOL
                .report(format!("the pool `{name}` has no nodes"))
                .primary_key(origin, "")
                .help("list its nodes under `nodes:`, or, where they have no names yet, write `replicas:`"),
        ),
        (false, Some(_)) => found.push(
            rules::EMPTY_POOL
                .report(format!("the pool `{name}` has both `nodes` and `replicas`"))
                .primary_key(origin.at("replicas"), "")
                .help("`replicas` is for nodes without names: keep one of the two"),
        ),
        _ => {}
    }
}

fn check_disks(site: &Site, name: &str, pool: &Pool, found: &mut Diagnostics) {
    let own = pool.disks.iter().map(|(group, disks)| {
        (
            Pointer::parse("/pools").at(name).at("disks").at(group),
            disks,
        )
    });
    let nodes = pool.nodes.iter().flat_map(|(node, spec)| {
        spec.disks.iter().map(move |(group, disks)| {
            (
                Pointer::parse("/pools")
                    .at(name)
                    .at("nodes")
                    .at(node)
                    .at("disks")
                    .at(group),
                disks,
            )
        })
    });
    for (pointer, disks) in own.chain(nodes) {
        let Some(count) = disks.count else { continue };
        if !disks.paths.is_empty() && disks.paths.len() != count as usize {
            found.push(
                rules::DISK_COUNT_MISMATCH
                    .report(format!(
                        "{} disk paths are listed, but `count` is {count}",
                        disks.paths.len()
                    ))
                    .primary(site.origin(&pointer.at("count")), "")
                    .help("list every path once, or leave `count` out"),
            );
        }
    }
}

fn pool_nodes<'a>(site: &'a Site, name: &'a str, pool: &'a Pool) -> Vec<NodePlan> {
    if pool.nodes.is_empty() {
        let made_up = (0..pool.replicas.unwrap_or(0)).map(|i| format!("{name}-{i}"));
        return made_up
            .map(|node| plan(site, (name, pool), node, None))
            .collect();
    }
    pool.nodes
        .iter()
        .map(|(node, spec)| plan(site, (name, pool), node.clone(), Some(spec)))
        .collect()
}

fn plan(
    site: &Site,
    (pool_name, pool): (&str, &Pool),
    name: String,
    spec: Option<&NodeSpec>,
) -> NodePlan {
    let pointer = Pointer::parse("/pools").at(pool_name);
    let origin = match spec {
        Some(_) => site.origin(&pointer.at("nodes").at(&name)),
        None => site.origin(&pointer.at("replicas")),
    };
    let own = spec.cloned().unwrap_or_default();
    NodePlan {
        labels: labels(&name, pool, &own),
        name,
        pool: pool_name.to_owned(),
        arch: pool.arch,
        roles: pool.roles.clone(),
        taints: pool.taints.iter().chain(&own.taints).cloned().collect(),
        capacity: overlaid(&pool.capacity, &own.capacity),
        allocatable: overlaid(&pool.allocatable, &own.allocatable),
        reserved: pool.reserved.clone(),
        disks: overlaid(&pool.disks, &own.disks)
            .into_iter()
            .map(|(group, disks)| (group, counted(disks)))
            .collect(),
        state: own.state,
        unnamed: spec.is_none(),
        spec: own,
        origin,
    }
}

/// The group with its count filled in.
fn counted(mut disks: DiskGroup) -> DiskGroup {
    disks.count = disks
        .count
        .or_else(|| u32::try_from(disks.paths.len()).ok());
    disks
}

fn labels(name: &str, pool: &Pool, own: &NodeSpec) -> BTreeMap<String, String> {
    let mut labels = pool.labels.clone();
    labels.extend(own.labels.clone());
    labels.insert(ARCH.to_owned(), pool.arch.label().to_owned());
    labels.insert(OS.to_owned(), "linux".to_owned());
    labels
        .entry(HOSTNAME.to_owned())
        .or_insert_with(|| name.to_owned());
    for role in &pool.roles {
        labels
            .entry(format!("{NODE_ROLE_PREFIX}{}", role_label(*role)))
            .or_default();
    }
    if let Some(zone) = &own.zone {
        labels.insert(ZONE.to_owned(), zone.clone());
    }
    labels
}

fn role_label(role: Role) -> &'static str {
    match role {
        Role::ControlPlane => "control-plane",
        Role::Worker => "worker",
        Role::Infra => "infra",
    }
}

fn overlaid<T: Clone>(
    base: &BTreeMap<String, T>,
    over: &BTreeMap<String, T>,
) -> BTreeMap<String, T> {
    base.iter()
        .chain(over)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}
