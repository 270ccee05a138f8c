//! `TaintToleration`: every `NoSchedule` and `NoExecute` taint of the node is tolerated.

use kubernetes_vocabulary::taint::find_untolerated;

use super::{FilterReason, NodeInfo, PodSpec};

/// Returns the first taint that keeps the pod away.
pub(super) fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<FilterReason> {
    find_untolerated(&node.taints, &spec.tolerations)
        .map(|taint| FilterReason::Taint(taint.clone()))
}
