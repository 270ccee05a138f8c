//! Makes examples of a schema, and changes of them that the schema refuses.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value, json};

/// The choices that make one example differ from the next.
#[derive(Clone, Copy)]
pub(crate) struct ExampleChoices {
    /// Optional fields are given down to this depth.
    pub(crate) optional_depth: usize,
    /// Selects among alternatives and enumerated values.
    pub(crate) seed: usize,
}

/// Makes an example of a schema.
pub(crate) fn make_example(schema: &Value, choices: ExampleChoices) -> Value {
    make_value(schema, choices, 0)
}

fn make_value(schema: &Value, choices: ExampleChoices, depth: usize) -> Value {
    let schema = &merge_alternatives(schema, choices.seed);
    if let Some(values) = schema["enum"].as_array() {
        return values[choices.seed % values.len()].clone();
    }
    if let Some(default) = schema
        .get("default")
        .filter(|default| default.is_string() || default.is_number())
    {
        return default.clone();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        let text = schema["pattern"]
            .as_str()
            .map(|pattern| json!(make_string(&json!({"pattern": pattern}))));
        return text.unwrap_or(json!(1));
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => make_object(schema, choices, depth),
        "array" => {
            let count = schema["minItems"].as_u64().unwrap_or(1).max(1);
            Value::Array(
                (0..count)
                    .map(|index| make_item(&schema["items"], choices, depth, index))
                    .collect(),
            )
        }
        "string" => json!(make_string(schema)),
        "integer" | "number" => make_number(schema),
        "boolean" => json!(choices.seed.is_multiple_of(2)),
        _ => json!({}),
    }
}

/// Makes an item; items of one list differ where they can.
fn make_item(schema: &Value, choices: ExampleChoices, depth: usize, index: u64) -> Value {
    let mut item = make_value(schema, choices, depth + 1);
    if index > 0 {
        match &mut item {
            Value::String(text) => text.push_str(&index.to_string()),
            Value::Object(map) => {
                for value in map.values_mut().filter(|value| value.is_string()) {
                    *value = json!(format!("{}{index}", value.as_str().unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    item
}

fn make_object(schema: &Value, choices: ExampleChoices, depth: usize) -> Value {
    let mut map = Map::new();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        let wanted = depth < choices.optional_depth && !(depth == 0 && name == "status");
        let header = depth == 0 && ["apiVersion", "kind", "metadata"].contains(&name.as_str());
        if !header && (required.contains(&name.as_str()) || wanted) {
            map.insert(name.clone(), make_value(child, choices, depth + 1));
        }
    }
    if schema["additionalProperties"].is_object() {
        let count = schema["minProperties"].as_u64().unwrap_or(1).max(1);
        for index in 0..count {
            map.insert(
                format!("key{index}"),
                make_value(&schema["additionalProperties"], choices, depth + 1),
            );
        }
    }
    for name in required {
        map.entry(name).or_insert(json!("x"));
    }
    if schema["x-kubernetes-embedded-resource"] == true {
        map.insert("apiVersion".to_owned(), json!("v1"));
        map.insert("kind".to_owned(), json!("ConfigMap"));
        map.insert("metadata".to_owned(), json!({"name": "embedded"}));
    }
    Value::Object(map)
}

/// Merges `allOf` and one alternative of `anyOf` and `oneOf` into a schema.
fn merge_alternatives(schema: &Value, seed: usize) -> Value {
    let mut merged = schema.clone();
    let Some(map) = merged.as_object_mut() else {
        return merged;
    };
    let all: Vec<Value> = map
        .remove("allOf")
        .and_then(|v| v.as_array().cloned())
        .unwrap_or_default();
    let mut parts = all;
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(alternatives)) = map.remove(keyword) {
            parts.extend(alternatives.get(seed % alternatives.len().max(1)).cloned());
        }
    }
    for part in parts {
        merge_schema(&mut merged, &merge_alternatives(&part, seed));
    }
    merged
}

fn merge_schema(into: &mut Value, part: &Value) {
    let (Some(target), Some(source)) = (into.as_object_mut(), part.as_object()) else {
        return;
    };
    for (key, value) in source {
        match (target.get_mut(key), key.as_str()) {
            (Some(Value::Array(names)), "required") => {
                names.extend(value.as_array().into_iter().flatten().cloned());
            }
            (Some(present), "properties") => {
                for (name, child) in value.as_object().into_iter().flatten() {
                    match present.get_mut(name) {
                        Some(known) => merge_schema(known, child),
                        None => present[name] = child.clone(),
                    }
                }
            }
            (Some(present @ Value::Object(_)), "items" | "additionalProperties") => {
                merge_schema(present, value);
            }
            _ => _ = target.insert(key.clone(), value.clone()),
        }
    }
}

fn make_number(schema: &Value) -> Value {
    let step = schema["multipleOf"].as_f64().unwrap_or(1.0);
    let open = |keyword: &str| if schema[keyword] == true { step } else { 0.0 };
    let number = match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(minimum), _) => (minimum / step).ceil() * step + open("exclusiveMinimum"),
        (None, Some(maximum)) if maximum < 1.0 => maximum - open("exclusiveMaximum"),
        _ => step,
    };
    if schema["type"] == "integer" {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounds of examples are small"
        )]
        let whole = number as i64;
        json!(whole)
    } else {
        json!(number)
    }
}

