//! JSON Schemas (2020-12) of the input kinds, generated from the model's types.
//!
//! A doc comment of the model is what an editor shows. Site and Profile files are layers of a merge: nothing below `spec` is required in
//! them and any field can be `null`, which removes it. The merged site is held against the strict form.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::InputKind;
use super::formats::expand_number_format;
use super::walk::{below, change_below};
use crate::model::{API_VERSION, AppSpec, FleetSpec, ImagesSpec, OperatorsSpec, Removal, SiteSpec};

/// Generates the schema of the files of a kind.
pub fn input_schema(kind: InputKind) -> Value {
    match kind {
        InputKind::Fleet
        | InputKind::App
        | InputKind::Removal
        | InputKind::Images
        | InputKind::Operators => document(kind),
        InputKind::Site | InputKind::Profile => layer(document(kind)),
    }
}

/// Generates the schema of a site after its profiles are merged into it.
pub fn merged_site_schema() -> Value {
    document(InputKind::Site)
}

/// Generates the schema of a whole document: heading, metadata and spec.
fn document(kind: InputKind) -> Value {
    let mut spec = match kind {
        InputKind::Fleet => generated::<FleetSpec>(),
        InputKind::Site | InputKind::Profile => generated::<SiteSpec>(),
        InputKind::App => generated::<AppSpec>(),
        InputKind::Removal => generated::<Removal>(),
        InputKind::Images => generated::<ImagesSpec>(),
        InputKind::Operators => generated::<OperatorsSpec>(),
    };
    let definitions = spec.remove("$defs").unwrap_or_else(|| json!({}));
    for heading in ["$schema", "title"] {
        spec.remove(heading);
    }
    if kind == InputKind::Profile {
        // A profile is made of no others.
        remove_property(&mut spec, "profiles");
    }
    let mut required = vec!["apiVersion", "kind", "metadata"];
    if spec.contains_key("required") {
        required.push("spec");
    }
    let name = kind.name();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": spec.get("description"),
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": {
            "apiVersion": {"description": "The version of the input language.", "const": API_VERSION},
            "kind": {"description": "What the file describes.", "const": name},
            "metadata": metadata(kind),
            "spec": spec,
        },
        "$defs": definitions,
    })
}

fn remove_property(schema: &mut Map<String, Value>, name: &str) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.remove(name);
    }
}

fn metadata(kind: InputKind) -> Value {
    let name = match kind {
        InputKind::Fleet => "The fleet's name.",
        InputKind::Site => "The site's name; also the file's name.",
        InputKind::Profile => "The profile's name; also the file's name.",
        InputKind::App => "The app's name; also its directory's name.",
        InputKind::Removal => "The removal's name; also the file's name.",
        InputKind::Images => "`images`, the file's name.",
        InputKind::Operators => "`operators`, the file's name.",
    };
    json!({
        "description": "How it is called.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": name,
                "type": "string",
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                "x-expects": "lower-case letters, digits and `-`, with a letter or digit at both ends",
            },
            "labels": {
                "description": "Labels, as Kubernetes writes them.",
                "type": "object",
                "additionalProperties": {
                    "type": "string",
                    "maxLength": 63,
                    "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
                    "x-expects": "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
                },
            },
        },
    })
}

