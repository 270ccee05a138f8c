//! Compares final manifests object by object, field by field.
//!
//! Comes in: two sets of rendered objects. Goes out: which objects are added and removed, and of the others which fields
//! differ, with the elements of lists matched by what names them instead of by their place. Values of Secrets are hidden.

mod fields;
mod json;
mod lists;
mod mask;
mod show;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::manifest::{Object, ObjectId};
use pointer_diagnostics::Pointer;

pub use json::to_json;

/// Differences between two sets of objects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences {
    /// Objects that only the new set has, sorted.
    pub added: Vec<ObjectId>,
    /// Objects that only the old set has, sorted.
    pub removed: Vec<ObjectId>,
    /// Objects that differ, sorted.
    pub changed: Vec<ObjectChange>,
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectChange {
    /// The object, as the new set has it.
    pub id: ObjectId,
    /// The fields that differ, in the order of the object.
    pub fields: Vec<FieldChange>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Path of the field, in kustomize's form: `spec.template.spec.containers.[name=web].image`.
    pub path: String,
    /// Pointer into the new object, or into the old one if the field is removed.
    pub pointer: Pointer,
    /// Kind of the difference.
    pub kind: FieldChangeKind,
}

/// Ways in which a field differs.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldChangeKind {
    /// Only the new object has it.
    Added(Value),
    /// Only the old object has it.
    Removed(Value),
    /// The objects have different values: the old one and the new one.
    Changed(Value, Value),
    /// A list has the same elements in another order: what names them, old and new.
    Reordered(Vec<String>, Vec<String>),
}

/// Numbers of differences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects that are added.
    pub added: usize,
    /// Objects that are removed.
    pub removed: usize,
    /// Objects with fields that differ in more than their order.
    pub changed: usize,
    /// Objects in which only the order of lists differs.
    pub reordered: usize,
    /// Fields that differ in more than their order, over all changed objects.
    pub fields: usize,
}

/// Compares two sets of objects.
pub fn differences(
    old: &BTreeMap<ObjectId, Object>,
    new: &BTreeMap<ObjectId, Object>,
) -> Differences {
    let pairs = pair(old, new);
    let partner: BTreeMap<&ObjectId, &ObjectId> =
        pairs.iter().map(|(one, other)| (*other, *one)).collect();
    let alone = |set: &BTreeMap<ObjectId, Object>, is_paired: &dyn Fn(&ObjectId) -> bool| {
        set.keys().filter(|id| !is_paired(id)).cloned().collect()
    };
    let changed = new.iter().filter_map(|(id, object)| {
        let fields = fields::changes(old.get(*partner.get(id)?)?.value(), object.value());
        let fields: Vec<_> = fields
            .into_iter()
            .map(|change| mask::hide_secrets(id, change))
            .collect();
        (!fields.is_empty()).then(|| ObjectChange {
            id: id.clone(),
            fields,
        })
    });
    Differences {
        added: alone(new, &|id| partner.contains_key(id)),
        removed: alone(old, &|id| pairs.contains_key(id)),
        changed: changed.collect(),
    }
}

impl Differences {
    /// Checks whether the sets are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Numbers of differences.
    pub fn counts(&self) -> Counts {
        let reordered = self
            .changed
            .iter()
            .filter(|change| change.is_order_only())
            .count();
        let fields = self
            .changed
            .iter()
            .flat_map(|change| &change.fields)
            .filter(|change| !change.is_order_only());
        Counts {
            added: self.added.len(),
            removed: self.removed.len(),
            changed: self.changed.len() - reordered,
            reordered,
            fields: fields.count(),
        }
    }
}

impl Counts {
    /// Adds the numbers of other differences.
    pub fn add(&mut self, other: &Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.changed += other.changed;
        self.reordered += other.reordered;
        self.fields += other.fields;
    }
}

impl ObjectChange {
    /// Checks whether nothing but the order of lists differs.
    pub fn is_order_only(&self) -> bool {
        self.fields.iter().all(FieldChange::is_order_only)
    }
}

impl FieldChange {
    /// Checks whether it is a list of which only the order differs.
    pub fn is_order_only(&self) -> bool {
        matches!(self.kind, FieldChangeKind::Reordered(..))
    }
}

/// The objects that both sets have, old to new. The version of the API does not tell objects apart: where it changes, that
/// is a change of the field `apiVersion`.
fn pair<'a>(
    old: &'a BTreeMap<ObjectId, Object>,
    new: &'a BTreeMap<ObjectId, Object>,
) -> BTreeMap<&'a ObjectId, &'a ObjectId> {
    let mut pairs: BTreeMap<&ObjectId, &ObjectId> = old
        .keys()
        .filter_map(|id| Some((id, new.get_key_value(id)?.0)))
        .collect();
    let mut rest: BTreeMap<_, _> = new
        .keys()
        .filter(|id| !old.contains_key(*id))
        .map(|id| (without_version(id), id))
        .collect();
    for id in old.keys().filter(|id| !new.contains_key(*id)) {
        if let Some(partner) = rest.remove(&without_version(id)) {
            pairs.insert(id, partner);
        }
    }
    pairs
}

fn without_version(id: &ObjectId) -> (&str, &str, Option<&str>, &str) {
    (&id.group, &id.kind, id.namespace.as_deref(), &id.name)
}

#[cfg(test)]
mod tests;
