//! `NodeName`: a pod with `spec.nodeName` runs on that node only.

use super::{FilterReason, NodeInfo, PodSpec};

pub(super) fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<FilterReason> {
    match &spec.node_name {
        Some(name) if !name.is_empty() && *name != node.name => Some(FilterReason::OtherNode {
            wanted: name.clone(),
        }),
        _ => None,
    }
}
