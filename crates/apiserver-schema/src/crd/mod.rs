//! Definitions of custom resources: read from CustomResourceDefinitions, or from a compact form that this crate writes.

mod compact;
mod fold;
mod import;

use std::sync::Arc;

use serde_json::Value;

pub use compact::CompactContent;
pub use import::{ImportError, SkippedDocument};

use crate::schema::{CompileError, SchemaOrigin, StructuralSchema, compile_schema};
use kubernetes_vocabulary::ResourceScope;

/// One version of a custom resource's kind, with its schema.
#[derive(Clone, Debug)]
pub struct Definition {
    group: String,
    version: String,
    kind: String,
    plural: String,
    scope: ResourceScope,
    /// The warning that a server gives for a deprecated version.
    deprecation: Option<String>,
    /// Source of the definition, in the user's words.
    source: Option<String>,
    json: Arc<Value>,
    schema: Arc<StructuralSchema>,
}

/// The definitions read from one or more documents.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// The versions that servers serve, in the order of the documents.
    pub entries: Vec<Definition>,
    /// Documents that hold no definition: other kinds of objects.
    pub skipped: Vec<SkippedDocument>,
    /// Definitions that cannot be used, with the reason.
    pub errors: Vec<ImportError>,
}

/// The names of a definition.
#[derive(Clone, Debug)]
struct DefinitionNames {
    group: String,
    kind: String,
    plural: String,
    scope: ResourceScope,
}

impl Definition {
    fn new(names: DefinitionNames, version: String, json: Value) -> Result<Self, CompileError> {
        let schema = Arc::new(compile_schema(&json, SchemaOrigin::Custom)?);
        let DefinitionNames {
            group,
            kind,
            plural,
            scope,
        } = names;
        Ok(Self {
            group,
            version,
            kind,
            plural,
            scope,
            deprecation: None,
            source: None,
            json: Arc::new(json),
            schema,
        })
    }

    /// Returns the API group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Returns the version of the group.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the name of the resource in paths and rules, for instance `kafkas`.
    pub fn plural(&self) -> &str {
        &self.plural
    }

    /// Returns whether objects live in a namespace.
    pub fn scope(&self) -> ResourceScope {
        self.scope
    }

    /// Returns the `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// Returns the warning of a deprecated version.
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }

    /// Returns where a compact definition says it comes from.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Returns the compiled schema.
    pub fn schema(&self) -> &StructuralSchema {
        &self.schema
    }

    /// Returns the schema as JSON, without descriptions.
    pub fn schema_json(&self) -> &Value {
        &self.json
    }
}
