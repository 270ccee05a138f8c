//! Merge keys of lists: kustomize's own, from the OpenAPI of Kubernetes 1.21.2, or those of a schema that `openapi` names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::resource::is_cluster_scoped;
use crate::rules;
use crate::tree::Node;
use crate::yaml::read_document;
use pointer_diagnostics::Rule;

/// The data of kustomize (Apache-2.0, kubernetes-sigs/kustomize): every type with lists that merge, or with fields that lead to such types.
static BUILT_IN: LazyLock<SchemaData> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the data is part of the program and a test reads it"
    )]
    serde_json::from_str(include_str!("../data/merge-keys.json")).expect("the data is well-formed")
});

/// The merge keys of types.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SchemaData {
    definitions: BTreeMap<String, TypeFields>,
    /// The definitions of objects by `apiVersion kind`.
    kinds: BTreeMap<String, String>,
}

/// The fields of a type that matter; `*` stands for any other.
type TypeFields = BTreeMap<String, FieldSchema>;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct FieldSchema {
    #[serde(rename = "ref")]
    reference: Option<String>,
    keys: Option<Vec<String>>,
    list: Option<String>,
}

/// The part of a schema that a value has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NodeSchema<'s> {
    /// It is of a type.
    Type(&'s TypeFields),
    /// It is a list; the keys by which its elements merge, and their type. No keys: a set of scalars.
    List {
        keys: &'s [String],
        elements: Option<&'s str>,
    },
}

/// Reason why a file is not a schema that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("the OpenAPI schema is not a document of maps: {0}")]
    Malformed(String),
    #[error(
        "the OpenAPI schema says that `{0}` is not namespaced, which kustomize would follow and this program does not"
    )]
    ClusterScoped(String),
}

impl SchemaError {
    /// Returns the rule under which the error is told.
    pub(crate) fn rule(&self) -> &'static Rule {
        match self {
            Self::Malformed(_) => &rules::KUSTOMIZATION_FIELD,
            Self::ClusterScoped(_) => &rules::UNSUPPORTED_KUSTOMIZATION,
        }
    }
}

impl SchemaData {
    /// Returns the merge keys that kustomize has built in.
    pub(crate) fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the merge keys of an OpenAPI 2 schema, in JSON or YAML.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SchemaError> {
        let malformed = |reason: String| SchemaError::Malformed(reason);
        let text = std::str::from_utf8(bytes).map_err(|e| malformed(e.to_string()))?;
        let Some(node) = read_document(text).map_err(|e| malformed(e.message))? else {
            return Ok(Self::default());
        };
        let root = node.configuration().map_err(|e| malformed(e.message))?;
        let root = Value::from(root);
        refuse_cluster_scoped(&root)?;
        let mut data = Self::default();
        let definitions = root.get("definitions").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            data.add_type(name, definition);
            for kind in group_version_kinds(definition) {
                data.kinds.insert(kind.object_key(), name.clone());
            }
        }
        Ok(data)
    }

    /// Adds a type and those of its fields that have no name of their own.
    fn add_type(&mut self, name: &str, definition: &Value) {
        let mut fields = TypeFields::new();
        let properties = definition.get("properties").and_then(Value::as_object);
        for (field, schema) in properties.into_iter().flatten() {
            let read = self.read_field(&format!("{name}/{field}"), schema);
            fields.insert(field.clone(), read);
        }
        if let Some(schema @ Value::Object(_)) = definition.get("additionalProperties") {
            let read = self.read_field(&format!("{name}/*"), schema);
            fields.insert("*".to_owned(), read);
        }
        self.definitions.insert(name.to_owned(), fields);
    }

    fn read_field(&mut self, name: &str, schema: &Value) -> FieldSchema {
        if let Some(reference) = reference(schema) {
            return FieldSchema {
                reference: Some(reference.to_owned()),
                ..FieldSchema::default()
            };
        }
        if schema.get("type").and_then(Value::as_str) != Some("array") {
            self.add_type(name, schema);
            return FieldSchema {
                reference: Some(name.to_owned()),
                ..FieldSchema::default()
            };
        }
        let items = schema.get("items").unwrap_or(&Value::Null);
        let elements = if let Some(reference) = reference(items) {
            reference.to_owned()
        } else {
            let name = format!("{name}[]");
            self.add_type(&name, items);
            name
        };
        FieldSchema {
            reference: None,
            keys: merge_keys(schema),
            list: Some(elements),
        }
    }

    /// Returns the schema of an object by its `apiVersion` and `kind`.
    pub(crate) fn of_object(&self, node: &Node) -> Option<NodeSchema<'_>> {
        let text = |key: &str| {
            let value = node.get(key).filter(|n| !n.is_null());
            value.map_or("", Node::text)
        };
        let (kind, api_version) = (text("kind"), text("apiVersion"));
        if kind.is_empty() || api_version.is_empty() {
            return None;
        }
        self.named(self.kinds.get(&format!("{api_version} {kind}"))?)
    }

    fn named(&self, name: &str) -> Option<NodeSchema<'_>> {
        self.definitions.get(name).map(NodeSchema::Type)
    }
}

