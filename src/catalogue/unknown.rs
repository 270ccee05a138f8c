//! Kinds that the catalogue does not know, and that look as if they led to pods.

use serde_json::Value;

use crate::manifest::Object;
use pointer_diagnostics::Pointer;

/// The first place in an object that looks like a pod: a map with a list of containers, each with a name and an image.
pub fn carries_pods(object: &Object) -> Option<Pointer> {
    find(object.value(), &Pointer::root())
}

fn find(value: &Value, at: &Pointer) -> Option<Pointer> {
    match value {
        Value::Object(map) if map.get("containers").is_some_and(is_container_list) => {
            Some(at.clone())
        }
        Value::Object(map) => map.iter().find_map(|(key, inner)| find(inner, &at.at(key))),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, inner)| find(inner, &at.at(index))),
        _ => None,
    }
}

fn is_container_list(value: &Value) -> bool {
    let is_container = |c: &Value| {
        c.get("name").is_some_and(Value::is_string) && c.get("image").is_some_and(Value::is_string)
    };
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.iter().all(is_container))
}
