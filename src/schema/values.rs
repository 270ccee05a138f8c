//! An app's own schema of its values.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use super::check::InputChecker;
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
        let checker = InputChecker::new(schema.clone(), &place, found)?;
        found.append_checked(check_defaults(schema, origin))?;
        Ok(Self {
            schema: Arc::new(schema.clone()),
            checker: Arc::new(checker),
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
        fill(&self.schema, &self.schema, &mut values, DEEPEST);
        found.append(self.checker.check_completed(&values, written, origin));
        values
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
