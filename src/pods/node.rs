//! The site's nodes as the scheduler sees them: what they offer is what the site file says, less the platform's share.

use std::collections::BTreeMap;

use serde_json::Value;

use super::inventory::StorageInventory;
use super::{PodsInput, SitePods, list_objects, platform, remediation, volume};
use crate::manifest::Object;
use crate::model::NodeState;
use crate::plan::NodePlan;
use kubernetes_vocabulary::{Labels, Quantity};
use podfit::prove::MachineState;
use podfit::scheduler::{NodeInfo, PODS};

/// More of a resource than any pod asks for.
const PLENTY: &str = "1Ei";
/// Resources that every node has, written or not.
const COMMON: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Adds all nodes.
pub(super) fn add_nodes(input: &PodsInput<'_>, inventory: &StorageInventory, site: &mut SitePods) {
    let managed = collect_managed_labels(input);
    for plan in &input.plan.nodes {
        let more = match managed.get(plan.name.as_str()) {
            Some(labels) => labels.clone(),
            None => find_labels_to_come(input, plan),
        };
        let mut node = NodeInfo {
            name: plan.name.clone(),
            labels: plan.labels.clone().into_iter().chain(more).collect(),
            taints: plan.taints.clone(),
            // A node that is away is proved as if it were back; what is short until then is told apart.
            unschedulable: false,
            allocatable: None,
        };
        node.allocatable = Some(estimate_offer(input, inventory, plan, &node, site));
        site.problem.nodes.push(node);
    }
    let fenced = remediation::find_remediated(input, &site.problem.nodes);
    site.problem.machines = input
        .plan
        .nodes
        .iter()
        .zip(fenced)
        .map(|(plan, remediated)| MachineState {
            remediated,
            away: plan.spec.state.is_some(),
            lost: plan.state == Some(NodeState::Replacing) && plan.spec.state.is_none(),
        })
        .collect();
}

/// Returns the labels that a node gets when its machine is back: until then there is no object for them.
fn find_labels_to_come(input: &PodsInput<'_>, plan: &NodePlan) -> Labels {
    if plan.spec.state != Some(NodeState::Replacing) {
        return Labels::new();
    }
    let labels = input
        .plan
        .labels_of_apps(plan)
        .unwrap_or_default()
        .into_iter();
    labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the labels that the site itself puts on its nodes, by node.
fn collect_managed_labels<'a>(input: &PodsInput<'a>) -> BTreeMap<&'a str, Labels> {
    let nodes = list_objects(input)
        .map(|(_, o)| o)
        .filter(|o| o.kind() == "Node" && o.group().is_empty());
    let labels = |object: &Object| -> Labels {
        let written = object
            .get("/metadata/labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        written
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    };
    nodes
        .map(|object| (object.name(), labels(object)))
        .collect()
}

fn estimate_offer(
    input: &PodsInput<'_>,
    inventory: &StorageInventory,
    plan: &NodePlan,
    node: &NodeInfo,
    site: &mut SitePods,
) -> BTreeMap<String, Quantity> {
    let mut offers = plan.capacity.clone();
    offers.extend(plan.allocatable.clone());
    let cluster = &input.plan.site.spec.cluster;
    let by_default = platform::find_share(cluster.platform, cluster.is_hosted(), &plan.roles);
    let unwritten: Vec<&str> = by_default
        .resources
        .keys()
        .map(String::as_str)
        .filter(|r| !plan.reserved.contains_key(*r))
        .collect();
    if unwritten.iter().any(|r| *r != PODS) {
        site.assumptions.insert(format!(
            "pool `{}`: the platform takes {} of each node ({})",
            plan.pool,
            word_share(&by_default.resources, &unwritten),
            by_default.source
        ));
    }
    let mut share = by_default.resources;
    share.extend(plan.reserved.clone());
    offers
        .entry(PODS.to_owned())
        .or_insert(platform::count_pods(cluster.platform));
    for (resource, taken) in &share {
        if let Some(offer) = offers.get_mut(resource) {
            *offer = offer.minus(*taken);
        }
    }
    let plenty = Quantity::parse(PLENTY).unwrap_or_default();
    for resource in COMMON
        .iter()
        .filter(|r| !plan.capacity.contains_key(**r) && !plan.allocatable.contains_key(**r))
    {
        offers.insert((*resource).to_owned(), plenty);
        if *resource != "ephemeral-storage" {
            site.assumptions.insert(format!(
                "pool `{}`: {resource} is not written, and taken for enough",
                plan.pool
            ));
        }
    }
    for disks in inventory
        .disks()
        .iter()
        .filter(|d| inventory.counts(&d.class))
    {
        let here = disks
            .nodes
            .as_ref()
            .is_none_or(|terms| terms.iter().any(|t| t.matches(&node.name, &node.labels)));
        let count = i64::from(disks.count.unwrap_or(0)) * i64::from(here);
        let offer = offers
            .entry(volume::disk_resource(&disks.class))
            .or_default();
        *offer = offer.plus(Quantity::units(count));
    }
    offers
}

fn word_share(share: &BTreeMap<String, Quantity>, wanted: &[&str]) -> String {
    let words = share
        .iter()
        .filter(|(r, _)| wanted.contains(&r.as_str()) && *r != PODS);
    words
        .map(|(resource, quantity)| format!("{quantity} {resource}"))
        .collect::<Vec<_>>()
        .join(" and ")
}
