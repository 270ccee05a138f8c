//! `NodeAffinity`: the node selector and the required node affinity hold
//! (`component-helpers/scheduling/corev1/nodeaffinity.GetRequiredNodeAffinity`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::null_as_default;
use super::{Node, Operator, PodSpec, Reason, Requirement};

/// A term of a required node affinity: all of its expressions hold. Terms are ORed; an empty term matches no node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelectorTerm {
    /// Over the node's labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub match_expressions: Vec<Requirement>,
    /// Over the node's fields, of which there is `metadata.name` only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub match_fields: Vec<Requirement>,
}

/// A preferred node affinity, which the filters do not look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct PreferredTerm {
    /// How much it counts, 1 to 100.
    pub weight: i32,
    /// What is preferred.
    pub preference: NodeSelectorTerm,
}

impl NodeSelectorTerm {
    /// Whether the node satisfies the term. A term with an expression that is not well-formed matches nothing.
    pub fn matches(&self, node: &Node) -> bool {
        let empty = self.match_expressions.is_empty() && self.match_fields.is_empty();
        !empty && self.failing(node).is_empty()
    }

    /// The expressions that the node does not satisfy.
    fn failing(&self, node: &Node) -> Vec<Requirement> {
        let fields = BTreeMap::from([("metadata.name".to_owned(), node.name.clone())]);
        let labels = self
            .match_expressions
            .iter()
            .filter(|r| !(r.well_formed() && r.matches(&node.labels)));
        let names = self
            .match_fields
            .iter()
            .filter(|r| !field_matches(r, &fields));
        labels.chain(names).cloned().collect()
    }
}

/// Fields know `In` and `NotIn` with exactly one value, and an absent field is empty (`apimachinery/pkg/fields`).
fn field_matches(requirement: &Requirement, fields: &BTreeMap<String, String>) -> bool {
    let [value] = &requirement.values[..] else {
        return false;
    };
    let actual = fields.get(&requirement.key).map_or("", String::as_str);
    match requirement.operator {
        Operator::In => actual == value,
        Operator::NotIn => actual != value,
        _ => false,
    }
}

/// Whether one of the terms matches the node; `None`: nothing is required.
pub(super) fn any_matches(terms: Option<&Vec<NodeSelectorTerm>>, node: &Node) -> bool {
    terms.is_none_or(|terms| terms.iter().any(|t| t.matches(node)))
}

pub(super) fn filter(spec: &PodSpec, node: &Node) -> Option<Reason> {
    let selector: Vec<Requirement> = spec
        .node_selector
        .iter()
        .filter(|(key, value)| node.labels.get(*key) != Some(*value))
        .map(|(key, value)| Requirement::new(key, Operator::In, &[value]))
        .collect();
    if !selector.is_empty() {
        return Some(Reason::mismatch(&selector, node));
    }
    if any_matches(spec.node_affinity.as_ref(), node) {
        return None;
    }
    // The term that comes nearest says most about what is missing.
    let terms = spec.node_affinity.as_deref().unwrap_or_default();
    let nearest = terms
        .iter()
        .map(|t| t.failing(node))
        .filter(|f| !f.is_empty())
        .min_by_key(Vec::len);
    Some(Reason::mismatch(&nearest.unwrap_or_default(), node))
}
