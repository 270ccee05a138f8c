//! What the expressions of an app see.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Instance, NodePlan, SitePlan};
use crate::template::{Context, Shared};

/// A node or disk with its pool.
type OfPool<'a> = (&'a str, Shared);

/// Completes the context of every instance: beside `values`, the site, its nodes, networks and storage. What instances have in common is
/// made once and shared.
pub(super) fn fill(plan: &mut SitePlan) {
    let common = Context::default().with([
        (
            "site",
            shared(json!({"name": plan.name, "labels": plan.site.labels})),
        ),
        ("cluster", shared(value(&plan.site.spec.cluster))),
        ("networks", shared(value(&plan.site.spec.networks))),
        ("vlans", shared(vlans(plan).into())),
        ("pools", shared(json!(pools(plan)))),
        ("survive", shared(value(&plan.site.spec.ha.survive))),
    ]);
    let contexts = of_pools(plan, &common);
    let contexts: Vec<Context> = plan
        .instances
        .iter()
        .map(|instance| {
            let of_pool = contexts.get(&instance.pool.as_deref()).unwrap_or(&common);
            let namespace = instance
                .namespace
                .iter()
                .map(|n| ("namespace", shared(n.as_str().into())));
            let own = [
                (
                    "values",
                    instance
                        .context
                        .get("values")
                        .unwrap_or_else(|| shared(json!({}))),
                ),
                ("instance", shared(instance.name.as_str().into())),
                ("storage", shared(storage(plan, instance))),
            ];
            of_pool.with(own.into_iter().chain(namespace))
        })
        .collect();
    for (instance, context) in plan.instances.iter_mut().zip(contexts) {
        instance.context = context;
    }
}

/// The context with the nodes and disks of each pool that instances ask for; `None` for all of them.
fn of_pools<'a>(plan: &'a SitePlan, common: &Context) -> BTreeMap<Option<&'a str>, Context> {
    let nodes: Vec<OfPool<'_>> = plan
        .nodes
        .iter()
        .map(|n| (n.pool.as_str(), shared(node(n))))
        .collect();
    let disks = plan.nodes.iter().flat_map(|n| {
        disks(n)
            .into_iter()
            .map(move |d| (n.pool.as_str(), shared(d)))
    });
    let disks: Vec<OfPool<'_>> = disks.collect();
    let of = |all: &[OfPool<'_>], pool: Option<&str>| {
        Shared::list(
            all.iter()
                .filter(|(p, _)| pool.is_none_or(|pool| *p == pool))
                .map(|(_, v)| v.clone()),
        )
    };
    let asked: BTreeSet<Option<&str>> = plan.instances.iter().map(|i| i.pool.as_deref()).collect();
    let context = |pool| {
        (
            pool,
            common.with([("nodes", of(&nodes, pool)), ("disks", of(&disks, pool))]),
        )
    };
    asked.into_iter().map(context).collect()
}

/// A value without what the site does not say.
pub(super) fn shared(mut value: Value) -> Shared {
    without_nulls(&mut value);
    Shared::new(&value)
}

/// Takes out what the site does not say: an expression that uses it is then an error, not the text `None`.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

fn node(node: &NodePlan) -> Value {
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

/// One entry a disk: the node, the group, and the path where it is known.
fn disks(node: &NodePlan) -> Vec<Value> {
    let entries = node.disks.iter().flat_map(|(group, disks)| {
        let count = disks.count.unwrap_or(0) as usize;
        (0..count)
            .map(move |i| json!({"node": node.name, "group": group, "path": disks.paths.get(i), "size": disks.size}))
    });
    entries.collect()
}

fn vlans(plan: &SitePlan) -> Vec<Value> {
    let networks = plan.site.spec.networks.iter();
    let vlans = networks.flat_map(|(network, spec)| {
        spec.vlans.iter().map(move |(name, id)| {
            json!({"name": name, "id": id, "network": network, "bridge": spec.bridge, "interface": spec.interface})
        })
    });
    vlans.collect()
}

fn pools(plan: &SitePlan) -> BTreeMap<&str, Value> {
    let pools = plan.site.spec.pools.iter();
    pools
        .map(|(name, pool)| {
            (
                name.as_str(),
                json!({"arch": pool.arch, "labels": pool.labels, "roles": pool.roles}),
            )
        })
        .collect()
}

/// The site's roles, and under the app's own names for them, the instance's.
fn storage(plan: &SitePlan, instance: &Instance) -> Value {
    let mut roles = plan.storage.clone();
    roles.extend(instance.storage.clone());
    value(&roles)
}

fn value(data: &impl Serialize) -> Value {
    serde_json::to_value(data).expect("the model has text keys only, which JSON can hold")
}
