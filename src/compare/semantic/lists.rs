//! Finds the keys that identify the elements of a list in another list.

use std::collections::BTreeMap;

use serde_json::Value;

/// Lists whose elements are named by other fields than `name`: the merge keys of Kubernetes' own types, first the shortest
/// that may do.
const KEYS: &[(&str, &[&[&str]])] = &[
    (
        "ports",
        &[
            &["containerPort"],
            &["containerPort", "protocol"],
            &["port"],
            &["port", "protocol"],
        ],
    ),
    ("volumeMounts", &[&["mountPath"]]),
    ("volumeDevices", &[&["devicePath"]]),
    ("hostAliases", &[&["ip"]]),
    ("ownerReferences", &[&["uid"]]),
    ("destinations", &[&["namespace"]]),
    ("clusterResourceWhitelist", &[&["kind"], &["kind", "group"]]),
    (
        "namespaceResourceWhitelist",
        &[&["kind"], &["kind", "group"]],
    ),
    ("conditions", &[&["type"]]),
    (
        "topologySpreadConstraints",
        &[&["topologyKey"], &["topologyKey", "whenUnsatisfiable"]],
    ),
];

/// Keys of the elements of other lists, custom resources' among them.
const USUAL_KEYS: &[&[&str]] = &[&["name"], &["key"], &["id"]];

/// Defaults of absent fields of a key.
const DEFAULTS: &[(&str, &str)] = &[("protocol", "TCP")];

/// The names of a list's elements.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `name=web`, with the element's index, in the order of the list.
    pub(super) in_order: Vec<(String, usize)>,
    /// The index of each name.
    pub(super) index: BTreeMap<String, usize>,
}

/// Names the elements of two lists, if all of them have different ones.
pub(super) fn names(field: &str, old: &[Value], new: &[Value]) -> Option<(Names, Names)> {
    let special = KEYS
        .iter()
        .find(|(name, _)| *name == field)
        .map_or::<&[&[&str]], _>(&[], |(_, keys)| keys);
    let mut candidates = special.iter().chain(USUAL_KEYS);
    candidates.find_map(|keys| Some((names_by(keys, old)?, names_by(keys, new)?)))
}

/// Checks whether two lists have the same elements, as often, in whatever order.
pub(super) fn same_elements(old: &[Value], new: &[Value]) -> bool {
    let sorted = |list: &[Value]| {
        let mut texts = texts(list);
        texts.sort_unstable();
        texts
    };
    old.len() == new.len() && sorted(old) == sorted(new)
}

/// The elements as JSON.
pub(super) fn texts(list: &[Value]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn names_by(keys: &[&str], list: &[Value]) -> Option<Names> {
    let mut names = Names::default();
    for (index, element) in list.iter().enumerate() {
        let fields: Option<Vec<String>> = keys
            .iter()
            .map(|key| Some(format!("{key}={}", text(element, key)?)))
            .collect();
        let name = fields?.join(",");
        if names.index.insert(name.clone(), index).is_some() {
            return None;
        }
        names.in_order.push((name, index));
    }
    Some(names)
}

fn text(element: &Value, key: &str) -> Option<String> {
    match element.as_object()?.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
        None => DEFAULTS
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, default)| (*default).to_owned()),
    }
}
