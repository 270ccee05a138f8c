//! `NodePorts`: no two pods of a node listen on the same port of its addresses (`framework.HostPortInfo.CheckConflict`).

use super::{ClusterState, FilterReason, HostPort, PodSpec};

const WILDCARD: &str = "0.0.0.0";

impl HostPort {
    fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == WILDCARD || other.ip == WILDCARD)
    }
}

/// Returns the first port that both want.
pub(super) fn find_conflict<'a>(a: &'a [HostPort], b: &[HostPort]) -> Option<&'a HostPort> {
    a.iter()
        .find(|port| b.iter().any(|other| port.conflicts(other)))
}

pub(super) fn filter(
    cluster: &ClusterState<'_>,
    spec: &PodSpec,
    node: usize,
) -> Option<FilterReason> {
    cluster
        .placed
        .iter()
        .filter(|p| p.node == node)
        .find_map(|p| {
            let port = find_conflict(&spec.host_ports, &p.spec.host_ports)?;
            Some(FilterReason::PortTaken {
                port: port.port,
                protocol: port.protocol.clone(),
                by: p.spec.owner.clone(),
            })
        })
}
