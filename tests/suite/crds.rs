//! What kustomize builds from the bases and overlays, held against the custom resource definitions that operators publish: every field
//! is known, and has the right type. Runs where `SITEPLAN_CRDS` names a directory of definitions.

use std::collections::BTreeMap;
use std::path::Path;

use manifest_yaml::{ReadLimits, read_documents};
use serde_json::{Map, Value, json};
use siteplan::manifest::Object;

use crate::built::{built, objects};

/// Fields that a catalogue's release has and the definitions at hand do not yet: kind, place, and where they were read.
const NEWER: &[(&str, &str, &str)] = &[
    ("RedisReplication", "/spec/topologySpreadConstraints", REDIS),
    (
        "RedisReplication",
        "/spec/redisExporter/securityContext",
        REDIS,
    ),
    ("RedisSentinel", "/spec/topologySpreadConstraints", REDIS),
    (
        "RedisSentinel",
        "/spec/redisSentinelConfig/redisReplicationPassword",
        REDIS,
    ),
];

const REDIS: &str = "community-operators-prod, operators/redis-operator/0.25.0/manifests";

/// Returns the object without the fields that only newer definitions have.
fn without_newer_fields(object: &Object) -> Value {
    let mut value = object.value().clone();
    let of_kind = NEWER.iter().filter(|(kind, ..)| *kind == object.kind());
    for (_, place, _) in of_kind {
        let Some((parent, key)) = place.rsplit_once('/') else {
            continue;
        };
        let map = value.pointer_mut(parent).and_then(Value::as_object_mut);
        map.and_then(|map| map.remove(key));
    }
    value
}

#[test]
fn custom_resources_are_as_their_definitions_say() {
    let Some(directory) = std::env::var_os("SITEPLAN_CRDS") else {
        eprintln!("skipped: SITEPLAN_CRDS names no directory of custom resource definitions");
        return;
    };
    let definitions = definitions(Path::new(&directory));
    assert!(
        definitions.len() > 100,
        "there are only {} definitions",
        definitions.len()
    );
    let mut validators: BTreeMap<Key, jsonschema::Validator> = BTreeMap::new();
    let (mut checked, mut problems) = (0, Vec::new());
    for (directory, text) in built() {
        for object in objects(text) {
            let (key, value) = (key(object.value()), without_newer_fields(&object));
            let Some(schema) = definitions.get(&key) else {
                continue;
            };
            checked += 1;
            let validator = validators
                .entry(key)
                .or_insert_with(|| compiled(&closed(schema)));
            let faults = validator.iter_errors(&value);
            let said = faults.map(|fault| {
                format!(
                    "{directory}: {}: {}: {fault}",
                    object.id(),
                    fault.instance_path()
                )
            });
            problems.extend(said);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(
        checked > 0 || built().is_empty(),
        "no object is of a kind that has a definition"
    );
    eprintln!(
        "{checked} custom resources are as {} definitions say",
        definitions.len()
    );
}

#[test]
fn an_unknown_field_is_found() {
    let schema = closed(&json!({
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {
            "port": {"x-kubernetes-int-or-string": true},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "maybe": {"type": "string", "nullable": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }}}
    }));
    let schema = compiled(&schema);
    let heading = json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "labels": {}}});
    let with = |spec: Value| {
        let mut object = heading.clone();
        object["spec"] = spec;
        schema.is_valid(&object)
    };
    assert!(with(
        json!({"port": "http", "free": {"a": 1}, "maybe": null, "labels": {"a": "b"}})
    ));
    assert!(with(json!({"port": 80})));
    assert!(!with(json!({"prot": 80})));
    assert!(!with(json!({"port": 80.5})));
    assert!(!with(json!({"labels": {"a": 1}})));
}

/// Group/version and kind.
type Key = (String, String);

fn key(object: &Value) -> Key {
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    (text("apiVersion"), text("kind"))
}

/// The schemas of all versions of all definitions in a directory.
fn definitions(directory: &Path) -> BTreeMap<Key, Value> {
    let mut found = BTreeMap::new();
    for entry in fs_err::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs_err::read_to_string(entry.path()).unwrap();
        for document in read_documents(&text, &ReadLimits::MANIFEST).unwrap() {
            let definition = document.to_value().unwrap();
            for version in definition["spec"]["versions"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let words = [
                    &definition["spec"]["group"],
                    &version["name"],
                    &definition["spec"]["names"]["kind"],
                ];
                let [group, name, kind] = words.map(|w| w.as_str().unwrap_or_default().to_owned());
                found.insert(
                    (format!("{group}/{name}"), kind),
                    version["schema"]["openAPIV3Schema"].clone(),
                );
            }
        }
    }
    found
}

fn compiled(schema: &Value) -> jsonschema::Validator {
    compiled_as_it_is(schema).unwrap()
}

/// A validator. Patterns are of the API server's dialect, which is nearest to that of the crate `regex`.
fn compiled_as_it_is(
    schema: &Value,
) -> Result<jsonschema::Validator, jsonschema::ValidationError<'static>> {
    let options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft4)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .should_validate_formats(false);
    options.build(schema)
}

/// The JSON Schema of a whole object: the API server adds the heading's fields itself.
fn closed(schema: &Value) -> Value {
    let mut schema = node(schema);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("metadata".to_owned(), json!({"type": "object"}));
        properties
            .entry("apiVersion")
            .or_insert_with(|| json!({"type": "string"}));
        properties
            .entry("kind")
            .or_insert_with(|| json!({"type": "string"}));
    }
    schema
}

/// A structural schema as JSON Schema in which the fields that the API server would drop are forbidden.
fn node(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return schema.clone();
    };
    let is = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or(false);
    let mut made: Map<String, Value> = schema
        .iter()
        .filter(|(key, _)| !key.starts_with("x-") && *key != "default")
        .map(child)
        .collect();
    made.remove("nullable");
    if !made
        .get("pattern")
        .and_then(Value::as_str)
        .is_none_or(is_pattern)
    {
        made.remove("pattern");
    }
    if is("x-kubernetes-embedded-resource") {
        let properties = made.entry("properties").or_insert_with(|| json!({}));
        for (key, kind) in [
            ("apiVersion", "string"),
            ("kind", "string"),
            ("metadata", "object"),
        ] {
            properties[key] = json!({"type": kind});
        }
    }
    let is_map = made.contains_key("additionalProperties");
    if made.get("type") == Some(&json!("object"))
        && !is_map
        && !is("x-kubernetes-preserve-unknown-fields")
    {
        made.insert("additionalProperties".to_owned(), json!(false));
    }
    if is("x-kubernetes-int-or-string") {
        made.remove("anyOf");
        made.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if is("nullable") {
        return json!({"anyOf": [made, {"type": "null"}]});
    }
    Value::Object(made)
}

/// Whether the pattern is also of the dialect that JSON Schemas are checked against: `[:print:]` and `\pZ` are not.
fn is_pattern(pattern: &str) -> bool {
    compiled_as_it_is(&json!({"pattern": pattern})).is_ok()
}

fn child((key, value): (&String, &Value)) -> (String, Value) {
    let all = |map: &Map<String, Value>| {
        map.iter()
            .map(|(k, v)| (k.clone(), node(v)))
            .collect::<Map<_, _>>()
            .into()
    };
    let made = match (key.as_str(), value) {
        ("properties", Value::Object(map)) => all(map),
        ("items" | "additionalProperties", Value::Object(_)) => node(value),
        _ => value.clone(),
    };
    (key.clone(), made)
}
