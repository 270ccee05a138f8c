//! Plain node selectors: maps of labels, and lists of `{key, value}`. They know equality only.

use kubernetes_vocabulary::LabelRequirement;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::patch::{Editor, Reason};
use pointer_diagnostics::Pointer;

use super::candidate::Candidate;
use super::requirement::map_selects_node;

/// The labels that say what the rule says, on the nodes there are: `None` where equality cannot say it. `written` is what the base
/// selects already.
pub(super) fn labels(
    rule: &[LabelRequirement],
    written: Option<&Value>,
    nodes: &[Candidate<'_>],
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

/// Writes labels into a map. Returns whether the place could be reached.
pub(super) fn add_to_map(
    editor: &mut Editor<'_>,
    selector: &Pointer,
    labels: &BTreeMap<String, String>,
    reason: &Reason,
) -> bool {
    if editor.get(selector).is_none_or(Value::is_null) && !labels.is_empty() {
        return editor.set(selector, json!(labels), reason);
    }
    labels
        .iter()
        .all(|(key, value)| editor.set(&selector.at(key), json!(value), reason))
}

/// Writes labels into a list of `{key, value}`. Returns whether the place could be reached.
pub(super) fn add_to_list(
    editor: &mut Editor<'_>,
    list: &Pointer,
    labels: &BTreeMap<String, String>,
    reason: &Reason,
) -> bool {
    labels.iter().all(|(key, value)| {
        let entry = json!({"key": key, "value": value});
        let is_there = editor
            .get(list)
            .and_then(Value::as_array)
            .is_some_and(|l| l.contains(&entry));
        is_there || editor.append(list, entry, reason)
    })
}

/// A list of `{key, value}` as a map.
pub(super) fn list_as_map(list: Option<&Value>) -> Option<Value> {
    let entries = list?.as_array()?.iter();
    let pairs =
        entries.filter_map(|e| Some((e.get("key")?.as_str()?.to_owned(), e.get("value")?.clone())));
    Some(Value::Object(pairs.collect()))
}
