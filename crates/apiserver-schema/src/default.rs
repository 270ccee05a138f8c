//! Defaults of custom resources (`apiextensions-apiserver/pkg/apiserver/schema/defaulting`).

use std::borrow::Cow;

use serde_json::Value;

use crate::schema::{Child, Nulls, Presence, StructuralSchema};

/// Returns a value with the defaults of its schema; the value itself where nothing is missing.
///
/// A null where the schema allows none and has a default is replaced by the default.
pub(crate) fn apply_defaults<'v>(schema: &StructuralSchema, value: &'v Value) -> Cow<'v, Value> {
    if schema.defaults == Presence::Absent || !lacks_default(schema, value) {
        return Cow::Borrowed(value);
    }
    let mut defaulted = value.clone();
    fill_defaults(schema, &mut defaulted);
    Cow::Owned(defaulted)
}

fn inline(child: &Child) -> Option<&StructuralSchema> {
    match child {
        Child::Inline(schema) if schema.defaults == Presence::Present => Some(schema),
        _ => None,
    }
}

fn is_absent(schema: &StructuralSchema, value: Option<&Value>) -> bool {
    match value {
        None => true,
        Some(value) => value.is_null() && schema.nulls == Nulls::Refused,
    }
}

fn lacks_default(schema: &StructuralSchema, value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            let missing = schema
                .properties
                .iter()
                .filter_map(|(name, child)| Some((name, inline(child)?)))
                .any(|(name, child)| {
                    let field = map.get(name.as_ref());
                    child.default.is_some() && is_absent(child, field)
                        || field.is_some_and(|v| lacks_default(child, v))
                });
            let below = schema.additional.as_ref().and_then(inline);
            missing
                || below.is_some_and(|child| {
                    map.iter().any(|(name, value)| {
                        schema.property(name).is_none() && lacks_default(child, value)
                    })
                })
        }
        Value::Array(items) => {
            let child = schema.items.as_ref().and_then(inline);
            child.is_some_and(|child| items.iter().any(|item| lacks_default(child, item)))
        }
        _ => false,
    }
}

fn fill_defaults(schema: &StructuralSchema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, child) in &schema.properties {
                let Some(child) = inline(child) else { continue };
                if let Some(default) = &child.default
                    && is_absent(child, map.get(name.as_ref()))
                {
                    map.insert(name.to_string(), default.clone());
                }
                if let Some(field) = map.get_mut(name.as_ref()) {
                    fill_defaults(child, field);
                }
            }
            if let Some(child) = schema.additional.as_ref().and_then(inline) {
                for (name, field) in map.iter_mut() {
                    if schema.property(name).is_none() {
                        fill_defaults(child, field);
                    }
                }
            }
        }
        Value::Array(items) => {
            if let Some(child) = schema.items.as_ref().and_then(inline) {
                for item in items {
                    fill_defaults(child, item);
                }
            }
        }
        _ => {}
    }
}
