//! Reads definitions out of documents.

use std::fmt;

use serde_json::{Map, Value, json};

use super::compact::{COMPACT_KIND, read_compact, strip_schema};
use super::{Definition, DefinitionNames, Definitions};
use crate::document::{list_items, read_text};
use kubernetes_vocabulary::ResourceScope;

/// A document that holds no definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedDocument {
    /// Its `kind`; empty if it has none.
    pub kind: String,
    /// Its `metadata.name`; empty if it has none.
    pub name: String,
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The name of the definition, with the version where one is at fault.
    pub name: String,
    /// A lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.name, self.message)
    }
}

impl std::error::Error for ImportError {}

impl Definitions {
    /// Reads the definitions of one document: a CustomResourceDefinition, a compact definition, or a List of them
    /// (`oc get crd -o yaml`). Other objects are noted as skipped, as bundles hold many.
    pub fn import(document: &Value) -> Self {
        let mut definitions = Self::default();
        definitions.add(document);
        definitions
    }

    /// Reads the definitions of several documents.
    pub fn import_all<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut definitions = Self::default();
        for document in documents {
            definitions.add(document);
        }
        definitions
    }

    /// Reads the definitions of one more document.
    pub fn add(&mut self, document: &Value) {
        if let Some(items) = list_items(document) {
            for item in items {
                self.add(item);
            }
            return;
        }
        let text = |pointer: &str| read_text(document, pointer).unwrap_or_default();
        let kind = text("/kind");
        let result = match (kind.as_str(), text("/apiVersion").as_str()) {
            ("CustomResourceDefinition", "apiextensions.k8s.io/v1") => self.add_crd(document),
            ("CustomResourceDefinition", other) => Err(format!(
                "`apiVersion: {other}` is not read, export it as `apiextensions.k8s.io/v1`"
            )),
            (COMPACT_KIND, _) => {
                read_compact(document).map(|definition| self.entries.push(definition))
            }
            _ => {
                self.skipped.push(SkippedDocument {
                    kind,
                    name: text("/metadata/name"),
                });
                return;
            }
        };
        if let Err(message) = result {
            self.errors.push(ImportError {
                name: text("/metadata/name"),
                message,
            });
        }
    }

    fn add_crd(&mut self, document: &Value) -> Result<(), String> {
        let spec = document
            .get("spec")
            .and_then(Value::as_object)
            .ok_or("`spec` is missing")?;
        let names = read_names(spec)?;
        let versions = spec
            .get("versions")
            .and_then(Value::as_array)
            .ok_or("`spec.versions` is missing")?;
        for version in versions {
            let Some(name) = version.get("name").and_then(Value::as_str) else {
                return Err("a version without a name".to_owned());
            };
            if version.get("served").and_then(Value::as_bool) == Some(false) {
                continue;
            }
            match read_version(&names, name, version, spec) {
                Ok(definition) => self.entries.push(definition),
                Err(message) => {
                    self.errors.push(ImportError {
                        name: format!("{}.{}/{name}", names.plural, names.group),
                        message,
                    });
                }
            }
        }
        Ok(())
    }
}

fn read_names(spec: &Map<String, Value>) -> Result<DefinitionNames, String> {
    let names = spec.get("names").ok_or("`spec.names` is missing")?;
    let text = |value: Option<&Value>, field: &str| {
        value
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| format!("`spec.{field}` is missing"))
    };
    let scope = match spec.get("scope").and_then(Value::as_str) {
        Some("Namespaced") => ResourceScope::Namespaced,
        Some("Cluster") => ResourceScope::Cluster,
        _ => return Err("`spec.scope` is neither `Namespaced` nor `Cluster`".to_owned()),
    };
    Ok(DefinitionNames {
        group: text(spec.get("group"), "group")?,
        kind: text(names.get("kind"), "names.kind")?,
        plural: text(names.get("plural"), "names.plural")?,
        scope,
    })
}

fn read_version(
    names: &DefinitionNames,
    name: &str,
    version: &Value,
    spec: &Map<String, Value>,
) -> Result<Definition, String> {
    let preserves = spec.get("preserveUnknownFields").and_then(Value::as_bool) == Some(true);
    let anything = json!({"type": "object"});
    // A server converts old definitions without a schema to ones that take anything.
    let schema = version
        .pointer("/schema/openAPIV3Schema")
        .or(preserves.then_some(&anything))
        .ok_or("`schema.openAPIV3Schema` is missing")?;
    let mut stripped = strip_schema(schema);
    if preserves && let Some(map) = stripped.as_object_mut() {
        map.insert(
            "x-kubernetes-preserve-unknown-fields".to_owned(),
            Value::Bool(true),
        );
    }
    let mut definition = Definition::new(names.clone(), name.to_owned(), stripped)
        .map_err(|error| error.to_string())?;
    if version.get("deprecated").and_then(Value::as_bool) == Some(true) {
        let warning = version
            .get("deprecationWarning")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let plain = || {
            format!(
                "`{}` {} is deprecated",
                definition.api_version(),
                definition.kind
            )
        };
        definition.deprecation = Some(warning.unwrap_or_else(plain));
    }
    Ok(definition)
}
