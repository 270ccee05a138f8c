//! The nodes of a site, each with what it has from its pool.

use std::collections::BTreeMap;

use crate::load::Site;
use crate::model::{DiskGroup, NodeSpec, Platform, Pool, Role};
use crate::rules;
use kubernetes_vocabulary::labels::{
    ARCH, HOSTNAME, NODE_ROLE_CONTROL_PLANE, NODE_ROLE_MASTER, NODE_ROLE_WORKER, OS, ZONE,
};
use pointer_diagnostics::{Diagnostics, Origin, Pointer, Reported};

use super::{Instance, NodePlan};

/// The nodes that Kubernetes supports in one cluster: <https://kubernetes.io/docs/setup/best-practices/cluster-large/>.
const MOST_NODES: u64 = 5_000;
/// The disks that a site may describe.
const MOST_DISKS: u64 = 50_000;

/// Counts of a site's nodes and disks.
#[derive(Debug, Clone, Copy, Default)]
struct SiteSize {
    nodes: u64,
    disks: u64,
}

impl SiteSize {
    /// Adds a pool, before any of its nodes is made.
    fn add_pool(&mut self, pool: &Pool) {
        let listed = u64::try_from(pool.nodes.len()).unwrap_or(u64::MAX);
        let nodes = listed.max(pool.count_unnamed().map_or(0, u64::from));
        self.nodes = self.nodes.saturating_add(nodes);
        let of_pool = nodes.saturating_mul(count_disks(&pool.disks));
        self.disks = self.disks.saturating_add(of_pool);
        for node in pool.nodes.values() {
            self.disks = self.disks.saturating_add(count_disks(&node.disks));
        }
    }
}

/// Refuses more nodes or disks than a cluster can have. Asked before any of them is made: a number costs a writer nothing.
pub(super) fn check_total(site: &Site, found: &mut Diagnostics) -> Result<(), Reported> {
    let mut size = SiteSize::default();
    for (name, pool) in &site.spec.pools {
        size.add_pool(pool);
        let SiteSize { nodes, disks } = size;
        let origin = site.origin(&Pointer::parse("/pools").at(name));
        let (what, most, at) = if nodes > MOST_NODES {
            let at = pool
                .replicas
                .map_or(origin.clone(), |_| origin.at("replicas"));
            ("nodes", MOST_NODES, at)
        } else if disks > MOST_DISKS && pool.disks.is_empty() {
            ("disks", MOST_DISKS, origin)
        } else if disks > MOST_DISKS {
            ("disks", MOST_DISKS, origin.at("disks"))
        } else {
            continue;
        };
        return Err(found.report(
            rules::SITE_TOO_LARGE
                .report(format!("with the pool `{name}`, the site has more than {most} {what}"))
                .primary_key(at, format!("{nodes} nodes and {disks} disks up to here"))
                .help("write the numbers that the site has; a larger one is several clusters, and several sites"),
        ));
    }
    Ok(())
}

fn count_disks(groups: &BTreeMap<String, DiskGroup>) -> u64 {
    let mut disks = 0_u64;
    for group in groups.values() {
        let listed = u64::try_from(group.paths.len()).unwrap_or(u64::MAX);
        disks = disks.saturating_add(group.count.map_or(listed, u64::from));
    }
    disks
}