fn make_string(schema: &Value) -> String {
    let minimum = schema["minLength"].as_u64().unwrap_or(1).max(1);
    if let Some(pattern) = schema["pattern"].as_str() {
        let hir = regex_syntax::Parser::new().parse(pattern);
        let Ok(hir) = hir else { return "x".to_owned() };
        return (0..40)
            .map(|extra| {
                let mut text = String::new();
                write_match(&hir, extra, &mut text);
                text
            })
            .find(|text| text.chars().count() as u64 >= minimum)
            .unwrap_or_default();
    }
    match schema["format"].as_str().unwrap_or_default() {
        "date-time" => "2024-01-31T12:00:00Z".to_owned(),
        "date" => "2024-01-31".to_owned(),
        "duration" => "1h".to_owned(),
        "byte" => "aGVsbG8=".to_owned(),
        "cidr" => "10.0.0.0/16".to_owned(),
        "ipv4" => "10.0.0.1".to_owned(),
        "ipv6" => "fd00::1".to_owned(),
        "uri" => "https://a.example.com".to_owned(),
        "email" => "a@example.com".to_owned(),
        "mac" => "02:00:00:00:00:01".to_owned(),
        "uuid" => "11111111-2222-3333-4444-555555555555".to_owned(),
        _ => "x".repeat(usize::try_from(minimum).unwrap_or(1)),
    }
}

/// Writes a text that an expression matches; repetitions are longer than they must be by `extra`.
fn write_match(hir: &Hir, extra: u32, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.push(pick_character(class)),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repetition.min.saturating_add(extra).min(most) {
                write_match(&repetition.sub, extra.min(1), text);
            }
        }
        HirKind::Capture(capture) => write_match(&capture.sub, extra, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_match(part, extra, text)),
        HirKind::Alternation(parts) => write_match(&parts[0], extra, text),
    }
}

fn pick_character(class: &Class) -> char {
    let contains = |c: char| match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .any(|range| range.start() <= c && c <= range.end()),
        Class::Bytes(class) => class.ranges().iter().any(|range| {
            u32::from(range.start()) <= c as u32 && c as u32 <= u32::from(range.end())
        }),
    };
    ('a'..='z')
        .chain('0'..='9')
        .chain('A'..='Z')
        .chain(('!'..='~').rev())
        .find(|c| contains(*c))
        .unwrap_or('x')
}

/// A change that a schema refuses.
pub(crate) struct ExampleMutation {
    pub(crate) what: String,
    pub(crate) object: Value,
}

/// Makes changes of an object that its schema refuses, the schema's own first, then those of any object's metadata.
pub(crate) fn make_mutations(schema: &Value, object: &Value) -> Vec<ExampleMutation> {
    let mut edits = Vec::new();
    collect_edits(schema, object, &mut String::new(), &mut edits);
    // Spread over the object: every nth edit.
    let stride = (edits.len() / 8).max(1);
    let mut chosen: Vec<(String, Option<Value>)> = edits.into_iter().step_by(stride).collect();
    chosen.extend([
        ("/odd".to_owned(), Some(json!(1))),
        ("/metadata/lables".to_owned(), Some(json!({}))),
        ("/metadata/labels".to_owned(), Some(json!({"a": 1}))),
        ("/metadata/annotations".to_owned(), Some(json!([]))),
        (
            "/metadata/ownerReferences".to_owned(),
            Some(json!([{"name": "x"}])),
        ),
        ("/metadata/creationTimestamp".to_owned(), Some(json!("now"))),
        ("/metadata/finalizers".to_owned(), Some(json!("x"))),
        ("/metadata/generation".to_owned(), Some(json!("x"))),
        ("/kind".to_owned(), None),
        ("/apiVersion".to_owned(), Some(json!(1))),
    ]);
    chosen
        .into_iter()
        .map(|(pointer, value)| apply_edit(object, &pointer, value))
        .collect()
}

fn apply_edit(object: &Value, pointer: &str, value: Option<Value>) -> ExampleMutation {
    let mut object = object.clone();
    let what = format!("{pointer} = {value:?}");
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    let last = last.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent), value) {
        (Some(Value::Object(map)), Some(value)) => _ = map.insert(last, value),
        (Some(Value::Object(map)), None) => _ = map.remove(&last),
        (Some(Value::Array(items)), Some(value)) => {
            items[last.parse::<usize>().expect("an index")] = value;
        }
        _ => panic!("{what}"),
    }
    ExampleMutation { what, object }
}

fn collect_edits(
    schema: &Value,
    value: &Value,
    pointer: &mut String,
    edits: &mut Vec<(String, Option<Value>)>,
) {
    let flexible = schema["x-kubernetes-int-or-string"] == true || schema["type"].is_null();
    if !pointer.is_empty() && !flexible {
        let wrong = if value.is_string() {
            json!(["x"])
        } else {
            json!("wrong")
        };
        edits.push((pointer.clone(), Some(wrong)));
    }
    if schema["enum"].is_array() {
        edits.push((pointer.clone(), Some(json!("Bogus"))));
    }
    let preserved = schema["x-kubernetes-preserve-unknown-fields"] == true || flexible;
    match value {
        Value::Object(map) => {
            if !preserved
                && !schema["additionalProperties"].is_object()
                && schema["additionalProperties"] != true
            {
                edits.push((format!("{pointer}/unknownField"), Some(json!(1))));
            }
            for name in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if map.contains_key(name) && schema["properties"][name]["default"].is_null() {
                    edits.push((format!("{pointer}/{name}"), None));
                }
            }
            for (name, child) in map {
                let below = schema["properties"]
                    .get(name)
                    .or(Some(&schema["additionalProperties"]).filter(|s| s.is_object()));
                if let Some(below) = below.filter(|_| !pointer.is_empty() || name != "metadata") {
                    step(pointer, name, |pointer| {
                        collect_edits(below, child, pointer, edits);
                    });
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                step(pointer, &index.to_string(), |pointer| {
                    collect_edits(&schema["items"], item, pointer, edits);
                });
            }
        }
        _ => {}
    }
}

fn step(pointer: &mut String, name: &str, walk: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    walk(pointer);
    pointer.truncate(length);
}
