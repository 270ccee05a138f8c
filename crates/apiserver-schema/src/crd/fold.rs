//! Schemas that repeat themselves, written once: a pod template stands in one operator's definition dozens of times.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Schemas shorter than this, as JSON, are written out each time.
const MIN_LENGTH: usize = 120;

/// A folded schema may not expand to more values than this.
const MAX_EXPANDED: usize = 200_000;

/// Keywords whose value is a schema.
const SCHEMA_KEYWORDS: [&str; 3] = ["items", "additionalProperties", "not"];

/// A schema in which `{"$ref": name}` stands for a shared one.
pub(super) struct FoldedSchema {
    pub(super) schema: Value,
    /// By name; they may refer to each other.
    pub(super) shared: Map<String, Value>,
}

/// Folds the parts of a schema that it has several times.
pub(super) fn fold_schema(schema: &Value) -> FoldedSchema {
    let mut counts = BTreeMap::new();
    count_parts(schema, &mut counts);
    counts.retain(|text, count| *count > 1 && text.len() >= MIN_LENGTH);
    let mut folder = Folder {
        repeated: counts,
        names: BTreeMap::new(),
        shared: Map::new(),
    };
    let schema = folder.fold_children(schema);
    FoldedSchema {
        schema,
        shared: folder.shared,
    }
}

fn count_parts(schema: &Value, counts: &mut BTreeMap<String, usize>) {
    for_each_child(schema, &mut |child| {
        let count = counts.entry(child.to_string()).or_default();
        *count += 1;
        if *count == 1 {
            count_parts(child, counts);
        }
    });
}

fn for_each_child(schema: &Value, visit: &mut dyn FnMut(&Value)) {
    for (key, value) in schema.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values().for_each(&mut *visit),
            (key, Value::Object(_)) if SCHEMA_KEYWORDS.contains(&key) => visit(value),
            _ => {}
        }
    }
}

struct Folder {
    repeated: BTreeMap<String, usize>,
    names: BTreeMap<String, String>,
    shared: Map<String, Value>,
}

impl Folder {
    fn fold(&mut self, schema: &Value) -> Value {
        let text = schema.to_string();
        if !self.repeated.contains_key(&text) {
            return self.fold_children(schema);
        }
        if let Some(name) = self.names.get(&text) {
            return json!({ "$ref": name });
        }
        let name = format!("s{}", self.names.len() + 1);
        self.names.insert(text, name.clone());
        let folded = self.fold_children(schema);
        self.shared.insert(name.clone(), folded);
        json!({ "$ref": name })
    }

    fn fold_children(&mut self, schema: &Value) -> Value {
        let Some(map) = schema.as_object() else {
            return schema.clone();
        };
        let fields = map.iter().map(|(key, value)| {
            let folded = match (key.as_str(), value) {
                ("properties", Value::Object(properties)) => Value::Object(
                    properties
                        .iter()
                        .map(|(name, child)| (name.clone(), self.fold(child)))
                        .collect(),
                ),
                (keyword, Value::Object(_)) if SCHEMA_KEYWORDS.contains(&keyword) => {
                    self.fold(value)
                }
                _ => value.clone(),
            };
            (key.clone(), folded)
        });
        Value::Object(fields.collect())
    }
}

/// Writes a folded schema out again; the error is a phrase.
pub(super) fn unfold_schema(schema: &Value, shared: &Map<String, Value>) -> Result<Value, String> {
    Unfolder {
        shared,
        left: MAX_EXPANDED,
        open: Vec::new(),
    }
    .unfold(schema)
}

struct Unfolder<'a> {
    shared: &'a Map<String, Value>,
    left: usize,
    /// The references that are being written out.
    open: Vec<String>,
}

impl Unfolder<'_> {
    fn unfold(&mut self, schema: &Value) -> Result<Value, String> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| format!("`shared` expands to more than {MAX_EXPANDED} schemas"))?;
        let Some(map) = schema.as_object() else {
            return Ok(schema.clone());
        };
        if let Some(name) = map.get("$ref").and_then(Value::as_str) {
            let target = self
                .shared
                .get(name)
                .ok_or_else(|| format!("`shared` has no `{name}`"))?;
            if self.open.iter().any(|open| open == name) {
                return Err(format!("`shared.{name}` refers to itself"));
            }
            self.open.push(name.to_owned());
            let unfolded = self.unfold(target)?;
            self.open.pop();
            return Ok(unfolded);
        }
        let mut fields = Map::new();
        for (key, value) in map {
            let unfolded = match (key.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    let mut written = Map::new();
                    for (name, child) in properties {
                        written.insert(name.clone(), self.unfold(child)?);
                    }
                    Value::Object(written)
                }
                (keyword, Value::Object(_)) if SCHEMA_KEYWORDS.contains(&keyword) => {
                    self.unfold(value)?
                }
                _ => value.clone(),
            };
            fields.insert(key.clone(), unfolded);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{fold_schema, unfold_schema};

    #[test]
    fn repeated_parts_are_written_once() {
        let names: Map<String, Value> = (0..9)
            .map(|n| (format!("field{n}"), json!({"type": "string"})))
            .collect();
        let inner = json!({"type": "object", "properties": names});
        let outer = json!({"type": "object", "properties": {"a": inner, "list": {"type": "array", "items": inner}}});
        let schema = json!({"type": "object", "properties": {"x": outer, "y": outer, "z": inner}});
        let folded = fold_schema(&schema);
        assert_eq!(folded.shared.len(), 2);
        assert!(folded.schema.to_string().len() < 150, "{}", folded.schema);
        assert_eq!(unfold_schema(&folded.schema, &folded.shared), Ok(schema));
    }

    #[test]
    fn references_that_cannot_be_written_out_are_refused() {
        let shared = |value: Value| value.as_object().cloned().unwrap_or_default();
        let reference = json!({"$ref": "a"});
        assert!(unfold_schema(&reference, &Map::new()).is_err());
        assert!(
            unfold_schema(&reference, &shared(json!({"a": {"items": {"$ref": "a"}}}))).is_err()
        );
        let doubling: Map<String, Value> = (0..30)
            .map(|n| {
                let next = json!({"$ref": format!("s{}", n + 1)});
                (
                    format!("s{n}"),
                    json!({"properties": {"a": next, "b": next}}),
                )
            })
            .chain([("s30".to_owned(), json!({"type": "string"}))])
            .collect();
        assert!(unfold_schema(&json!({"$ref": "s0"}), &doubling).is_err());
    }
}
