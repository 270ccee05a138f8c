//! Schemas of CustomResourceDefinitions: the structure that the API server requires
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go` `ValidateStructural`,
//! `pkg/apis/apiextensions/validation/validation.go` `ValidateCustomResourceDefinitionOpenAPISchema`). Expressions, patterns and
//! defaults are not looked into.

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::violation::Cause;
use serde_json::Value;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const LIST_TYPE: &str = "x-kubernetes-list-type";
const LIST_KEYS: &str = "x-kubernetes-list-map-keys";
const MAP_TYPE: &str = "x-kubernetes-map-type";

/// Members that a schema within `allOf`, `anyOf`, `oneOf` or `not` cannot have.
const NOT_NESTED: [&str; 11] = [
    "type",
    "additionalProperties",
    "default",
    "title",
    "description",
    INT_OR_STRING,
    PRESERVE,
    EMBEDDED,
    LIST_TYPE,
    LIST_KEYS,
    MAP_TYPE,
];

/// The depth to which nested schemas are checked.
const DEPTH_MOST: usize = 64;

/// The place of a schema: at the root, or within another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SchemaPlace {
    Root,
    Within,
}

/// Checks the schema of a version.
pub(crate) fn check_root_schema(schema: &Field, report: &mut Report) {
    if schema.value().is_object() {
        check_schema(schema, SchemaPlace::Root, 0, report);
    }
}

fn check_schema(schema: &Field, place: SchemaPlace, depth: usize, report: &mut Report) {
    if !schema.value().is_object() || depth > DEPTH_MOST {
        return;
    }
    check_type(schema, place, report);
    check_extensions(schema, report);
    check_list(schema, report);
    let additional = schema.get("additionalProperties");
    let properties = schema.get("properties");
    if additional.exists() && place == SchemaPlace::Root {
        let message = "at the root: expected named properties";
        report.forbidden(&additional, &rules::STRUCTURAL_SCHEMA, message);
    } else if additional.exists() && !additional.is_true() && properties.count() > 0 {
        let message = "`additionalProperties` beside `properties`: expected one";
        report.forbidden(&additional, &rules::STRUCTURAL_SCHEMA, message);
    }
    check_schema(&additional, SchemaPlace::Within, depth + 1, report);
    check_schema(&schema.get("items"), SchemaPlace::Within, depth + 1, report);
    for (name, property) in properties.entries() {
        if place == SchemaPlace::Root && name == "metadata" {
            check_root_metadata(&property, report);
        } else {
            check_schema(&property, SchemaPlace::Within, depth + 1, report);
        }
    }
    check_junctors(schema, depth, report);
}

/// Requires a type, which the API server prunes by.
fn check_type(schema: &Field, place: SchemaPlace, report: &mut Report) {
    let kind = schema.get("type");
    let text = kind.text();
    let untyped = schema.get(INT_OR_STRING).is_true() || schema.get(PRESERVE).is_true();
    let is_object = place == SchemaPlace::Root || schema.get(EMBEDDED).is_true();
    if kind.is_blank() {
        if place == SchemaPlace::Root || !untyped {
            report.required(&kind, "missing: a type is required");
        }
    } else if !kind.value().is_string() {
        // The schema of definitions refuses it.
    } else if !TYPES.contains(&text) {
        report.unsupported(&kind, text, &TYPES);
    } else if is_object && text != "object" {
        let message = format!("`{text}`: expected `object` here");
        report.invalid(&kind, &rules::STRUCTURAL_SCHEMA, message);
    }
    let items = schema.get("items");
    if text == "array" && !items.exists() {
        report.required(&items, "missing: an array needs a schema of its items");
    }
}

fn check_extensions(schema: &Field, report: &mut Report) {
    let unique = schema.get("uniqueItems");
    if unique.is_true() {
        let message = format!("`true` costs too much: expected `{LIST_TYPE}: set`");
        report.forbidden(&unique, &rules::STRUCTURAL_SCHEMA, message);
    }
    let preserve = schema.get(PRESERVE);
    if preserve.is_false() {
        let message = "`false`: expected `true` or nothing";
        report.invalid(&preserve, &rules::STRUCTURAL_SCHEMA, message);
    }
    for name in [PRESERVE, EMBEDDED] {
        let field = schema.get(name);
        if field.is_true() && schema.get(INT_OR_STRING).is_true() {
            let message = format!("`{name}` beside `{INT_OR_STRING}`: expected one");
            report.invalid(&field, &rules::STRUCTURAL_SCHEMA, message);
        }
    }
    let properties = schema.get("properties");
    if schema.get(EMBEDDED).is_true() && !preserve.is_true() && properties.is_empty() {
        report.required(
            &properties,
            format!("missing: `{EMBEDDED}` needs them, or `{PRESERVE}`"),
        );
    }
    for (name, wanted, values) in [
        (LIST_TYPE, "array", &["atomic", "map", "set"][..]),
        (MAP_TYPE, "object", &["atomic", "granular"]),
    ] {
        let (field, kind) = (schema.get(name), schema.get("type"));
        if !field.exists() {
            continue;
        }
        report.exactly_one_of(&field, values);
        if !kind.is_blank() && kind.text() != wanted {
            let message = format!(
                "`{}` beside `{name}`: expected `{wanted}`",
                shorten(kind.text())
            );
            report.invalid(&kind, &rules::STRUCTURAL_SCHEMA, message);
        }
    }
}

/// Checks lists whose items have keys.
fn check_list(schema: &Field, report: &mut Report) {
    let (kind, keys, items) = (
        schema.get(LIST_TYPE),
        schema.get(LIST_KEYS),
        schema.get("items"),
    );
    if kind.text() != "map" {
        if keys.count() > 0 && kind.exists() {
            let message = format!(
                "`{}` beside `{LIST_KEYS}`: expected `map`",
                shorten(kind.text())
            );
            report.invalid(&kind, &rules::STRUCTURAL_SCHEMA, message);
        } else if keys.count() > 0 {
            report.required(&kind, format!("missing: `{LIST_KEYS}` needs `map`"));
        }
        return;
    }
    report.present(&keys);
    let item_type = items.get("type");
    if items.exists() && item_type.text() != "object" {
        let message = format!(
            "`{}` in a list with keys: expected `object`",
            item_type.text()
        );
        report.invalid(&item_type, &rules::STRUCTURAL_SCHEMA, message);
        return;
    }
    let properties = items.get("properties");
    let mut seen = Seen::new();
    for key in keys.items() {
        let place = key.unplaced();
        let property = properties.key(key.text());
        if !property.exists() {
            let message = format!("`{}` is no property of the items", shorten(key.text()));
            report.invalid(&place, &rules::STRUCTURAL_SCHEMA, message);
        } else if matches!(property.get("type").text(), "array" | "object") {
            let message = format!("`{}` is a key: expected a scalar type", shorten(key.text()));
            report.invalid(&property.get("type"), &rules::STRUCTURAL_SCHEMA, message);
        }
        if !seen.insert(key.text()) {
            let message = format!("`{}` is listed twice", shorten(key.text()));
            report.invalid(&place, &rules::STRUCTURAL_SCHEMA, message);
        }
    }
}

/// Checks the schema of an object's own metadata, of which only names can be bounded.
fn check_root_metadata(schema: &Field, report: &mut Report) {
    let kind = schema.get("type");
    if kind.text() != "object" {
        let message = format!("`{}`: expected `object`", shorten(kind.text()));
        report.add(&kind, Cause::Invalid, &rules::STRUCTURAL_SCHEMA, message);
    }
    let known = |name: &str| matches!(name, "name" | "generateName");
    let more = schema
        .get("properties")
        .entries()
        .any(|(name, _)| !known(name))
        || schema
            .entries()
            .any(|(name, _)| !matches!(name, "type" | "properties"));
    if more {
        let message = "more than `name` and `generateName`, which metadata has by itself";
        report.forbidden(schema, &rules::STRUCTURAL_SCHEMA, message);
    }
}

/// Checks alternatives, which only bound what the schema around them describes.
fn check_junctors(schema: &Field, depth: usize, report: &mut Report) {
    for junctor in ["allOf", "anyOf", "oneOf"] {
        let list = schema.get(junctor);
        if junctor == "anyOf" && is_int_or_string(list.value()) {
            continue;
        }
        for (place, part) in list.items().enumerate() {
            let first_of_all = junctor == "allOf" && place == 0;
            if !(first_of_all && is_int_or_string(part.get("anyOf").value())) {
                check_nested(&part, depth + 1, report);
            }
        }
    }
    check_nested(&schema.get("not"), depth + 1, report);
}

fn check_nested(schema: &Field, depth: usize, report: &mut Report) {
    if !schema.value().is_object() || depth > DEPTH_MOST {
        return;
    }
    for name in NOT_NESTED {
        let field = schema.get(name);
        if !field.is_blank() && !field.is_empty() && !field.is_false() {
            let message =
                format!("`{name}` within an alternative: expected it in the schema around it");
            report.forbidden(&field, &rules::STRUCTURAL_SCHEMA, message);
        }
    }
    check_nested(&schema.get("items"), depth + 1, report);
    for (_, property) in schema.get("properties").entries() {
        check_nested(&property, depth + 1, report);
    }
    check_junctors(schema, depth, report);
}

/// Tells that alternatives are those of a number or a string.
fn is_int_or_string(list: &Value) -> bool {
    let Some([first, second]) = list.as_array().map(Vec::as_slice) else {
        return false;
    };
    let is = |schema: &Value, kind: &str| {
        schema.as_object().is_some_and(|map| map.len() == 1)
            && schema.get("type").and_then(Value::as_str) == Some(kind)
    };
    is(first, "integer") && is(second, "string")
}
