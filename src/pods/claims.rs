//! Claims that several pods use, and that one node at a time can mount.
//!
//! kube-scheduler does not look at `ReadWriteOnce`: it sends the second pod to another node, where its volume never attaches.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::StorageInventory;
use super::{ClaimUse, SitePods};
use crate::rules;
use crate::wording::{count_noun, join_names};
use kubernetes_vocabulary::labels::HOSTNAME;
use podfit::scheduler::find_static_reasons;
use pointer_diagnostics::Diagnostics;

/// Reports claims of one node whose pods can be on several.
pub(super) fn check_shared_claims(
    inventory: &StorageInventory,
    site: &SitePods,
    found: &mut Diagnostics,
) {
    let mut users: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
    for ClaimUse { workload, claim } in &site.claim_uses {
        let namespace = &site.problem.workloads[*workload].spec.namespace;
        users
            .entry((namespace, claim))
            .or_default()
            .insert(*workload);
    }
    for ((namespace, claim), workloads) in users {
        let known = inventory.by_name(namespace, claim);
        let is_of_one_node = known.is_some_and(|known| known.one_node && !known.local);
        if is_of_one_node && count_possible_nodes(site, &workloads) > 1 {
            report_claim(site, claim, &workloads, found);
        }
    }
}

/// Counts the nodes on which pods of the workloads can be, as far as the nodes themselves are concerned. Pods that must be where others
/// are count as on one.
fn count_possible_nodes(site: &SitePods, workloads: &BTreeSet<usize>) -> usize {
    let specs: Vec<_> = workloads
        .iter()
        .map(|w| &site.problem.workloads[*w].spec)
        .collect();
    let is_with_others = |spec: &&podfit::scheduler::PodSpec| {
        spec.affinity.iter().any(|t| t.topology_key == HOSTNAME)
    };
    if specs.iter().all(is_with_others) {
        return 1;
    }
    let nodes = site.problem.nodes.iter();
    let takes_one = |node: &&podfit::scheduler::NodeInfo| {
        specs
            .iter()
            .any(|spec| find_static_reasons(spec, node).is_empty())
    };
    nodes.filter(takes_one).count()
}

fn report_claim(
    site: &SitePods,
    claim: &str,
    workloads: &BTreeSet<usize>,
    found: &mut Diagnostics,
) {
    let Some(first) = workloads.first() else {
        return;
    };
    let pods: u32 = workloads
        .iter()
        .map(|w| site.problem.workloads[*w].pods)
        .sum();
    let names: Vec<&str> = workloads
        .iter()
        .map(|w| site.problem.workloads[*w].spec.owner.as_str())
        .collect();
    let names = join_names(names, "and").unwrap_or_default();
    let origin = site.sources[*first].origin.clone();
    let per_node = workloads
        .iter()
        .any(|w| site.problem.workloads[*w].per_node);
    if pods > 1 || per_node {
        found.push(
            rules::CLAIM_OF_ONE_NODE
                .report(format!(
                    "{} of {names} share the claim `{claim}`, which one node at a time can mount",
                    count_noun(pods, "pod")
                ))
                .primary_key(origin, "can be on several nodes")
                .help("use `ReadWriteMany` and a class that offers it, give each pod a claim of its own, or keep the pods on one node"),
        );
        return;
    }
    let rollout = site.problem.workloads[*first].rollout;
    if rollout.is_some_and(|rollout| rollout.surge > 0) {
        found.push(
            rules::ROLLOUT_WAITS_FOR_CLAIM
                .report(format!(
                    "a rolling update of {names} starts the new pod before the old one is gone, and both mount the claim `{claim}`, which one node at a time can"
                ))
                .primary_key(origin, "the new pod can be on another node")
                .help("write `strategy: {type: Recreate}`"),
        );
    }
}
