//! Differences as JSON.

use serde_json::{Value, json};

use super::{Differences, FieldChange, FieldChangeKind, ObjectChange};

/// The differences as a JSON value, with the counts first in meaning: `counts`, `added`, `removed`, `changed`.
pub fn to_json(differences: &Differences) -> Value {
    let counts = differences.counts();
    json!({
        "counts": {
            "added": counts.added,
            "removed": counts.removed,
            "changed": counts.changed,
            "reordered": counts.reordered,
            "fields": counts.fields,
        },
        "added": differences.added,
        "removed": differences.removed,
        "changed": differences.changed.iter().map(object).collect::<Vec<_>>(),
    })
}

fn object(change: &ObjectChange) -> Value {
    json!({"object": change.id, "fields": change.fields.iter().map(field).collect::<Vec<_>>()})
}

fn field(change: &FieldChange) -> Value {
    let (path, pointer) = (&change.path, change.pointer.as_str());
    match &change.kind {
        FieldChangeKind::Added(new) => {
            json!({"path": path, "pointer": pointer, "kind": "added", "new": new})
        }
        FieldChangeKind::Removed(old) => {
            json!({"path": path, "pointer": pointer, "kind": "removed", "old": old})
        }
        FieldChangeKind::Changed(old, new) => {
            json!({"path": path, "pointer": pointer, "kind": "changed", "old": old, "new": new})
        }
        FieldChangeKind::Reordered(old, new) => {
            json!({"path": path, "pointer": pointer, "kind": "reordered", "old": old, "new": new})
        }
    }
}
