//! `VolumeBinding` and `VolumeZone`: volumes can be reached from the node.
//!
//! A claim that waits for its first consumer is bound where the pod goes, within the class's `allowedTopologies`; from then on the pod
//! must stay in that segment of the topology: the node for local volumes, the zone for zonal ones.

use super::{ClusterState, FilterReason, NodeInfo, PodCandidate, PodSpec};
use kubernetes_vocabulary::labels::HOSTNAME;
use kubernetes_vocabulary::{LabelRequirement, NodeSelectorTerm};

/// A volume of a pod, as far as it says where the pod can run.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodVolume {
    /// The claim's name.
    pub claim: String,
    /// The storage class; empty if none is named.
    pub class: String,
    /// True if other pods use the same claim; else each replica has a claim of its own.
    pub shared: bool,
    /// The node labels whose values a bound volume is tied to: `kubernetes.io/hostname` for local volumes, the zone's for zonal ones;
    /// empty where every node reaches it.
    pub segment: Vec<String>,
    /// `allowedTopologies` of the class: terms are ORed, expressions in a term ANDed; empty: everywhere.
    pub allowed: Vec<Vec<LabelRequirement>>,
    /// `nodeAffinity` of a volume that exists already; terms are ORed.
    pub pinned: Option<Vec<NodeSelectorTerm>>,
    /// True if only one pod may use the claim (`ReadWriteOncePod`).
    pub exclusive: bool,
}

impl PodVolume {
    /// Returns whether it can be used on one node only.
    pub fn local(&self) -> bool {
        self.segment.iter().any(|key| key == HOSTNAME)
    }
}

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
