//! `VolumeBinding` and `VolumeZone`: volumes can be reached from the node.
//!
//! A claim that waits for its first consumer is bound where the pod goes, within the class's `allowedTopologies`; from then on the pod
//! must stay in that segment of the topology: the node for local volumes, the zone for zonal ones.

use super::{ClusterState, FilterReason, NodeInfo, PodCandidate, PodSpec, PodVolume};

/// Volumes that exist on other nodes, or whose class allows other nodes only.
pub(super) fn filter_topology(spec: &PodSpec, node: &NodeInfo) -> Option<FilterReason> {
    let unreachable = |volume: &&PodVolume| {
        let pinned = volume
            .pinned
            .as_ref()
            .is_some_and(|terms| !terms.iter().any(|t| t.matches(&node.name, &node.labels)));
        let allowed = volume.allowed.is_empty()
            || volume
                .allowed
                .iter()
                .any(|t| t.iter().all(|r| r.matches(&node.labels)));
        let segment = volume
            .segment
            .iter()
            .all(|key| node.labels.contains_key(key));
        pinned || !allowed || !segment
    };
    spec.volumes
        .iter()
        .find(unreachable)
        .map(|v| FilterReason::VolumeElsewhere {
            claim: v.claim.clone(),
            class: v.class.clone(),
            at: None,
        })
}

/// Volumes that were bound when the pod ran before, or by another pod that shares the claim.
pub(super) fn filter_bound(
    cluster: &ClusterState<'_>,
    pod: PodCandidate<'_>,
    node: usize,
) -> Option<FilterReason> {
    let namespace = &pod.spec.namespace;
    let shared_home = |volume: &PodVolume| {
        let sharing = |p: &&super::PlacedPod<'_>| {
            p.spec.namespace == *namespace
                && p.spec
                    .volumes
                    .iter()
                    .any(|v| v.shared && v.claim == volume.claim)
        };
        cluster.placed.iter().find(sharing).map(|p| p.node)
    };
    pod.spec.volumes.iter().find_map(|volume| {
        let home = if volume.shared {
            shared_home(volume).or(pod.home)
        } else {
            pod.home
        }?;
        let (home, here) = (cluster.nodes.get(home)?, cluster.nodes.get(node)?);
        let reachable = volume
            .segment
            .iter()
            .all(|key| home.labels.get(key) == here.labels.get(key));
        (!reachable).then(|| FilterReason::VolumeElsewhere {
            claim: volume.claim.clone(),
            class: volume.class.clone(),
            at: Some(home.name.clone()),
        })
    })
}