/// Generates the schema of a type and normalizes it for the best messages.
fn generated<T: JsonSchema>() -> Map<String, Value> {
    let schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    tidy(&mut schema);
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn tidy(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    change_below(map, &mut tidy);
    without_null(map);
    enum_of_constants(map);
    expand_number_format(map);
    integer_bounds(map);
    if map.get("default").is_some_and(says_nothing) {
        map.remove("default");
    }
}

/// Removes `null` from the types of optional fields: they are left out instead.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|t| t != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(one)] = branches.as_slice() {
            let one = one.clone();
            schema.remove("anyOf");
            for (key, value) in one {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

/// Turns `oneOf` of constants into an `enum` with a description of each; other spellings that are accepted stand behind them and in
/// `x-aliases`.
fn enum_of_constants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else {
        return;
    };
    let Some(choices) = branches
        .iter()
        .map(|b| b.get("const").cloned())
        .collect::<Option<Vec<_>>>()
    else {
        return;
    };
    let descriptions: Vec<Value> = branches
        .iter()
        .map(|b| b.get("description").cloned().unwrap_or_default())
        .collect();
    let aliases: Vec<Value> = branches
        .iter()
        .filter_map(|b| b.get("x-aliases")?.as_array())
        .flatten()
        .cloned()
        .collect();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert(
        "enum".to_owned(),
        choices.into_iter().chain(aliases.clone()).collect(),
    );
    schema.insert(
        "markdownEnumDescriptions".to_owned(),
        Value::Array(descriptions),
    );
    if !aliases.is_empty() {
        schema.insert("x-aliases".to_owned(), Value::Array(aliases));
    }
}

/// Replaces the formats of Rust's integers, which no validator knows, by bounds.
fn integer_bounds(schema: &mut Map<String, Value>) {
    let (minimum, maximum) = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => (json!(0), json!(u8::MAX)),
        Some("uint16") => (json!(0), json!(u16::MAX)),
        Some("uint32") => (json!(0), json!(u32::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
        _ => return,
    };
    schema.remove("format");
    schema.entry("minimum").or_insert(minimum);
    schema.entry("maximum").or_insert(maximum);
}

/// Checks for a default that anybody would expect of a field that is left out.
fn says_nothing(default: &Value) -> bool {
    match default {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Null | Value::Object(_) => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Relaxes a schema for files that are merged: below `spec`, nothing is required and fields can be `null`. Lists replace as a whole, so what is
/// in them stays strict.
fn layer(mut document: Value) -> Value {
    let Some(Value::Object(definitions)) = document.get_mut("$defs").map(Value::take) else {
        return document;
    };
    let mut made = Map::new();
    if let Some(spec) = document.pointer_mut("/properties/spec") {
        relax(spec, &definitions, &mut made);
    }
    let mut all = definitions;
    all.extend(made);
    let used = used_definitions(&document, &all);
    all.retain(|name, _| used.contains(name));
    document["$defs"] = Value::Object(all);
    document
}

/// Relaxes a schema; definitions that it refers to get a relaxed twin, which is put into `made`.
fn relax(schema: &mut Value, definitions: &Map<String, Value>, made: &mut Map<String, Value>) {
    let Value::Object(map) = schema else { return };
    map.remove("required");
    map.remove("default");
    nullable(map);
    if let Some(Value::Object(fields)) = map.get_mut("properties") {
        fields
            .values_mut()
            .for_each(|field| relax(field, definitions, made));
    }
    if let Some(others) = map.get_mut("additionalProperties") {
        relax(others, definitions, made);
    }
    let Some(name) = referred(map) else { return };
    let twin = format!("{name}Layer");
    map.insert("$ref".to_owned(), json!(format!("#/$defs/{twin}")));
    if !made.contains_key(&twin) {
        made.insert(twin.clone(), Value::Null);
        let mut relaxed = definitions.get(&name).cloned().unwrap_or_default();
        relax(&mut relaxed, definitions, made);
        made.insert(twin, relaxed);
    }
}

fn nullable(schema: &mut Map<String, Value>) {
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!("null")),
        Some(one) => *one = json!([one.take(), "null"]),
        None => {}
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.push(Value::Null);
    }
}

/// Returns the name of the definition that a schema refers to.
fn referred(schema: &Map<String, Value>) -> Option<String> {
    schema
        .get("$ref")?
        .as_str()?
        .strip_prefix("#/$defs/")
        .map(str::to_owned)
}

/// Collects the definitions that can be reached from a document.
fn used_definitions(
    document: &Value,
    definitions: &Map<String, Value>,
) -> std::collections::BTreeSet<String> {
    let mut used = std::collections::BTreeSet::new();
    let mut open = vec![document];
    while let Some(schema) = open.pop() {
        let Value::Object(map) = schema else { continue };
        open.extend(below(map).into_iter().map(|(_, schema)| schema));
        if let Some(name) = referred(map)
            && used.insert(name.clone())
        {
            open.extend(definitions.get(&name));
        }
    }
    used
}
