//! Node selectors as kube-scheduler reads them (`component-helpers/scheduling/corev1/nodeaffinity`).
//!
//! Terms are ORed; expressions in a term are ANDed; an empty term matches no node.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::plan::LabelRequirement;

use super::candidate::Candidate;

/// Whether a node has the labels of a requirement.
pub(super) fn meets(labels: &BTreeMap<String, String>, requirement: &LabelRequirement) -> bool {
    holds(
        labels,
        &requirement.key,
        requirement.operator,
        &requirement.values,
    )
}

/// Whether a node is selected by a list of `nodeSelectorTerms`. Nothing written selects every node.
pub(super) fn terms_select(terms: Option<&Value>, candidate: &Candidate<'_>) -> bool {
    match terms {
        None | Some(Value::Null) => true,
        Some(Value::Array(terms)) => terms.iter().any(|term| term_selects(term, candidate)),
        Some(_) => false,
    }
}

/// Whether a node has all labels of a node selector. Nothing written selects every node.
pub(super) fn map_selects(selector: Option<&Value>, candidate: &Candidate<'_>) -> bool {
    let entries = selector.and_then(Value::as_object).into_iter().flatten();
    entries
        .into_iter()
        .all(|(key, value)| candidate.labels.get(key).map(String::as_str) == value.as_str())
}

/// Whether a term selects nothing because it says nothing.
pub(super) fn is_empty_term(term: &Value) -> bool {
    list(term, "matchExpressions").is_empty() && list(term, "matchFields").is_empty()
}

/// The requirement as an element of `matchExpressions`.
pub(super) fn expression(requirement: &LabelRequirement) -> Value {
    let mut expression = json!({"key": requirement.key, "operator": requirement.operator});
    if !requirement.values.is_empty() {
        expression["values"] = json!(requirement.values);
    }
    expression
}

/// Whether an element of `matchExpressions` says what the requirement says.
pub(super) fn says_the_same(expression: &Value, requirement: &LabelRequirement) -> bool {
    let values: BTreeSet<&str> = list(expression, "values")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    text(expression, "key") == requirement.key
        && text(expression, "operator") == requirement.operator
        && values == requirement.values.iter().map(String::as_str).collect()
}

/// The first label on which requirements contradict each other: no value of it meets them all.
pub(super) fn contradiction<'v>(
    requirements: impl IntoIterator<Item = Spoken<'v>>,
) -> Option<String> {
    let mut by_key: BTreeMap<&str, Vec<Spoken<'v>>> = BTreeMap::new();
    for requirement in requirements {
        by_key.entry(requirement.key).or_default().push(requirement);
    }
    by_key
        .into_iter()
        .find(|(_, spoken)| !is_possible(spoken))
        .map(|(key, _)| key.to_owned())
}

/// A requirement, wherever it is written.
#[derive(Debug, Clone)]
pub(super) struct Spoken<'v> {
    key: &'v str,
    operator: &'v str,
    values: Vec<&'v str>,
}

impl<'v> Spoken<'v> {
    /// A requirement of a rule.
    pub(super) fn of_rule(requirement: &'v LabelRequirement) -> Self {
        let values = requirement.values.iter().map(String::as_str).collect();
        Self {
            key: &requirement.key,
            operator: requirement.operator,
            values,
        }
    }

    /// The expressions of a term.
    pub(super) fn of_term(term: &'v Value) -> impl Iterator<Item = Self> {
        list(term, "matchExpressions").iter().map(|e| Self {
            key: text(e, "key"),
            operator: text(e, "operator"),
            values: list(e, "values").iter().filter_map(Value::as_str).collect(),
        })
    }

    /// The entries of a node selector.
    pub(super) fn of_map(selector: Option<&'v Value>) -> impl Iterator<Item = Self> {
        let entries = selector.and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(key, value)| {
            Some(Self {
                key,
                operator: "In",
                values: vec![value.as_str()?],
            })
        })
    }
}

/// Whether some value of a label, or its absence, meets all requirements on it.
fn is_possible(spoken: &[Spoken<'_>]) -> bool {
    let absence = spoken
        .iter()
        .all(|s| matches!(s.operator, "DoesNotExist" | "NotIn"));
    if absence {
        return true;
    }
    if spoken.iter().any(|s| s.operator == "DoesNotExist") {
        return false;
    }
    let mut listed = spoken.iter().filter(|s| s.operator == "In").peekable();
    let Some(first) = listed.peek() else {
        return true;
    };
    first.values.iter().any(|value| {
        spoken
            .iter()
            .all(|s| value_meets(value, s.operator, &s.values))
    })
}

fn term_selects(term: &Value, candidate: &Candidate<'_>) -> bool {
    let expressions = list(term, "matchExpressions").iter().all(|e| {
        let values: Vec<&str> = list(e, "values").iter().filter_map(Value::as_str).collect();
        holds(
            &candidate.labels,
            text(e, "key"),
            text(e, "operator"),
            &values,
        )
    });
    // The one field that can be selected is the node's name.
    let fields = list(term, "matchFields").iter().all(|e| {
        let values: Vec<&str> = list(e, "values").iter().filter_map(Value::as_str).collect();
        text(e, "key") == "metadata.name"
            && value_meets(&candidate.node.name, text(e, "operator"), &values)
    });
    !is_empty_term(term) && expressions && fields
}

fn holds<S: AsRef<str>>(
    labels: &BTreeMap<String, String>,
    key: &str,
    operator: &str,
    values: &[S],
) -> bool {
    match labels.get(key) {
        Some(value) => value_meets(value, operator, values),
        None => matches!(operator, "NotIn" | "DoesNotExist"),
    }
}

fn value_meets<S: AsRef<str>>(value: &str, operator: &str, values: &[S]) -> bool {
    let listed = || values.iter().any(|v| v.as_ref() == value);
    let compared = || {
        let [bound] = values else { return None };
        Some(
            value
                .parse::<i64>()
                .ok()?
                .cmp(&bound.as_ref().parse::<i64>().ok()?),
        )
    };
    match operator {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => true,
        "Gt" => compared() == Some(std::cmp::Ordering::Greater),
        "Lt" => compared() == Some(std::cmp::Ordering::Less),
        _ => false,
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
