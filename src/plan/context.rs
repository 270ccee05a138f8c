//! What the expressions of an app see.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Instance, NodePlan, SitePlan};

/// Completes the context of every instance: beside `values`, the site, its nodes, networks and storage.
pub(super) fn fill(plan: &mut SitePlan) {
    let site = json!({"name": plan.name, "labels": plan.site.labels});
    let cluster = value(&plan.site.spec.cluster);
    let networks = value(&plan.site.spec.networks);
    let nodes: Vec<(Option<&str>, Value)> = plan.nodes.iter().map(|n| (Some(n.pool.as_str()), node(n))).collect();
    let disks: Vec<(Option<&str>, Value)> =
        plan.nodes.iter().flat_map(|n| disks(n).into_iter().map(move |d| (Some(n.pool.as_str()), d))).collect();
    let of = |all: &[(Option<&str>, Value)], pool: Option<&str>| -> Vec<Value> {
        all.iter().filter(|(p, _)| pool.is_none() || *p == pool).map(|(_, v)| v.clone()).collect()
    };
    let vlans = vlans(plan);
    let contexts: Vec<Value> = plan
        .instances
        .iter()
        .map(|instance| {
            json!({
                "values": instance.context.get("values").cloned().unwrap_or_else(|| json!({})),
                "instance": instance.name,
                "namespace": instance.namespace,
                "site": site,
                "cluster": cluster,
                "networks": networks,
                "vlans": vlans,
                "pools": pools(plan),
                "nodes": of(&nodes, instance.pool.as_deref()),
                "disks": of(&disks, instance.pool.as_deref()),
                "storage": storage(plan, instance),
                "survive": plan.site.spec.ha.survive,
            })
        })
        .collect();
    for (instance, mut context) in plan.instances.iter_mut().zip(contexts) {
        without_nulls(&mut context);
        instance.context = context;
    }
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
        .map(|(name, pool)| (name.as_str(), json!({"arch": pool.arch, "labels": pool.labels, "roles": pool.roles})))
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