/// Returns the name of the definition that a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    let reference = schema.get("$ref")?.as_str()?;
    Some(
        reference
            .strip_prefix("#/definitions/")
            .unwrap_or(reference),
    )
}

/// Returns the keys by which the elements of a list merge; `None` where they do not.
fn merge_keys(schema: &Value) -> Option<Vec<String>> {
    let strategy = schema.get("x-kubernetes-patch-strategy")?.as_str()?;
    if !strategy.contains("merge") {
        return None;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let keys = if let Some(Value::Array(keys)) = schema.get("x-kubernetes-list-map-keys") {
        keys.iter().filter_map(text).collect()
    } else {
        let key = schema.get("x-kubernetes-patch-merge-key").and_then(text);
        key.into_iter().collect()
    };
    Some(keys)
}

/// A type as the extension `x-kubernetes-group-version-kind` names it.
struct GroupVersionKind<'v> {
    group: &'v str,
    version: &'v str,
    kind: &'v str,
}

impl<'v> GroupVersionKind<'v> {
    fn read(value: &'v Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        Some(Self {
            group: text("group").unwrap_or_default(),
            version: text("version")?,
            kind: text("kind")?,
        })
    }

    /// Returns `apiVersion kind`.
    fn object_key(&self) -> String {
        let Self {
            group,
            version,
            kind,
        } = self;
        if group.is_empty() {
            format!("{version} {kind}")
        } else {
            format!("{group}/{version} {kind}")
        }
    }
}

fn group_version_kinds(definition: &Value) -> Vec<GroupVersionKind<'_>> {
    let list = definition
        .get("x-kubernetes-group-version-kind")
        .and_then(Value::as_array);
    let list = list.map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(GroupVersionKind::read).collect()
}

/// Refuses schemas with paths that make further types cluster-scoped.
fn refuse_cluster_scoped(root: &Value) -> Result<(), SchemaError> {
    let mut namespaced: BTreeMap<String, bool> = BTreeMap::new();
    let paths = root.get("paths").and_then(Value::as_object);
    for (path, operations) in paths.into_iter().flatten() {
        let kind = operations.pointer("/get/x-kubernetes-group-version-kind");
        let Some(kind) = kind.and_then(GroupVersionKind::read) else {
            continue;
        };
        let is_known = is_cluster_scoped(kind.group, kind.version, kind.kind)
            || SchemaData::built_in()
                .kinds
                .contains_key(&kind.object_key());
        let is_namespaced = path.contains("namespaces/{namespace}");
        *namespaced.entry(kind.object_key()).or_default() |= is_known || is_namespaced;
    }
    match namespaced
        .into_iter()
        .find(|(_, is_namespaced)| !is_namespaced)
    {
        Some((kind, _)) => Err(SchemaError::ClusterScoped(kind)),
        None => Ok(()),
    }
}

impl<'s> NodeSchema<'s> {
    /// Returns the schema of a field.
    pub(crate) fn field(self, data: &'s SchemaData, key: &str) -> Option<Self> {
        let Self::Type(fields) = self else {
            return None;
        };
        let field = fields.get(key).or_else(|| fields.get("*"))?;
        match (&field.keys, &field.reference) {
            (Some(keys), _) => Some(Self::List {
                keys,
                elements: field.list.as_deref(),
            }),
            (None, Some(reference)) => data.named(reference),
            (None, None) => None,
        }
    }

    /// Returns the schema of the elements of a list.
    pub(crate) fn elements(self, data: &'s SchemaData) -> Option<Self> {
        match self {
            Self::List {
                elements: Some(name),
                ..
            } => data.named(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Scalar;

    fn object(api_version: &str, kind: &str) -> Node {
        let fields = [("apiVersion", api_version), ("kind", kind)];
        let entry = |(key, text)| (Scalar::untyped(key), Node::Scalar(Scalar::text(text)));
        Node::mapping(fields.map(entry).to_vec())
    }

    #[test]
    fn every_reference_leads_somewhere_and_containers_merge_by_name() {
        let data = SchemaData::built_in();
        let schema = ["spec", "template", "spec", "containers"].iter().fold(
            data.of_object(&object("apps/v1", "Deployment")),
            |schema, key| schema.and_then(|s| s.field(data, key)),
        );
        assert!(
            matches!(schema, Some(NodeSchema::List { keys: [key], elements: Some(_) }) if key == "name")
        );
    }

    #[test]
    fn a_schema_of_ones_own_is_read() {
        let text = "definitions:\n  x:\n    properties:\n      spec:\n        properties:\n          items:\n            type: array\n            x-kubernetes-patch-strategy: merge\n            x-kubernetes-patch-merge-key: id\n    x-kubernetes-group-version-kind: [{group: g, version: v1, kind: X}]\n";
        let data = SchemaData::read(text.as_bytes()).unwrap();
        let spec = data
            .of_object(&object("g/v1", "X"))
            .unwrap()
            .field(&data, "spec");
        let items = spec.unwrap().field(&data, "items");
        assert!(matches!(items, Some(NodeSchema::List { keys: [key], .. }) if key == "id"));
    }
}
