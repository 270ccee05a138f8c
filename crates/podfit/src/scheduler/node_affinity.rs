//! `NodeAffinity`: the node selector and the required node affinity hold
//! (`component-helpers/scheduling/corev1/nodeaffinity.GetRequiredNodeAffinity`).

use super::{FilterReason, NodeInfo, PodSpec};
use kubernetes_vocabulary::{LabelRequirement, NodeSelectorTerm};

/// Returns whether one of the terms matches the node; always for `None`, where nothing is required.
pub(super) fn any_matches(terms: Option<&Vec<NodeSelectorTerm>>, node: &NodeInfo) -> bool {
    terms.is_none_or(|terms| terms.iter().any(|t| t.matches(&node.name, &node.labels)))
}

pub(super) fn filter(spec: &PodSpec, node: &NodeInfo) -> Option<FilterReason> {
    let selector: Vec<LabelRequirement> = spec
        .node_selector
        .iter()
        .filter(|(key, value)| node.labels.get(*key) != Some(*value))
        .map(|(key, value)| LabelRequirement::equals(key, value))
        .collect();
    if !selector.is_empty() {
        return Some(FilterReason::mismatch(&selector, node));
    }
    if any_matches(spec.node_affinity.as_ref(), node) {
        return None;
    }
    // The term that comes nearest says most about what is missing.
    let terms = spec.node_affinity.as_deref().unwrap_or_default();
    let nearest = terms
        .iter()
        .map(|t| {
            t.unmet(&node.name, &node.labels)
                .cloned()
                .collect::<Vec<_>>()
        })
        .filter(|f| !f.is_empty())
        .min_by_key(Vec::len);
    Some(FilterReason::mismatch(&nearest.unwrap_or_default(), node))
}
