//! The filters of kube-scheduler as pure functions, one file a plugin.
//!
//! Comes in: a pod's specification, the nodes, and the pods that are already placed. Goes out: the [`FilterReason`]s why a node is not
//! possible, none if it is. The semantics are those of the default plugins of kube-scheduler 1.31 and newer; each file names its plugin.
//! Scoring plugins, which only prefer, are not here: they never make a placement impossible. Neither is preemption, which
//! trades one pod for another and so never makes room for all.

mod inter_pod_affinity;
mod node;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_fit;
mod node_unschedulable;
mod pod;
mod pod_terms;
mod pod_topology_spread;
mod reason;
mod requests;
mod resource;
mod spec_error;
mod taint_toleration;
#[cfg(test)]
mod tests;
mod volume_binding;
mod volume_restrictions;

pub use inter_pod_affinity::matches_all_terms;
pub use node::{Namespaces, NodeInfo};
pub use pod::{CURRENT, PodSpec};
pub use pod_terms::{
    HostPort, NodePolicy, PodAffinityTerm, PodVolume, PreferredTerm, SpreadConstraint,
    WhenUnsatisfiable,
};
pub use reason::FilterReason;
pub use requests::sum_pod_requests;
pub use resource::{CPU, PODS, to_scheduler_units};
pub use spec_error::SpecError;

/// A pod that has a node.
#[derive(Debug, Clone, Copy)]
pub struct PlacedPod<'a> {
    /// The pod's requirements.
    pub spec: &'a PodSpec,
    /// The node, as an index.
    pub node: usize,
}

/// A pod that looks for a node.
#[derive(Debug, Clone, Copy)]
pub struct PodCandidate<'a> {
    /// The pod's requirements.
    pub spec: &'a PodSpec,
    /// The node on which the pod's own volumes were bound when it ran before, as an index.
    pub home: Option<usize>,
}

/// Nodes, and the pods on them.
#[derive(Debug, Clone)]
pub struct ClusterState<'a> {
    /// The nodes.
    pub nodes: &'a [NodeInfo],
    /// The labels of the namespaces.
    pub namespaces: &'a Namespaces,
    /// The pods that have a node.
    pub placed: Vec<PlacedPod<'a>>,
}

/// Returns the reasons why the pod cannot be placed on the node while the others are where they are; empty if it can.
pub fn find_reasons(
    cluster: &ClusterState<'_>,
    pod: PodCandidate<'_>,
    node: usize,
) -> Vec<FilterReason> {
    let Some(target) = cluster.nodes.get(node) else {
        return vec![FilterReason::NoSuchNode];
    };
    let mut reasons = find_static_reasons(pod.spec, target);
    reasons.extend(node_ports::filter(cluster, pod.spec, node));
    reasons.extend(node_resources_fit::filter(cluster, pod.spec, node));
    reasons.extend(volume_restrictions::filter(cluster, pod.spec));
    reasons.extend(volume_binding::filter_bound(cluster, pod, node));
    reasons.extend(inter_pod_affinity::filter(cluster, pod.spec, node));
    reasons.extend(pod_topology_spread::filter(cluster, pod.spec, node));
    reasons
}

/// Returns the reasons why the pod cannot run on the node whatever other pods there are; empty if nothing of the node itself forbids it.
pub fn find_static_reasons(spec: &PodSpec, node: &NodeInfo) -> Vec<FilterReason> {
    let mut reasons = Vec::new();
    reasons.extend(node_name::filter(spec, node));
    reasons.extend(node_affinity::filter(spec, node));
    reasons.extend(node_unschedulable::filter(spec, node));
    reasons.extend(taint_toleration::filter(spec, node));
    reasons.extend(volume_binding::filter_topology(spec, node));
    reasons
}

/// Returns whether a DaemonSet's controller makes a pod for the node: the node's name, the node affinity, and taints that the pod tolerates
/// with the tolerations that the controller adds (`pkg/controller/daemon`, `NodeShouldRunDaemonPod`).
pub fn daemon_runs_on(spec: &PodSpec, node: &NodeInfo) -> bool {
    let spec = spec.with_daemon_tolerations();
    node_name::filter(&spec, node).is_none()
        && node_affinity::filter(&spec, node).is_none()
        && taint_toleration::filter(&spec, node).is_none()
}

/// Returns whether two pods cannot be on one node because of their host ports.
pub fn ports_conflict(a: &PodSpec, b: &PodSpec) -> bool {
    node_ports::find_conflict(&a.host_ports, &b.host_ports).is_some()
}

/// Returns the domain's nodes that a spread constraint counts for a pod, as one flag per node.
pub fn spread_counts_node(spec: &PodSpec, constraint: &SpreadConstraint, node: &NodeInfo) -> bool {
    pod_topology_spread::counts_node(spec, constraint, node)
}
