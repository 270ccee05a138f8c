//! Fills the contexts in which the expressions of an app are evaluated.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::hosting::describe_hosted_cluster;
use super::links::describe_link;
use super::{Instance, NodePlan, SitePlan};
use crate::model::Pool;
use crate::template::{SharedNames, TemplateContext};

/// A node or disk with its pool.
type PooledValue<'a> = (&'a str, SharedNames);

/// Completes the context of every instance: beside `values`, the site, its nodes, networks and storage. What instances have in common is
/// made once and shared.
pub(super) fn fill_contexts(plan: &mut SitePlan) {
    let common = TemplateContext::default().with([
        (
            "site",
            share_value(json!({"name": plan.name, "labels": plan.site.labels})),
        ),
        ("cluster", share_value(to_value(&plan.site.spec.cluster))),
        ("networks", share_value(describe_networks(plan))),
        ("vlans", share_value(list_vlans(plan).into())),
        ("pools", share_value(json!(describe_pools(plan)))),
        ("hosted", share_value(describe_hosted(plan))),
        ("survive", share_value(to_value(&plan.site.spec.ha.survive))),
    ]);
    let contexts = pool_contexts(plan, &common);
    let contexts: Vec<TemplateContext> = plan
        .instances
        .iter()
        .map(|instance| {
            let of_pool = contexts.get(&instance.pool.as_deref()).unwrap_or(&common);
            let namespace = instance
                .namespace
                .iter()
                .map(|n| ("namespace", share_value(n.as_str().into())));
            let own = [
                (
                    "values",
                    instance
                        .context
                        .get("values")
                        .unwrap_or_else(|| share_value(json!({}))),
                ),
                ("instance", share_value(instance.name.as_str().into())),
                ("storage", share_value(merge_storage(plan, instance))),
            ];
            of_pool.with(own.into_iter().chain(namespace))
        })
        .collect();
    for (instance, context) in plan.instances.iter_mut().zip(contexts) {
        instance.context = context;
    }
}

/// Returns the context with the nodes and disks of each pool that instances ask for; the one for `None` has all of them.
fn pool_contexts<'a>(
    plan: &'a SitePlan,
    common: &TemplateContext,
) -> BTreeMap<Option<&'a str>, TemplateContext> {
    let nodes: Vec<PooledValue<'_>> = plan
        .nodes
        .iter()
        .map(|n| (n.pool.as_str(), share_value(describe_node(n))))
        .collect();
    let disks = plan.nodes.iter().flat_map(|n| {
        list_disks(n)
            .into_iter()
            .map(move |d| (n.pool.as_str(), share_value(d)))
    });
    let disks: Vec<PooledValue<'_>> = disks.collect();
    let links: Vec<PooledValue<'_>> = plan
        .nodes
        .iter()
        .flat_map(|node| list_links(plan, node))
        .collect();
    let of = |all: &[PooledValue<'_>], pool: Option<&str>| {
        SharedNames::list(
            all.iter()
                .filter(|(p, _)| pool.is_none_or(|pool| *p == pool))
                .map(|(_, v)| v.clone()),
        )
    };
    let asked: BTreeSet<Option<&str>> = plan.instances.iter().map(|i| i.pool.as_deref()).collect();
    let context = |pool| {
        (
            pool,
            common.with([
                ("nodes", of(&nodes, pool)),
                ("disks", of(&disks, pool)),
                ("links", of(&links, pool)),
            ]),
        )
    };
    asked.into_iter().map(context).collect()
}

/// Shares a value, without the fields that the site leaves out.
pub(super) fn share_value(mut value: Value) -> SharedNames {
    remove_nulls(&mut value);
    SharedNames::new(&value)
}

/// Takes out fields that the site leaves out: an expression that uses one is then an error, not the text `None`.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(remove_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

fn describe_node(node: &NodePlan) -> Value {
    json!({
        "name": node.name,
        "pool": node.pool,
        "arch": node.arch,
        "roles": node.roles,
        "zone": node.spec.zone,
        "labels": node.labels,
        "addresses": node.spec.addresses,
        "bmc": node.spec.bmc,
        "disks": node.disks,
    })
}

/// Returns one entry a disk: the node, the group, and the path where it is known.
fn list_disks(node: &NodePlan) -> Vec<Value> {
    let entries = node.disks.iter().flat_map(|(group, disks)| {
        let count = disks.count.unwrap_or(0) as usize;
        (0..count)
            .map(move |i| json!({"node": node.name, "group": group, "path": disks.paths.get(i), "size": disks.size}))
    });
    entries.collect()
}

/// Returns the networks, each with the device that carries it on a node.
fn describe_networks(plan: &SitePlan) -> Value {
    let networks = plan.site.spec.networks.iter();
    let described = networks.map(|(name, network)| {
        let mut value = to_value(network);
        value["device"] = json!(network.device());
        (name.clone(), value)
    });
    described.collect::<serde_json::Map<_, _>>().into()
}

/// Returns one entry a network that the node has to be given after it is installed.
fn list_links<'a>(plan: &SitePlan, node: &'a NodePlan) -> Vec<PooledValue<'a>> {
    let networks = plan.site.spec.networks.iter();
    let later = networks.filter(|(_, network)| !network.machine);
    let links = later.filter_map(|(name, network)| {
        if network.bridge.is_none() && !node.spec.addresses.contains_key(name) {
            return None;
        }
        let state = describe_link(name, network, node)?;
        let link = json!({"node": node.name, "network": name, "desiredState": state});
        Some((node.pool.as_str(), share_value(link)))
    });
    links.collect()
}

fn list_vlans(plan: &SitePlan) -> Vec<Value> {
    let networks = plan.site.spec.networks.iter();
    let vlans = networks.flat_map(|(network, spec)| {
        spec.vlans.iter().map(move |(name, id)| {
            json!({"name": name, "id": id, "network": network, "bridge": spec.bridge, "interface": spec.interface})
        })
    });
    vlans.collect()
}

/// Returns the clusters that the site hosts, by name.
fn describe_hosted(plan: &SitePlan) -> Value {
    let hosted = plan.hosted.iter();
    hosted
        .map(|site| (site.name.clone(), describe_hosted_cluster(site)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn describe_pools(plan: &SitePlan) -> BTreeMap<&str, Value> {
    let pools = plan.site.spec.pools.iter();
    pools
        .map(|(name, pool)| (name.as_str(), describe_pool(pool)))
        .collect()
}

/// Returns a pool as expressions see it; memory is in GiB, rounded up.
fn describe_pool(pool: &Pool) -> Value {
    let memory = pool.capacity.get("memory").copied();
    let memory = memory.map(|memory| memory.divided_by(1 << 30).as_units());
    json!({
        "arch": pool.arch,
        "labels": pool.labels,
        "taints": pool.taints,
        "roles": pool.roles,
        "replicas": pool.count_unnamed(),
        "autoscaling": pool.autoscaling,
        "memoryGiB": memory.and_then(|memory| i64::try_from(memory).ok()),
        "machine": pool.machine.as_ref().map(|machine| json!({
            "processors": machine.word_processors(),
            "procType": machine.proc_type,
            "sysType": machine.sys_type,
        })),
    })
}

/// Returns the site's storage roles and, under the app's own names for them, the instance's.
fn merge_storage(plan: &SitePlan, instance: &Instance) -> Value {
    let mut roles = plan.storage.clone();
    roles.extend(instance.storage.clone());
    to_value(&roles)
}

fn to_value(data: &impl Serialize) -> Value {
    serde_json::to_value(data).expect("the model has text keys only, which JSON can hold")
}
