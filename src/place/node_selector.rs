//! Plain node selectors: maps of labels, and lists of `{key, value}`. They know equality only.

use kubernetes_vocabulary::LabelRequirement;
use std::collections::BTreeMap;

use serde_json::Value;

use super::candidate::CandidateNode;
use super::requirement::map_selects_node;

/// Finds the labels that select what the rule selects, on the nodes there are; `None` where equality cannot. `written` is what the base
/// selects already.
pub(super) fn find_labels(
    rule: &[LabelRequirement],
    written: Option<&Value>,
    nodes: &[CandidateNode<'_>],
) -> Option<BTreeMap<String, String>> {
    let map: BTreeMap<String, String> = rule
        .iter()
        .filter_map(|r| Some((r.key.clone(), r.equal_value()?.to_owned())))
        .collect();
    let selected = nodes.iter().filter(|c| map_selects_node(written, c));
    let says_as_much = selected
        .filter(|c| {
            map.iter()
                .all(|(key, value)| c.labels.get(key) == Some(value))
        })
        .all(|c| rule.iter().all(|r| r.matches(&c.labels)));
    says_as_much.then_some(map)
}

/// Returns a list of `{key, value}` as a map.
pub(super) fn list_as_map(list: Option<&Value>) -> Option<Value> {
    let entries = list?.as_array()?.iter();
    let pairs =
        entries.filter_map(|e| Some((e.get("key")?.as_str()?.to_owned(), e.get("value")?.clone())));
    Some(Value::Object(pairs.collect()))
}
