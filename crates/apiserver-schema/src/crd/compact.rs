//! The compact form of a definition: names, types and bounds as one small document for each version.
//!
//! ```yaml
//! kind: CompactDefinition
//! group: example.com
//! version: v1
//! names: {kind: Widget, plural: widgets}
//! scope: Namespaced
//! source: widgets 1.2.0        # optional, free text
//! deprecation: use v2          # optional: the server's warning
//! shared: {s1: {…}}            # optional: schemas that are there several times
//! schema: {type: object, properties: {spec: {$ref: s1}, …}}
//! ```

use serde_json::{Map, Value, json};

use super::fold::{fold_schema, unfold_schema};
use super::{Definition, DefinitionNames};
use kubernetes_vocabulary::ResourceScope;

pub(super) const COMPACT_KIND: &str = "CompactDefinition";

/// Keywords that carry prose or nothing that is checked.
const PROSE: [&str; 6] = [
    "description",
    "title",
    "example",
    "externalDocs",
    "$schema",
    "id",
];

/// Parts of a definition that the compact form keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompactContent {
    /// Everything that is checked, CEL rules with their messages too.
    All,
    /// Facts only: names, types, required fields, enumerations, bounds, patterns; no rules and no prose.
    Facts,
}

impl Definition {
    /// Writes the compact form, with a note on where the definition comes from.
    pub fn to_compact(&self, content: CompactContent, source: Option<&str>) -> Value {
        let mut document = Map::new();
        document.insert("kind".to_owned(), json!(COMPACT_KIND));
        document.insert("group".to_owned(), json!(self.group));
        document.insert("version".to_owned(), json!(self.version));
        document.insert(
            "names".to_owned(),
            json!({"kind": self.kind, "plural": self.plural}),
        );
        let scope = if self.scope == ResourceScope::Namespaced {
            "Namespaced"
        } else {
            "Cluster"
        };
        document.insert("scope".to_owned(), json!(scope));
        if let Some(source) = source.or(self.source.as_deref()) {
            document.insert("source".to_owned(), json!(source));
        }
        if let Some(deprecation) = &self.deprecation {
            document.insert("deprecation".to_owned(), json!(deprecation));
        }
        let schema = match content {
            CompactContent::All => Value::clone(&self.json),
            CompactContent::Facts => strip(&self.json, &["x-kubernetes-validations"]),
        };
        let folded = fold_schema(&schema);
        if !folded.shared.is_empty() {
            document.insert("shared".to_owned(), Value::Object(folded.shared));
        }
        document.insert("schema".to_owned(), folded.schema);
        Value::Object(document)
    }

    /// Returns the name of the file that the compact form of this version belongs into.
    pub fn file_stem(&self) -> String {
        format!("{}.{}_{}", self.plural, self.group, self.version)
    }
}

/// Reads the compact form; the error is a phrase.
pub(super) fn read_compact(document: &Value) -> Result<Definition, String> {
    let text = |pointer: &str| {
        let value = document.pointer(pointer).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| {
            format!(
                "`{}` is missing",
                pointer.trim_start_matches('/').replace('/', ".")
            )
        })
    };
    let scope = match text("/scope")?.as_str() {
        "Namespaced" => ResourceScope::Namespaced,
        "Cluster" => ResourceScope::Cluster,
        other => {
            return Err(format!(
                "`scope: {other}` is neither `Namespaced` nor `Cluster`"
            ));
        }
    };
    let names = DefinitionNames {
        group: text("/group")?,
        kind: text("/names/kind")?,
        plural: text("/names/plural")?,
        scope,
    };
    let written = document.get("schema").ok_or("`schema` is missing")?;
    let nothing = Map::new();
    let shared = document
        .get("shared")
        .and_then(Value::as_object)
        .unwrap_or(&nothing);
    let schema = strip_schema(&unfold_schema(written, shared)?);
    let mut definition =
        Definition::new(names, text("/version")?, schema).map_err(|error| error.to_string())?;
    definition.source = text("/source").ok();
    definition.deprecation = text("/deprecation").ok();
    Ok(definition)
}

/// Returns a schema without prose.
pub(super) fn strip_schema(schema: &Value) -> Value {
    strip(schema, &[])
}

fn strip(schema: &Value, dropped: &[&str]) -> Value {
    let Some(map) = schema.as_object() else {
        return schema.clone();
    };
    let keep = |key: &str| !PROSE.contains(&key) && !dropped.contains(&key);
    let fields = map
        .iter()
        .filter(|(key, _)| keep(key))
        .map(|(key, value)| (key.clone(), strip_keyword(key, value, dropped)));
    Value::Object(fields.collect())
}

fn strip_keyword(keyword: &str, value: &Value, dropped: &[&str]) -> Value {
    match (keyword, value) {
        ("properties", Value::Object(properties)) => Value::Object(
            properties
                .iter()
                .map(|(name, schema)| (name.clone(), strip(schema, dropped)))
                .collect(),
        ),
        ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => Value::Array(
            schemas
                .iter()
                .map(|schema| strip(schema, dropped))
                .collect(),
        ),
        ("items" | "additionalProperties" | "not", schema) => strip(schema, dropped),
        _ => value.clone(),
    }
}
