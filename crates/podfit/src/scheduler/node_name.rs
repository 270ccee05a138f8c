//! `NodeName`: a pod with `spec.nodeName` runs on that node only.

use super::{Node, PodSpec, Reason};

pub(super) fn filter(spec: &PodSpec, node: &Node) -> Option<Reason> {
    match &spec.node_name {
        Some(name) if !name.is_empty() && *name != node.name => Some(Reason::OtherNode {
            wanted: name.clone(),
        }),
        _ => None,
    }
}
