//! Hides the values of Secrets: that one changed is shown, not what it is.

use serde_json::Value;

use super::{FieldChange, FieldChangeKind};
use crate::manifest::ObjectId;
use pointer_diagnostics::Pointer;

/// Stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";

/// Fields of Secrets with values; the last is kubectl's copy of the whole object.
const SECRET: [&str; 3] = [
    "/data",
    "/stringData",
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
];

/// Hides the values of a change in a Secret; other objects' are shown.
pub(super) fn hide_secrets(id: &ObjectId, mut change: FieldChange) -> FieldChange {
    if id.kind == "Secret" && id.group.is_empty() {
        match &mut change.kind {
            FieldChangeKind::Added(value) | FieldChangeKind::Removed(value) => {
                hide(&change.pointer, value);
            }
            FieldChangeKind::Changed(old, new) => {
                hide(&change.pointer, old);
                hide(&change.pointer, new);
            }
            FieldChangeKind::Reordered(old, new) if is_secret(change.pointer.as_str()) => {
                old.iter_mut()
                    .chain(new)
                    .for_each(|name| HIDDEN.clone_into(name));
            }
            FieldChangeKind::Reordered(..) => {}
        }
    }
    change
}

fn hide(pointer: &Pointer, value: &mut Value) {
    match value {
        Value::Object(map) => map
            .iter_mut()
            .for_each(|(key, value)| hide(&pointer.at(key), value)),
        Value::Array(list) => list
            .iter_mut()
            .enumerate()
            .for_each(|(index, value)| hide(&pointer.at(index), value)),
        _ if is_secret(pointer.as_str()) => *value = Value::from(HIDDEN),
        _ => {}
    }
}

fn is_secret(pointer: &str) -> bool {
    SECRET.iter().any(|place| {
        pointer
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
