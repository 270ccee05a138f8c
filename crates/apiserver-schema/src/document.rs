//! Documents as they come out of a cluster: a list stands for its items.

use serde_json::Value;

/// Reads a text that is not empty.
pub(crate) fn read_text(document: &Value, pointer: &str) -> Option<String> {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Returns the items of a document that is a list, like what `kubectl get -o yaml` prints of several objects.
pub(crate) fn list_items(document: &Value) -> Option<&Vec<Value>> {
    let kind = document.get("kind")?.as_str()?;
    if !kind.ends_with("List") {
        return None;
    }
    document.get("items")?.as_array()
}
