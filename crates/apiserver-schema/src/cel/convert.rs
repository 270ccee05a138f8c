//! From JSON to CEL values, as `k8s.io/apiserver/pkg/cel/common` does: declared fields under escaped names, map keys as
//! they are, strings with a time format as times.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use kube_cel::cel::Value as CelValue;
use kube_cel::cel::objects::{Key, Map as CelMap};
use serde_json::{Map, Number, Value};

use crate::builtin::Library;
use crate::schema::{Embedding, Format, StructuralSchema, ValueType, parse_loose_duration};

/// Words that CEL reserves, which Kubernetes escapes as names of fields (`k8s.io/apiserver/pkg/cel/escaping.go`).
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Converts a value without a schema: what an admission policy sees. Names are not escaped.
pub(crate) fn convert_dynamic(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => convert_number(number),
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => {
            CelValue::List(Arc::new(items.iter().map(convert_dynamic).collect()))
        }
        Value::Object(map) => make_map(
            map.iter()
                .map(|(key, value)| (Cow::Borrowed(key.as_str()), convert_dynamic(value))),
        ),
    }
}

/// Converts a value as its schema describes it: what a rule of a custom resource sees as `self`.
///
/// Fields that the schema does not declare are invisible, unless the value is a map.
pub(crate) fn convert_with_schema(
    value: &Value,
    schema: &StructuralSchema,
    library: &Library,
) -> CelValue {
    match value {
        Value::String(text) => convert_string(text, schema.format),
        Value::Number(number) if schema.value_type == ValueType::Number => {
            CelValue::Float(number.as_f64().unwrap_or(f64::NAN))
        }
        Value::Number(number) => convert_number(number),
        Value::Array(items) => match &schema.items {
            Some(child) => {
                let child = library.resolve(child);
                CelValue::List(Arc::new(
                    items
                        .iter()
                        .map(|item| convert_with_schema(item, child, library))
                        .collect(),
                ))
            }
            None => convert_dynamic(value),
        },
        Value::Object(map) => convert_object(map, schema, library),
        Value::Null | Value::Bool(_) => convert_dynamic(value),
    }
}

fn convert_object(
    map: &Map<String, Value>,
    schema: &StructuralSchema,
    library: &Library,
) -> CelValue {
    if let Some(child) = &schema.additional {
        let child = library.resolve(child);
        return make_map(map.iter().map(|(key, value)| {
            (
                Cow::Borrowed(key.as_str()),
                convert_with_schema(value, child, library),
            )
        }));
    }
    let declares = !schema.properties.is_empty() || schema.embedding == Embedding::Resource;
    if !declares {
        return convert_dynamic(&Value::Object(map.clone()));
    }
    make_map(map.iter().filter_map(|(key, value)| {
        let converted = match schema.property(key) {
            Some(child) => convert_with_schema(value, library.resolve(child), library),
            None => convert_undeclared(key, value, schema)?,
        };
        Some((escape_name(key), converted))
    }))
}

/// Converts a field that the schema does not declare: only the metadata of embedded objects is visible.
fn convert_undeclared(key: &str, value: &Value, schema: &StructuralSchema) -> Option<CelValue> {
    match key {
        "apiVersion" | "kind" if schema.embedding == Embedding::Resource => {
            Some(convert_dynamic(value))
        }
        "metadata" if schema.embedding == Embedding::Resource => Some(convert_metadata(value)),
        _ => None,
    }
}

/// Converts the metadata of an object: rules see its name and generateName only.
pub(super) fn convert_metadata(value: &Value) -> CelValue {
    let fields = ["name", "generateName"]
        .into_iter()
        .filter_map(|name| Some((name, value.get(name)?)));
    make_map(fields.map(|(name, value)| (Cow::Borrowed(name), convert_dynamic(value))))
}

/// Makes a map of fields.
pub(crate) fn make_map<'a>(fields: impl Iterator<Item = (Cow<'a, str>, CelValue)>) -> CelValue {
    let map = fields
        .map(|(key, value)| (Key::String(Arc::new(key.into_owned())), value))
        .collect();
    CelValue::Map(CelMap { map: Arc::new(map) })
}

fn convert_number(number: &Number) -> CelValue {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), ..) => CelValue::Int(value),
        (_, Some(value), _) => CelValue::UInt(value),
        (_, _, value) => CelValue::Float(value.unwrap_or(f64::NAN)),
    }
}

fn convert_string(text: &str, format: Option<Format>) -> CelValue {
    let plain = || CelValue::String(Arc::new(text.to_owned()));
    match format {
        Some(Format::DateTime) => {
            chrono::DateTime::parse_from_rfc3339(text).map_or_else(|_| plain(), CelValue::Timestamp)
        }
        Some(Format::Date) => {
            let midnight = format!("{text}T00:00:00Z");
            chrono::DateTime::parse_from_rfc3339(&midnight)
                .map_or_else(|_| plain(), CelValue::Timestamp)
        }
        Some(Format::LooseDuration) => {
            parse_loose_duration(text).map_or_else(plain, CelValue::Duration)
        }
        Some(Format::Byte | Format::FilledByte) => base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_or_else(|_| plain(), |bytes| CelValue::Bytes(Arc::new(bytes))),
        _ => plain(),
    }
}

/// Escapes the name of a declared field; single underscores stay as they are.
fn escape_name(name: &str) -> Cow<'_, str> {
    if RESERVED.contains(&name) {
        return Cow::Owned(format!("__{name}__"));
    }
    if !name.contains(['.', '-', '/', '$']) && !name.contains("__") {
        return Cow::Borrowed(name);
    }
    let escaped = name.replace("__", "__underscores__");
    let escaped = escaped
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__");
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::escape_name;

    #[test]
    fn names_are_escaped_as_by_the_api_server() {
        assert_eq!(escape_name("my_field"), "my_field");
        assert_eq!(escape_name("namespace"), "__namespace__");
        assert_eq!(
            escape_name("a-b.c/d__e"),
            "a__dash__b__dot__c__slash__d__underscores__e"
        );
    }
}
