//! Required node affinity: where its terms are, and whether a rule contradicts them. A rule goes into every term by AND.
//!
//! Terms are ORed, so a term of our own would widen what the base says, and a rule in one term alone would not hold. An empty term
//! matches no node and is left so. What is there already is not added again.

use kubernetes_vocabulary::LabelRequirement;
use kubernetes_vocabulary::fields::REQUIRED_DURING_SCHEDULING;
use serde_json::Value;

use crate::catalogue::{ArchVia, Field};
use crate::manifest::Object;
use pointer_diagnostics::Pointer;

use super::requirement::{find_contradiction, is_empty_term, read_expressions, read_map};
use super::scope::PlacedPart;

/// Returns where the part's node selector terms are, or would be.
pub(super) fn terms_of(subject: &PlacedPart<'_>, object: &Object) -> Option<Pointer> {
    let part = &subject.at;
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

/// Finds the label on which the rule contradicts what the base says, if every way that the base leaves open is closed by it.
pub(super) fn find_contradicted_label(
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
