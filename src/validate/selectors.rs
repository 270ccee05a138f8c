//! The selectors of objects over pods: what is wrong with one that means none.

use kubernetes_vocabulary::{LabelRequirement, LabelSelector, SelectorOperator};
use pointer_diagnostics::Pointer;
use serde::Deserialize as _;
use serde_json::Value;

use super::between::{SelectorVerdict, SitePodSets};
use crate::nearest::nearest;

/// A selector that means no pod of a namespace, and where that shows.
pub(super) struct EmptySelection {
    /// The requirement that no pod meets, below the selector; the selector itself where several together leave none.
    pub(super) place: Pointer,
    /// The label that was probably meant.
    pub(super) meant: Option<String>,
}

/// Reads a `LabelSelector`. `None` where it does not have the form of one, or is absent.
pub(super) fn read_selector(value: Option<&Value>) -> Option<LabelSelector> {
    LabelSelector::deserialize(value?).ok()
}

/// Reads a map of labels as the selector of a Service; `None` where it is empty or absent.
pub(super) fn read_label_map(value: Option<&Value>) -> Option<LabelSelector> {
    let map = value?.as_object().filter(|map| !map.is_empty())?;
    let pairs = map.iter();
    let requirements =
        pairs.map(|(key, value)| Some(LabelRequirement::equals(key, value.as_str()?)));
    Some(LabelSelector {
        requirements: requirements.collect::<Option<_>>()?,
    })
}

/// Explains a selector that certainly means no pod of a namespace; `None` where it means one, or may. `written` is the selector in the
/// object.
pub(super) fn explain_empty(
    pods: &SitePodSets<'_>,
    namespace: &str,
    selector: &LabelSelector,
    written: &Value,
) -> Option<EmptySelection> {
    if pods.judge(namespace, selector) != SelectorVerdict::Excluded {
        return None;
    }
    let alone = |requirement: &LabelRequirement| LabelSelector {
        requirements: vec![requirement.clone()],
    };
    let unmet = selector.requirements.iter().find(|requirement| {
        pods.judge(namespace, &alone(requirement)) == SelectorVerdict::Excluded
    });
    Some(EmptySelection {
        place: unmet.map_or_else(Pointer::root, |r| place_of(r, written)),
        meant: unmet.and_then(|r| suggest_label(pods, namespace, r)),
    })
}

/// Returns the place of a requirement below a selector.
fn place_of(requirement: &LabelRequirement, written: &Value) -> Pointer {
    let places = [
        Pointer::root().at("matchLabels").at(&requirement.key),
        Pointer::root().at(&requirement.key),
    ];
    let is_there = |place: &Pointer| {
        written
            .pointer(place.as_str())
            .is_some_and(Value::is_string)
    };
    if let Some(place) = places.into_iter().find(is_there) {
        return place;
    }
    let expressions = written.get("matchExpressions").and_then(Value::as_array);
    let index = expressions.and_then(|list| {
        let has_key = |e: &Value| e.get("key").and_then(Value::as_str) == Some(&requirement.key);
        list.iter().position(has_key)
    });
    match index {
        Some(index) => Pointer::root().at("matchExpressions").at(index),
        None => Pointer::root(),
    }
}

/// Returns the label of a pod in the namespace that is nearest to one that no pod has.
fn suggest_label(
    pods: &SitePodSets<'_>,
    namespace: &str,
    requirement: &LabelRequirement,
) -> Option<String> {
    let key = requirement.key.as_str();
    let value = match (requirement.operator, requirement.values.as_slice()) {
        (SelectorOperator::In, [value]) => value.as_str(),
        _ => return nearest_key(pods, namespace, key).map(str::to_owned),
    };
    if let Some(meant) = nearest(value, pods.label_values(namespace, key)) {
        return Some(format!("{key}: {meant}"));
    }
    let key = nearest_key(pods, namespace, key)?;
    let has_value = pods
        .label_values(namespace, key)
        .any(|other| other == value);
    has_value.then(|| format!("{key}: {value}"))
}

/// Returns the key of a label that is nearest to one that no pod has; words that begin otherwise are other words.
fn nearest_key<'p>(pods: &'p SitePodSets<'_>, namespace: &'p str, key: &str) -> Option<&'p str> {
    let first = key.chars().next();
    let keys = pods.label_keys(namespace);
    nearest(key, keys.filter(|other| other.chars().next() == first))
}