/// Returns all nodes, by pool, then name. A name in two pools, and a pool without nodes, are reported.
pub(super) fn resolve_nodes(site: &Site, found: &mut Diagnostics) -> Vec<NodePlan> {
    let mut nodes: Vec<NodePlan> = Vec::new();
    let mut pool_of: BTreeMap<String, usize> = BTreeMap::new();
    for (name, pool) in &site.spec.pools {
        check_size(site, name, pool, found);
        check_disks(site, name, pool, found);
        for node in resolve_pool_nodes(site, name, pool) {
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
            let lacks_label = |node: &&NodePlan| {
                let pool = site.spec.pools.get(&node.pool);
                let is_meant = instance.pool.as_ref().is_none_or(|p| *p == node.pool);
                let is_labelled = pool.is_some_and(|pool| pool.manage_labels);
                is_meant && !is_labelled && node.labels.get(key) != Some(value)
            };
            let Some(node) = nodes.iter().find(lacks_label) else {
                continue;
            };
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
    match (pool.nodes.is_empty(), pool.count_unnamed()) {
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
    let pointer = Pointer::parse("/pools").at(name);
    check_disk_groups(site, &pointer.at("disks"), &pool.disks, found);
    for (node, spec) in &pool.nodes {
        let pointer = pointer.at("nodes").at(node).at("disks");
        check_disk_groups(site, &pointer, &spec.disks, found);
    }
}

fn check_disk_groups(
    site: &Site,
    pointer: &Pointer,
    groups: &BTreeMap<String, DiskGroup>,
    found: &mut Diagnostics,
) {
    for (group, disks) in groups {
        let Some(count) = disks.count else { continue };
        if !disks.paths.is_empty() && disks.paths.len() != count as usize {
            found.push(
                rules::DISK_COUNT_MISMATCH
                    .report(format!(
                        "{} disk paths are listed, but `count` is {count}",
                        disks.paths.len()
                    ))
                    .primary(site.origin(&pointer.at(group).at("count")), "")
                    .help("list every path once, or leave `count` out"),
            );
        }
    }
}

fn resolve_pool_nodes(site: &Site, name: &str, pool: &Pool) -> Vec<NodePlan> {
    let pointer = Pointer::parse("/pools").at(name);
    let entry = PoolEntry {
        name,
        pool,
        platform: site.spec.cluster.platform,
    };
    let mut nodes = Vec::new();
    for (node, spec) in &pool.nodes {
        let origin = site.origin(&pointer.at("nodes").at(node));
        nodes.push(resolve_node(node, spec, origin, entry));
    }
    if pool.nodes.is_empty() {
        let counted = pool.replicas.map_or("autoscaling", |_| "replicas");
        for index in 0..pool.count_unnamed().unwrap_or(0) {
            let origin = site.origin(&pointer.at(counted));
            let made_up = format!("{name}-{index}");
            let node = resolve_node(&made_up, &NodeSpec::default(), origin, entry);
            nodes.push(NodePlan {
                unnamed: true,
                ..node
            });
        }
    }
    nodes
}

/// A pool with its name, and the platform that labels its nodes.
#[derive(Clone, Copy)]
struct PoolEntry<'a> {
    name: &'a str,
    pool: &'a Pool,
    platform: Platform,
}

fn resolve_node(name: &str, own: &NodeSpec, origin: Origin, entry: PoolEntry<'_>) -> NodePlan {
    let pool = entry.pool;
    NodePlan {
        labels: resolve_labels(name, own, entry),
        name: name.to_owned(),
        pool: entry.name.to_owned(),
        arch: pool.arch,
        roles: pool.roles.clone(),
        taints: pool.taints.iter().chain(&own.taints).cloned().collect(),
        capacity: overlay_entries(&pool.capacity, &own.capacity),
        allocatable: overlay_entries(&pool.allocatable, &own.allocatable),
        reserved: pool.reserved.clone(),
        disks: resolve_disks(pool, own),
        state: own.state,
        unnamed: false,
        spec: own.clone(),
        origin,
    }
}

/// Returns the node's groups of disks, each with its count.
fn resolve_disks(pool: &Pool, own: &NodeSpec) -> BTreeMap<String, DiskGroup> {
    let mut groups = overlay_entries(&pool.disks, &own.disks);
    for group in groups.values_mut() {
        let listed = u32::try_from(group.paths.len()).ok();
        group.count = group.count.or(listed);
    }
    groups
}

fn resolve_labels(name: &str, own: &NodeSpec, entry: PoolEntry<'_>) -> BTreeMap<String, String> {
    let pool = entry.pool;
    let mut labels = pool.labels.clone();
    labels.extend(own.labels.clone());
    labels.insert(ARCH.to_owned(), pool.arch.label().to_owned());
    labels.insert(OS.to_owned(), "linux".to_owned());
    labels
        .entry(HOSTNAME.to_owned())
        .or_insert_with(|| name.to_owned());
    for role in &pool.roles {
        for label in role_labels(*role, entry.platform) {
            labels.entry((*label).to_owned()).or_default();
        }
    }
    if let Some(zone) = &own.zone {
        labels.insert(ZONE.to_owned(), zone.clone());
    }
    labels
}

/// Returns the labels by which a platform marks a role. OpenShift's installer marks all of them, a control plane by its old name, too;
/// kubeadm marks the control plane alone.
fn role_labels(role: Role, platform: Platform) -> &'static [&'static str] {
    match (role, platform) {
        (Role::ControlPlane, Platform::Openshift) => &[NODE_ROLE_CONTROL_PLANE, NODE_ROLE_MASTER],
        (Role::ControlPlane, Platform::Kubernetes) => &[NODE_ROLE_CONTROL_PLANE],
        (Role::Worker, Platform::Openshift) => &[NODE_ROLE_WORKER],
        (Role::Infra, Platform::Openshift) => &["node-role.kubernetes.io/infra"],
        (Role::Worker | Role::Infra, Platform::Kubernetes) => &[],
    }
}

/// Returns the entries of both maps; those of `over` win.
fn overlay_entries<T: Clone>(
    base: &BTreeMap<String, T>,
    over: &BTreeMap<String, T>,
) -> BTreeMap<String, T> {
    let mut entries = base.clone();
    entries.extend(over.clone());
    entries
}
