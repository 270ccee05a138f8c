//! `NodeResourcesFit`: the requests of a node's pods, and their number, stay within what the node offers.

use std::collections::BTreeMap;

use super::{ClusterState, FilterReason, PODS, PodSpec, to_scheduler_units};
use kubernetes_vocabulary::Quantity;

/// Returns every resource that is short. A resource of which nothing is asked is not looked at, except the number of pods.
pub(super) fn filter(cluster: &ClusterState<'_>, spec: &PodSpec, node: usize) -> Vec<FilterReason> {
    let Some(allocatable) = &cluster.nodes[node].allocatable else {
        return Vec::new();
    };
    let here = || cluster.placed.iter().filter(|p| p.node == node);
    let mut reasons = Vec::new();
    let limit = offered(allocatable, PODS);
    if i128::try_from(here().count()).unwrap_or(i128::MAX) >= limit {
        reasons.push(FilterReason::TooManyPods { limit });
    }
    for (resource, wanted) in &spec.requests {
        let wanted = to_scheduler_units(resource, *wanted);
        let taken: i128 = here()
            .map(|p| {
                p.spec
                    .requests
                    .get(resource)
                    .map_or(0, |q| to_scheduler_units(resource, *q))
            })
            .sum();
        let free = offered(allocatable, resource) - taken;
        if wanted > 0 && wanted > free && resource != PODS {
            reasons.push(FilterReason::Insufficient {
                resource: resource.clone(),
                needs: wanted,
                free,
            });
        }
    }
    reasons
}

fn offered(allocatable: &BTreeMap<String, Quantity>, resource: &str) -> i128 {
    // The scheduler rounds up here too (`Quantity.MilliValue`, `Quantity.Value`).
    allocatable
        .get(resource)
        .map_or(0, |q| to_scheduler_units(resource, *q))
}
