//! The fields in which two values differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::lists::{self, ElementNames, NamedList};
use super::{FieldChange, FieldChangeKind};
use pointer_diagnostics::Pointer;

/// The fields in which two objects differ, in the order of the objects.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(&ComparedPlace::default(), old, new, &mut changes);
    changes
}

/// Place of two values that are compared.
#[derive(Clone, Default)]
struct ComparedPlace {
    path: String,
    old: Pointer,
    new: Pointer,
    /// The name of the field, for lists the name of the list.
    field: String,
}

fn compare(place: &ComparedPlace, old: &Value, new: &Value, changes: &mut Vec<FieldChange>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => compare_maps(place, old, new, changes),
        (Value::Array(old), Value::Array(new)) => compare_lists(place, old, new, changes),
        _ => changes.push(place.change(FieldChangeKind::Changed(old.clone(), new.clone()))),
    }
}

fn compare_maps(
    place: &ComparedPlace,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    changes: &mut Vec<FieldChange>,
) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        compare_sides(&place.key(key), old.get(key), new.get(key), changes);
    }
}

fn compare_sides(
    place: &ComparedPlace,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<FieldChange>,
) {
    match (old, new) {
        (Some(old), Some(new)) => compare(place, old, new, changes),
        (None, Some(new)) => changes.push(place.change(FieldChangeKind::Added(new.clone()))),
        (Some(old), None) => changes.push(place.change(FieldChangeKind::Removed(old.clone()))),
        (None, None) => {}
    }
}

fn compare_lists(
    place: &ComparedPlace,
    old: &[Value],
    new: &[Value],
    changes: &mut Vec<FieldChange>,
) {
    match lists::name_elements(&place.field, old, new) {
        Some(names) => {
            let old = NamedList {
                elements: old,
                names: &names.old,
            };
            let new = NamedList {
                elements: new,
                names: &names.new,
            };
            compare_named(place, old, new, changes);
            changes.extend(reordered(place, &names.old, &names.new));
        }
        None if lists::same_elements(old, new) => {
            let kind = FieldChangeKind::Reordered(lists::texts(old), lists::texts(new));
            changes.push(place.change(kind));
        }
        None => compare_by_place(place, old, new, changes),
    }
}

/// Compares elements by their names: those of the new list in its order, then those that are gone.
fn compare_named(
    place: &ComparedPlace,
    old: NamedList<'_>,
    new: NamedList<'_>,
    changes: &mut Vec<FieldChange>,
) {
    for (name, index) in &new.names.in_order {
        let old_index = old.names.index.get(name).copied().unwrap_or(*index);
        let here = place.element(&format!("[{name}]"), old_index, *index);
        compare_sides(&here, old.get(name), new.get(name), changes);
    }
    for (name, index) in &old.names.in_order {
        if !new.names.index.contains_key(name) {
            let here = place.element(&format!("[{name}]"), *index, *index);
            compare_sides(&here, old.get(name), None, changes);
        }
    }
}

fn reordered(place: &ComparedPlace, old: &ElementNames, new: &ElementNames) -> Option<FieldChange> {
    let common = |one: &ElementNames, other: &ElementNames| -> Vec<String> {
        let names = one.in_order.iter().map(|(name, _)| name);
        names
            .filter(|name| other.index.contains_key(*name))
            .cloned()
            .collect()
    };
    let (old, new) = (common(old, new), common(new, old));
    (old != new).then(|| place.change(FieldChangeKind::Reordered(old, new)))
}

/// Elements without names: what is equal at both ends is left out, the others are compared by their places.
fn compare_by_place(
    place: &ComparedPlace,
    old: &[Value],
    new: &[Value],
    changes: &mut Vec<FieldChange>,
) {
    let start = old
        .iter()
        .zip(new)
        .take_while(|(one, other)| one == other)
        .count();
    let (old_rest, new_rest) = (
        old.get(start..).unwrap_or_default(),
        new.get(start..).unwrap_or_default(),
    );
    let end = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    for index in start..(old.len().max(new.len()) - end) {
        let at = |list: &'_ [Value]| index < list.len() - end;
        let here = place.element(&index.to_string(), index, index);
        let (one, other) = (
            old.get(index).filter(|_| at(old)),
            new.get(index).filter(|_| at(new)),
        );
        compare_sides(&here, one, other, changes);
    }
}

impl ComparedPlace {
    fn key(&self, key: &str) -> Self {
        let is_plain = !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let step = if is_plain {
            key.to_owned()
        } else {
            format!("[{key}]")
        };
        Self {
            path: self.step(&step),
            old: self.old.at(key),
            new: self.new.at(key),
            field: key.to_owned(),
        }
    }

    fn element(&self, step: &str, old: usize, new: usize) -> Self {
        Self {
            path: self.step(step),
            old: self.old.at(old),
            new: self.new.at(new),
            field: String::new(),
        }
    }

    fn step(&self, step: &str) -> String {
        if self.path.is_empty() {
            step.to_owned()
        } else {
            format!("{}.{step}", self.path)
        }
    }

    fn change(&self, kind: FieldChangeKind) -> FieldChange {
        let pointer = if matches!(kind, FieldChangeKind::Removed(_)) {
            &self.old
        } else {
            &self.new
        };
        FieldChange {
            path: self.path.clone(),
            pointer: pointer.clone(),
            kind,
        }
    }
}
