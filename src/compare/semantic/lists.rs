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
pub(super) struct ElementNames {
    /// `name=web`, with the element's index, in the order of the list.
    pub(super) in_order: Vec<(String, usize)>,
    /// The index of each name.
    pub(super) index: BTreeMap<String, usize>,
}

/// A list with the names of its elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedList<'a> {
    pub(super) elements: &'a [Value],
    pub(super) names: &'a ElementNames,
}

impl NamedList<'_> {
    /// Returns the element of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.elements.get(*self.names.index.get(name)?)
    }
}

/// The names of the elements of an old and a new list.
#[derive(Debug)]
pub(super) struct NamePair {
    pub(super) old: ElementNames,
    pub(super) new: ElementNames,
}

/// Names the elements of two lists, if all of them have different ones.
pub(super) fn name_elements(field: &str, old: &[Value], new: &[Value]) -> Option<NamePair> {
    let special = KEYS
        .iter()
        .find(|(name, _)| *name == field)
        .map_or::<&[&[&str]], _>(&[], |(_, keys)| keys);
    let mut candidates = special.iter().chain(USUAL_KEYS);
    candidates.find_map(|keys| {
        Some(NamePair {
            old: names_by(keys, old)?,
            new: names_by(keys, new)?,
        })
    })
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

fn names_by(keys: &[&str], list: &[Value]) -> Option<ElementNames> {
    let mut names = ElementNames::default();
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
