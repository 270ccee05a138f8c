//! The keywords of JSON Schema (2020-12), and the subschemas below each.

use serde_json::{Map, Value};

use pointer_diagnostics::Pointer;

/// Keywords whose value is one schema.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a map of schemas.
const MAP: [&str; 5] = [
    "$defs",
    "definitions",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
/// Keywords whose value is a list of schemas.
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords without schemas below them.
const PLAIN: [&str; 37] = [
    "$comment",
    "$ref",
    "$schema",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "enumDescriptions",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "markdownDescription",
    "markdownEnumDescriptions",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "unique",
    "uniqueItems",
    "writeOnly",
];
/// Lists all keywords that a schema may have, beside those that begin with `x-`.
pub(super) fn keywords() -> impl Iterator<Item = &'static str> {
    ONE.into_iter().chain(MAP).chain(LIST).chain(PLAIN)
}

/// Lists the schemas directly below a schema, with their places in it.
pub(super) fn below(schema: &Map<String, Value>) -> Vec<(Pointer, &Value)> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let here = Pointer::root().at(keyword);
        match value {
            Value::Object(map) if MAP.contains(&keyword.as_str()) => {
                found.extend(map.iter().map(|(key, schema)| (here.at(key), schema)));
            }
            Value::Array(list) if LIST.contains(&keyword.as_str()) => {
                found.extend(
                    list.iter()
                        .enumerate()
                        .map(|(i, schema)| (here.at(i), schema)),
                );
            }
            schema if ONE.contains(&keyword.as_str()) => found.push((here, schema)),
            _ => {}
        }
    }
    found
}

/// Calls `change` for every schema directly below a schema.
pub(super) fn change_below(schema: &mut Map<String, Value>, change: &mut dyn FnMut(&mut Value)) {
    for (keyword, value) in schema {
        match value {
            Value::Object(map) if MAP.contains(&keyword.as_str()) => {
                map.values_mut().for_each(&mut *change);
            }
            Value::Array(list) if LIST.contains(&keyword.as_str()) => {
                list.iter_mut().for_each(&mut *change);
            }
            schema if ONE.contains(&keyword.as_str()) => change(schema),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_property_named_like_a_keyword_is_a_property() {
        let schema = json!({"properties": {"items": {"type": "string"}, "not": true}, "items": {"const": {"not": 1}}});
        let places: Vec<String> = below(schema.as_object().unwrap())
            .into_iter()
            .map(|(p, _)| p.as_str().to_owned())
            .collect();
        assert_eq!(places, ["/items", "/properties/items", "/properties/not"]);
    }
}
