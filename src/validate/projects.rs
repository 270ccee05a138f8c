//! The fields of AppProjects.

use serde_json::Value;

use crate::manifest::Object;

/// Returns the entries of a list of the project's spec; none where it is absent or no list.
pub(super) fn project_entries<'a>(project: &'a Object, list: &str) -> &'a [Value] {
    project
        .get(&format!("/spec/{list}"))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns a text field of an entry, or the empty text.
pub(super) fn text_field<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}
