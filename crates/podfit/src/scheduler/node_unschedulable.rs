//! `NodeUnschedulable`: a cordoned node takes only pods that tolerate the taint `node.kubernetes.io/unschedulable:NoSchedule`.

use super::{FilterReason, NodeInfo, PodSpec};
use kubernetes_vocabulary::taint::UNSCHEDULABLE;
use kubernetes_vocabulary::{Taint, TaintEffect};

pub(super) fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<FilterReason> {
    let cordon = Taint {
        key: UNSCHEDULABLE.to_owned(),
        value: String::new(),
        effect: TaintEffect::NoSchedule,
    };
    (node.unschedulable && !spec.tolerations.iter().any(|t| t.tolerates(&cordon)))
        .then_some(FilterReason::Unschedulable)
}
