//! `TaintToleration`: every `NoSchedule` and `NoExecute` taint of the node is tolerated.

use kubernetes_vocabulary::taint::find_untolerated;

use super::{Node, PodSpec, Reason};

/// Returns the first taint that keeps the pod away.
pub(super) fn filter(spec: &PodSpec, node: &Node) -> Option<Reason> {
    find_untolerated(&node.taints, &spec.tolerations).map(|taint| Reason::Taint(taint.clone()))
}
