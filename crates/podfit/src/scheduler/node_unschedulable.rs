//! `NodeUnschedulable`: a cordoned node takes only pods that tolerate the taint `node.kubernetes.io/unschedulable:NoSchedule`.

use super::{Node, PodSpec, Reason};
use kubernetes_vocabulary::taint::UNSCHEDULABLE;
use kubernetes_vocabulary::{Taint, TaintEffect};

pub(super) fn filter(spec: &PodSpec, node: &Node) -> Option<Reason> {
    let cordon = Taint {
        key: UNSCHEDULABLE.to_owned(),
        value: String::new(),
        effect: TaintEffect::NoSchedule,
    };
    (node.unschedulable && !spec.tolerations.iter().any(|t| t.tolerates(&cordon)))
        .then_some(Reason::Unschedulable)
}
