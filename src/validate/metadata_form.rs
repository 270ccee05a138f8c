//! The forms of names, labels and annotations that the API server takes: in an object's own metadata, and in that of every template in it.

use kubernetes_vocabulary::annotations::TOTAL_SIZE_LIMIT;
use kubernetes_vocabulary::names::{
    is_dns_1035_label, is_dns_label, is_dns_subdomain, is_label_value, is_path_segment,
    is_qualified_name,
};
use pointer_diagnostics::Pointer;
use serde_json::{Map, Value};

use super::refusal::{FindingClass, ServerRefusal};

const LABEL_KEY: &str =
    "`name` or `prefix/name`, with at most 63 letters, digits, `-`, `_` and `.` in the name";
const LABEL_VALUE: &str =
    "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

/// Finds names, labels and annotations of a form that the API server refuses. A name that is no text is the business of the schema.
pub(super) fn find_malformed_metadata(object: &Value) -> Vec<ServerRefusal> {
    let mut found = Vec::new();
    check_name(object, &mut found);
    let namespace = object
        .pointer("/metadata/namespace")
        .and_then(Value::as_str);
    if let Some(namespace) = namespace.filter(|n| !n.is_empty() && !is_dns_label(n)) {
        let expected = "expected at most 63 lower-case letters, digits and dashes";
        let at = Pointer::parse("/metadata/namespace");
        found.push(refuse(
            at,
            "metadata.namespace",
            format!("`{namespace}`: {expected}"),
        ));
    }
    check_below(object, &Pointer::root(), "", &mut found);
    found
}

fn refuse(pointer: Pointer, field: &str, message: String) -> ServerRefusal {
    ServerRefusal {
        class: FindingClass::Metadata,
        pointer,
        field: field.to_owned(),
        message,
        nearest: None,
    }
}

fn check_name(object: &Value, found: &mut Vec<ServerRefusal>) {
    let written = object.pointer("/metadata/name");
    if written.is_some_and(|name| !name.is_string()) {
        return;
    }
    let name = written.and_then(Value::as_str).unwrap_or_default();
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/');
    let group = group.map_or("", |(group, _)| group);
    let (is_good, expected): (fn(&str) -> bool, &str) = match (group, text("kind")) {
        ("rbac.authorization.k8s.io", _) => (is_path_segment, "no slash and no percent sign"),
        ("", "Namespace") => (
            is_dns_label,
            "at most 63 lower-case letters, digits and dashes",
        ),
        ("", "Service") => (
            is_dns_1035_label,
            "at most 63 lower-case letters, digits and dashes, a letter first",
        ),
        // Users, groups and image stream tags are named by rules of their own.
        ("user.openshift.io" | "image.openshift.io" | "security.openshift.io", _) => {
            (is_path_segment, "no slash")
        }
        _ => (
            is_dns_subdomain,
            "at most 253 lower-case letters, digits, dashes and dots",
        ),
    };
    let is_generated = name.is_empty() && object.pointer("/metadata/generateName").is_some();
    if !is_generated && !is_good(name) {
        let at = Pointer::parse("/metadata/name");
        found.push(refuse(
            at,
            "metadata.name",
            format!("`{name}`: expected {expected}"),
        ));
    }
}

/// Looks into every `metadata` below a value: that of the object and those of templates.
fn check_below(value: &Value, at: &Pointer, field: &str, found: &mut Vec<ServerRefusal>) {
    match value {
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                check_below(inner, &at.at(index), &format!("{field}[{index}]"), found);
            }
        }
        Value::Object(map) => {
            for (key, inner) in map.iter().filter(|(_, v)| v.is_object() || v.is_array()) {
                let dot = if field.is_empty() { "" } else { "." };
                let (at, field) = (at.at(key), format!("{field}{dot}{key}"));
                if let ("metadata", Value::Object(metadata)) = (key.as_str(), inner) {
                    check_maps(metadata, &at, &field, found);
                }
                check_below(inner, &at, &field, found);
            }
        }
        _ => {}
    }
}

fn check_maps(
    metadata: &Map<String, Value>,
    at: &Pointer,
    field: &str,
    found: &mut Vec<ServerRefusal>,
) {
    let mut add = |map: &str, key: &str, message: String| {
        let field = format!("{field}.{map}[{key}]");
        found.push(refuse(at.at(map).at(key), &field, message));
    };
    if let Some(Value::Object(labels)) = metadata.get("labels") {
        for (key, value) in labels {
            if !is_qualified_name(key) {
                add(
                    "labels",
                    key,
                    format!("the key `{key}`: expected {LABEL_KEY}"),
                );
            }
            match value.as_str() {
                None => add(
                    "labels",
                    key,
                    format!("{value}: expected text, in quotes where YAML reads something else"),
                ),
                Some(text) if !is_label_value(text) => {
                    add("labels", key, format!("`{text}`: expected {LABEL_VALUE}"));
                }
                Some(_) => {}
            }
        }
    }
    if let Some(Value::Object(annotations)) = metadata.get("annotations") {
        for (key, value) in annotations {
            if !is_qualified_name(key) {
                add(
                    "annotations",
                    key,
                    format!("the key `{key}`: expected {LABEL_KEY}"),
                );
            }
            if !value.is_string() {
                let message =
                    format!("{value}: expected text, in quotes where YAML reads something else");
                add("annotations", key, message);
            }
        }
        let sizes = annotations.iter();
        let size: usize = sizes
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum();
        if size > TOTAL_SIZE_LIMIT {
            let message =
                format!("{size} bytes of annotations: expected at most {TOTAL_SIZE_LIMIT} in all");
            let field = format!("{field}.annotations");
            found.push(refuse(at.at("annotations"), &field, message));
        }
    }
}
