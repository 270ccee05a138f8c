//! Reads the node selectors of a base, compares them with nodes, and finds requirements that contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_vocabulary::{
    LabelRequirement, LabelSelector, Labels, NodeSelectorTerm, SelectorOperator,
};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::candidate::CandidateNode;

/// Returns whether a label selector of a base selects pods with the labels. An absent selector, or one that Kubernetes would refuse,
/// selects none.
pub(super) fn selects_pods(selector: Option<&Value>, labels: &Labels) -> bool {
    let selector = selector.filter(|value| value.is_object());
    selector
        .and_then(|value| LabelSelector::deserialize(value).ok())
        .is_some_and(|selector| selector.matches(labels))
}

/// Returns whether a list of `nodeSelectorTerms` selects a node. Absent terms select every node; terms that cannot be read select none.
pub(super) fn terms_select_node(terms: Option<&Value>, candidate: &CandidateNode<'_>) -> bool {
    match terms {
        None | Some(Value::Null) => true,
        Some(Value::Array(terms)) => terms.iter().any(|term| {
            NodeSelectorTerm::deserialize(term)
                .is_ok_and(|term| term.matches(&candidate.node.name, &candidate.labels))
        }),
        Some(_) => false,
    }
}

/// Returns whether a node has all labels of a `nodeSelector`. An absent one selects every node.
pub(super) fn map_selects_node(selector: Option<&Value>, candidate: &CandidateNode<'_>) -> bool {
    let entries = selector.and_then(Value::as_object).into_iter().flatten();
    entries
        .into_iter()
        .all(|(key, value)| candidate.labels.get(key).map(String::as_str) == value.as_str())
}

/// Returns whether a term selects no node because it has no requirement.
pub(super) fn is_empty_term(term: &Value) -> bool {
    ["matchExpressions", "matchFields"]
        .iter()
        .all(|field| elements_of(term, field).is_empty())
}

/// Returns the requirement as an element of `matchExpressions`.
pub(super) fn to_expression(requirement: &LabelRequirement) -> Value {
    json!(requirement)
}

/// Returns the requirements that a term does not state yet.
pub(super) fn find_missing<'r>(
    term: &Value,
    requirements: &'r [LabelRequirement],
) -> Vec<&'r LabelRequirement> {
    let stated = read_expressions(term);
    requirements
        .iter()
        .filter(|wanted| !stated.iter().any(|own| states_the_same(own, wanted)))
        .collect()
}

/// Returns whether two requirements are the same up to the order and repetition of their values.
fn states_the_same(a: &LabelRequirement, b: &LabelRequirement) -> bool {
    let (of_a, of_b): (BTreeSet<&String>, BTreeSet<&String>) =
        (a.values.iter().collect(), b.values.iter().collect());
    a.key == b.key && a.operator == b.operator && of_a == of_b
}

/// Reads the label requirements of a term. Elements that cannot be read are left out.
pub(super) fn read_expressions(term: &Value) -> Vec<LabelRequirement> {
    elements_of(term, "matchExpressions")
        .iter()
        .filter_map(|expression| LabelRequirement::deserialize(expression).ok())
        .collect()
}

/// Reads a `nodeSelector` as requirements.
pub(super) fn read_map(selector: Option<&Value>) -> Vec<LabelRequirement> {
    let entries = selector.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter_map(|(key, value)| Some(LabelRequirement::equals(key, value.as_str()?)))
        .collect()
}

/// Finds the first label on which requirements contradict each other: no value of it meets them all.
pub(super) fn find_contradiction<'r>(
    requirements: impl IntoIterator<Item = &'r LabelRequirement>,
) -> Option<String> {
    let mut by_key: BTreeMap<&str, Vec<&LabelRequirement>> = BTreeMap::new();
    for requirement in requirements {
        by_key
            .entry(&requirement.key)
            .or_default()
            .push(requirement);
    }
    by_key
        .into_iter()
        .find(|(_, requirements)| !is_satisfiable(requirements))
        .map(|(key, _)| key.to_owned())
}

/// Returns whether some value of a label, or its absence, meets all requirements on it. Ranges of `Gt` and `Lt` are not intersected.
fn is_satisfiable(requirements: &[&LabelRequirement]) -> bool {
    if requirements.iter().all(|r| r.matches_value(None)) {
        return true;
    }
    let listed = requirements
        .iter()
        .find(|r| r.operator == SelectorOperator::In);
    match listed {
        Some(listed) => listed
            .values
            .iter()
            .any(|value| requirements.iter().all(|r| r.matches_value(Some(value)))),
        None => requirements
            .iter()
            .all(|r| r.operator != SelectorOperator::DoesNotExist && r.is_well_formed()),
    }
}

fn elements_of<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(selector: &str, satisfiable: bool) {
        let selector = LabelSelector::parse(selector).unwrap();
        let contradiction = find_contradiction(&selector.requirements);
        assert_eq!(contradiction.is_none(), satisfiable, "{selector}");
    }

    #[test]
    fn requirements_contradict_where_no_value_meets_them_all() {
        check("a in (1,2),a in (2,3)", true);
        check("a in (1,2),a in (3)", false);
        check("a=1,a!=1", false);
        check("a!=1,!a", true);
        check("!a,a", false);
        check("!a,a=1", false);
        check("a>1,a in (1,2)", true);
        check("a>2,a in (1,2)", false);
        check("a>1,!a", false);
        check("a=1,b=2", true);
    }

    #[test]
    fn a_malformed_requirement_contradicts_everything() {
        let empty = LabelRequirement::new("a", SelectorOperator::NotIn, &[]);
        assert_eq!(find_contradiction([&empty]), Some("a".to_owned()));
        let unknown = LabelRequirement::new("a", SelectorOperator::Unknown, &[]);
        assert_eq!(find_contradiction([&unknown]), Some("a".to_owned()));
    }

    #[test]
    fn a_selector_that_is_absent_or_refused_selects_no_pods() {
        let labels = Labels::from([("a".to_owned(), "1".to_owned())]);
        assert!(!selects_pods(None, &labels));
        assert!(!selects_pods(Some(&Value::Null), &labels));
        assert!(selects_pods(Some(&json!({})), &labels));
        assert!(selects_pods(
            Some(&json!({"matchLabels": {"a": "1"}})),
            &labels
        ));
        let without_values = json!({"matchExpressions": [{"key": "b", "operator": "NotIn"}]});
        assert!(!selects_pods(Some(&without_values), &labels));
    }
}
