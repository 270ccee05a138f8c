//! An app's own schema of its values.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use super::check::InputChecker;
use super::evaluations::{MOST_EVALUATIONS, count_evaluations, exceed_evaluations};
use super::keywords::check_keywords;
use super::walk::below;
use super::weight::{MOST_SCHEMAS, count_schemas};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer, Reported};

/// The schema of an app's values, compiled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ValuesSchema {
    schema: Arc<Value>,
    checker: Arc<InputChecker>,
    /// Evaluations on the way to one value.
    evaluations: u64,
}

/// The objects among which a value is unique: the keyword `unique` of a values' schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UniqueScope {
    /// The instances of one site.
    Site,
    /// The instances of all sites.
    Fleet,
}

/// A value that no other may be equal to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueValue {
    /// Its place in the values.
    pub at: Pointer,
    /// The value, as text.
    pub text: String,
    /// The format that its schema asks for; empty where it asks for none.
    pub format: String,
    /// The values among which it is unique.
    pub scope: UniqueScope,
}

/// References are followed no deeper than this.
const DEEPEST: usize = 32;

impl Default for ValuesSchema {
    /// Returns the schema of an app that takes no values.
    fn default() -> Self {
        static NONE: LazyLock<ValuesSchema> = LazyLock::new(|| {
            let schema = json!({"type": "object", "additionalProperties": false});
            ValuesSchema {
                checker: Arc::new(InputChecker::own(schema.clone())),
                schema: Arc::new(schema),
                evaluations: 1,
            }
        });
        NONE.clone()
    }
}

impl ValuesSchema {
    /// Compiles a schema that is written at `origin`, and checks its defaults against it.
    ///
    /// # Errors
    ///
    /// [`Reported`], if the schema cannot be used, or one of its defaults is not valid.
    pub fn compile(
        schema: &Value,
        origin: &Origin,
        found: &mut Diagnostics,
    ) -> Result<Self, Reported> {
        let place = |at: &Pointer| Origin::new(&origin.file, origin.pointer.join(at));
        found.append_checked(check_keywords(schema, origin))?;
        if count_schemas(schema) > MOST_SCHEMAS {
            return Err(found.report(too_large(origin)));
        }
        let evaluations = count_evaluations(schema);
        if evaluations > MOST_EVALUATIONS {
            return Err(found.report(too_branched(origin)));
        }
        let checker = InputChecker::new(schema.clone(), &place, found)?;
        found.append_checked(check_defaults(schema, origin))?;
        Ok(Self {
            schema: Arc::new(schema.clone()),
            checker: Arc::new(checker),
            evaluations,
        })
    }

    /// Fills in the defaults of missing values, also inside of maps and lists, and reports all problems of the values, at
    /// the places that `origin` gives for them.
    pub fn complete(
        &self,
        written: &Value,
        origin: &dyn Fn(&Pointer) -> Origin,
        found: &mut Diagnostics,
    ) -> Value {
        let mut values = written.clone();
        if exceed_evaluations(written, self.evaluations) {
            found.push(too_many_values(&origin(&Pointer::root()), self.evaluations));
            return values;
        }
        fill(&self.schema, &self.schema, &mut values, DEEPEST);
        found.append(self.checker.check_completed(&values, written, origin));
        values
    }

    /// Returns the values whose schema says `unique`, in the order of their places.
    pub fn unique_values(&self, values: &Value) -> Vec<UniqueValue> {
        let mut found = Vec::new();
        let mut open = vec![(self.schema.as_ref(), Pointer::root(), DEEPEST)];
        while let Some((schema, at, depth)) = open.pop() {
            let Some(value) = values.pointer(at.as_str()).filter(|_| depth > 0) else {
                continue;
            };
            let Value::Object(schema) = schema else {
                continue;
            };
            found.extend(read_unique(schema, &at, value));
            let same = schema
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let same = same.chain(target(&self.schema, schema));
            open.extend(same.map(|schema| (schema, at.clone(), depth - 1)));
            let inner = list_inner(schema, value).into_iter();
            open.extend(inner.map(|(key, schema)| (schema, at.at(&key), depth - 1)));
        }
        found.sort_by(|a, b| a.at.cmp(&b.at));
        found.dedup();
        found
    }
}

