//! Kubernetes objects as values, and their names.

use std::fmt;
use std::sync::Arc;

use pointer_diagnostics::{Origin, Pointer};
use rustomize::Rendered;
use serde::Serialize;
use serde_json::{Map, Value};

/// A Kubernetes object: a map with `apiVersion`, `kind` and `metadata.name`. Equal objects have equal values, wherever they were written.
#[derive(Debug, Clone)]
pub struct Object {
    value: Value,
    source: Option<rustomize::Source>,
}

/// The identity of an object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObjectId {
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version without the group.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, where one is written.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl Object {
    /// Takes a value that is a map; anything else becomes an empty object.
    pub fn new(value: Value) -> Self {
        match value {
            Value::Object(_) => Self {
                value,
                source: None,
            },
            _ => Self {
                value: Value::Object(Map::new()),
                source: None,
            },
        }
    }

    /// Returns the object as a value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the object as a value that can be changed.
    pub fn value_mut(&mut self) -> &mut Value {
        &mut self.value
    }

    /// Returns the document in which a field was written, where the object was read from one.
    pub fn origin(&self, pointer: Pointer) -> Option<Origin> {
        let source = self.source.as_ref()?;
        Some(Origin::in_document(&source.file, source.document, pointer))
    }

    /// Gives the value back.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Returns `apiVersion`, or the empty string.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Returns the group of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// Returns the version of `apiVersion`, without the group.
    pub fn version(&self) -> &str {
        self.api_version()
            .split_once('/')
            .map_or(self.api_version(), |(_, version)| version)
    }

    /// Returns `kind`, or the empty string.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Returns `metadata.name`, or the empty string.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Returns `metadata.namespace`, where it is written.
    pub fn namespace(&self) -> Option<&str> {
        self.get("/metadata/namespace").and_then(Value::as_str)
    }

    /// Returns the value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("labels")?
            .get(key)?
            .as_str()
    }

    /// Returns an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("annotations")?
            .get(key)?
            .as_str()
    }

    /// Returns the field at a JSON pointer.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// Returns the identity of the object.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            group: self.group().to_owned(),
            version: self.version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
        }
    }

    fn text(&self, pointer: &str) -> &str {
        self.get(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl From<Rendered> for Object {
    fn from(rendered: Rendered) -> Self {
        Self {
            source: Some(rendered.source),
            ..Self::new(Arc::unwrap_or_clone(rendered.value))
        }
    }
}

impl ObjectId {
    /// Returns the name with the group and namespace: `Deployment.apps/web in shop`.
    pub fn title(&self) -> String {
        let group = match self.group.as_str() {
            "" => String::new(),
            group => format!(".{group}"),
        };
        let namespace = self.namespace.as_ref();
        let namespace = namespace.map_or(String::new(), |namespace| format!(" in {namespace}"));
        format!("{}{group}/{}{namespace}", self.kind, self.name)
    }
}

impl fmt::Display for ObjectId {
    /// Prints `Kind/name`, as kubectl names objects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
