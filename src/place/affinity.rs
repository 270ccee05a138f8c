//! Required node affinity: the rule goes into every term by AND.
//!
//! Terms are ORed, so a term of our own would widen what the base says, and a rule in one term alone would not hold. An empty term
//! matches no node and is left so. What is there already is not added again.

use kubernetes_vocabulary::LabelRequirement;
use kubernetes_vocabulary::fields::REQUIRED_DURING_SCHEDULING;
use serde_json::{Value, json};

use crate::catalogue::{ArchVia, Field};
use crate::manifest::Object;
use crate::patch::{Editor, Reason};
use pointer_diagnostics::Pointer;

use super::requirement::{
    find_contradiction, find_missing, is_empty_term, read_expressions, read_map, to_expression,
};
use super::scope::Subject;

/// Where the part's node selector terms are, or would be.
pub(super) fn terms(subject: &Subject<'_>, object: &Object) -> Option<Pointer> {
    let part = &subject.part;
    match part.part.arch_via {
        ArchVia::NodeSelectorTerms => Some(
            part.pointer(object, Field::NodeSelectorTerms)?
                .at("nodeSelectorTerms"),
        ),
        ArchVia::NodeSelectorList => None,
        _ => {
            let affinity = part.pointer(object, Field::NodeAffinity)?;
            Some(
                affinity
                    .at(REQUIRED_DURING_SCHEDULING)
                    .at("nodeSelectorTerms"),
            )
        }
    }
}

/// Adds expressions to every term; makes one where there is none. Returns whether the place could be reached.
pub(super) fn add(
    editor: &mut Editor<'_>,
    terms: &Pointer,
    rule: &[LabelRequirement],
    reason: &Reason,
) -> bool {
    let items = match editor.get(terms) {
        None | Some(Value::Null) => {
            let expressions: Vec<Value> = rule.iter().map(to_expression).collect();
            return editor.set(terms, json!([{ "matchExpressions": expressions }]), reason);
        }
        Some(Value::Array(items)) => items.clone(),
        Some(_) => return false,
    };
    let missing: Vec<(usize, Vec<Value>)> = items
        .iter()
        .enumerate()
        .filter(|(_, term)| !is_empty_term(term))
        .map(|(index, term)| (index, missing(term, rule)))
        .filter(|(_, missing)| !missing.is_empty())
        .collect();
    if !missing.is_empty() {
        editor.expect(terms);
    }
    missing.into_iter().all(|(index, expressions)| {
        let list = terms.at(index).at("matchExpressions");
        expressions
            .into_iter()
            .all(|e| editor.append(&list, e, reason))
    })
}

/// The label on which the rule contradicts what the base says, if every way that the base leaves open is closed by it.
pub(super) fn contradicts(
    terms: Option<&Value>,
    map: Option<&Value>,
    rule: &[LabelRequirement],
) -> Option<String> {
    let map = read_map(map);
    let without_terms = find_contradiction(rule.iter().chain(&map));
    let written: Vec<&Value> = terms
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|t| !is_empty_term(t))
        .collect();
    if without_terms.is_some() || written.is_empty() {
        return without_terms;
    }
    let mut closed = Vec::new();
    for term in written {
        let expressions = read_expressions(term);
        // A term that contradicts itself is the base's own affair.
        if find_contradiction(expressions.iter().chain(&map)).is_some() {
            continue;
        }
        closed.push(find_contradiction(
            rule.iter().chain(&map).chain(&expressions),
        )?);
    }
    closed.into_iter().next()
}

/// The expressions that a term lacks.
fn missing(term: &Value, rule: &[LabelRequirement]) -> Vec<Value> {
    find_missing(term, rule)
        .into_iter()
        .map(to_expression)
        .collect()
}