fn read_unique(schema: &Map<String, Value>, at: &Pointer, value: &Value) -> Option<UniqueValue> {
    let scope = match schema.get("unique")?.as_str()? {
        "site" => UniqueScope::Site,
        "fleet" => UniqueScope::Fleet,
        _ => return None,
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let format = schema.get("format").and_then(Value::as_str);
    Some(UniqueValue {
        at: at.clone(),
        text,
        format: format.unwrap_or_default().to_owned(),
        scope,
    })
}

/// Returns the schemas of what is directly inside a value, with their keys.
fn list_inner<'a>(schema: &'a Map<String, Value>, value: &Value) -> Vec<(String, &'a Value)> {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            let schema_of = |key: &String| properties.and_then(|p| p.get(key)).or(others);
            fields
                .keys()
                .filter_map(|key| Some((key.clone(), schema_of(key)?)))
                .collect()
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else {
                return Vec::new();
            };
            (0..items.len())
                .map(|index| (index.to_string(), schema))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn too_large(origin: &Origin) -> Diagnostic {
    let message = format!(
        "the schema has more than {MOST_SCHEMAS} schemas in it when its references are followed"
    );
    rules::UNUSABLE_SCHEMA
        .report(message)
        .primary(origin.clone(), "")
        .help("does a definition name another one twice, at each level?")
}

fn too_branched(origin: &Origin) -> Diagnostic {
    let message = format!(
        "the schema is evaluated more than {MOST_EVALUATIONS} times for one value that is nested deeply"
    );
    rules::UNUSABLE_SCHEMA
        .report(message)
        .primary(origin.clone(), "")
        .help("do several alternatives lead back to the schema that they are in? Let one of them do so")
}

fn too_many_values(origin: &Origin, evaluations: u64) -> Diagnostic {
    let message = format!(
        "these are too many values for a schema that is evaluated up to {evaluations} times for one of them"
    );
    rules::UNUSABLE_SCHEMA
        .report(message)
        .primary_key(origin.clone(), "")
        .help("write fewer values, or give the schema fewer alternatives that lead back to it")
}

fn fill(root: &Value, schema: &Value, value: &mut Value, depth: usize) {
    let Some(schema) = schema.as_object().filter(|_| depth > 0) else {
        return;
    };
    if let Some(target) = target(root, schema) {
        fill(root, target, value, depth - 1);
    }
    for branch in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        fill(root, branch, value, depth - 1);
    }
    match value {
        Value::Object(fields) => fill_fields(root, schema, fields, depth),
        Value::Array(items) => {
            if let Some(item) = schema.get("items") {
                for value in items {
                    fill(root, item, value, depth - 1);
                }
            }
        }
        _ => {}
    }
}

fn fill_fields(
    root: &Value,
    schema: &Map<String, Value>,
    fields: &mut Map<String, Value>,
    depth: usize,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        match fields.get_mut(key) {
            Some(value) => fill(root, property, value, depth - 1),
            None => {
                fields.extend(default(root, property, depth - 1).map(|value| (key.clone(), value)));
            }
        }
    }
    let Some(others) = schema.get("additionalProperties") else {
        return;
    };
    let is_other = |key: &str| properties.is_none_or(|known| !known.contains_key(key));
    for (_, value) in fields.iter_mut().filter(|(key, _)| is_other(key)) {
        fill(root, others, value, depth - 1);
    }
}

/// Returns the default of a missing value: its own `default`, or an object built from its properties' defaults if that satisfies `required`.
fn default(root: &Value, schema: &Value, depth: usize) -> Option<Value> {
    let map = schema.as_object().filter(|_| depth > 0)?;
    if let Some(written) = map.get("default") {
        let mut value = written.clone();
        fill(root, schema, &mut value, depth - 1);
        return Some(value);
    }
    if let Some(target) = target(root, map) {
        return default(root, target, depth - 1);
    }
    let mut value = json!({});
    fill(root, schema, &mut value, depth - 1);
    let required = map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let complete = required.into_iter().all(|key| value.get(key).is_some());
    let is_map = map.get("type").is_some_and(|t| t == "object");
    (is_map && complete && value.as_object().is_some_and(|fields| !fields.is_empty()))
        .then_some(value)
}

/// Returns the schema that a local reference names.
fn target<'a>(root: &'a Value, schema: &Map<String, Value>) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// Reports defaults that their own schema refuses, once instead of at every site.
fn check_defaults(root: &Value, origin: &Origin) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut open = vec![(root, Pointer::root())];
    while let Some((schema, at)) = open.pop() {
        let Value::Object(map) = schema else { continue };
        open.extend(
            below(map)
                .into_iter()
                .map(|(deeper, schema)| (schema, at.join(&deeper))),
        );
        let Some(default) = map.get("default") else {
            continue;
        };
        let place = origin.pointer.join(&at).at("default");
        let mut alone = map.clone();
        for shared in ["$defs", "definitions"] {
            if let Some(definitions) = root.get(shared) {
                alone.insert(shared.to_owned(), definitions.clone());
            }
        }
        // A part that cannot be compiled alone is reported with the whole.
        let mut ignored = Diagnostics::new();
        let Ok(checker) =
            InputChecker::new(Value::Object(alone), &|_| origin.clone(), &mut ignored)
        else {
            continue;
        };
        let mut complete = default.clone();
        fill(root, schema, &mut complete, DEEPEST);
        found.append(checker.check(&complete, &|below| {
            Origin::new(&origin.file, place.join(below))
        }));
    }
    found
}
