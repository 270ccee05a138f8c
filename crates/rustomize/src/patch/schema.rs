//! Which lists of built-in types merge by key: what the OpenAPI of Kubernetes 1.21.2 says, which kustomize carries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::tree::Node;

/// The data (Apache-2.0, kubernetes-sigs/kustomize): every type with lists that merge, or with fields that lead to such types.
static DATA: LazyLock<Data> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the data is part of the program and a test reads it"
    )]
    serde_json::from_str(include_str!("../data/merge-keys.json")).expect("the data is well-formed")
});

#[derive(Debug, Deserialize)]
struct Data {
    definitions: BTreeMap<String, BTreeMap<String, FieldSchema>>,
    kinds: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FieldSchema {
    #[serde(rename = "ref")]
    reference: Option<String>,
    keys: Option<Vec<String>>,
    list: Option<String>,
}

/// What is known about a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Schema {
    /// It is of a type.
    Type(&'static BTreeMap<String, FieldSchema>),
    /// It is a list; the keys by which its elements merge, and their type. No keys: a set of scalars.
    List(&'static [String], Option<&'static str>),
}

impl Schema {
    /// The schema of an object by its `apiVersion` and `kind`.
    pub(super) fn of_object(node: &Node) -> Option<Self> {
        let text = |key: &str| {
            node.get(key)
                .filter(|n| !n.is_null())
                .map_or("", Node::text)
        };
        let (kind, api_version) = (text("kind"), text("apiVersion"));
        if kind.is_empty() || api_version.is_empty() {
            return None;
        }
        named(DATA.kinds.get(&format!("{api_version} {kind}"))?)
    }

    /// The schema of a field.
    pub(super) fn field(self, key: &str) -> Option<Self> {
        let Self::Type(fields) = self else {
            return None;
        };
        let field = fields.get(key)?;
        match (&field.keys, &field.reference) {
            (Some(keys), _) => Some(Self::List(keys, field.list.as_deref())),
            (None, Some(reference)) => named(reference),
            (None, None) => None,
        }
    }

    /// The schema of the elements of a list.
    pub(super) fn elements(self) -> Option<Self> {
        match self {
            Self::List(_, Some(name)) => named(name),
            _ => None,
        }
    }
}

fn named(name: &str) -> Option<Schema> {
    DATA.definitions.get(name).map(Schema::Type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_containers_merge_by_name() {
        let object = Node::mapping(
            [("apiVersion", "apps/v1"), ("kind", "Deployment")]
                .map(|(k, v)| {
                    (
                        crate::tree::Scalar::untyped(k),
                        Node::Scalar(crate::tree::Scalar::text(v)),
                    )
                })
                .to_vec(),
        );
        let schema = ["spec", "template", "spec", "containers"]
            .iter()
            .fold(Schema::of_object(&object), |schema, key| {
                schema.and_then(|s| s.field(key))
            });
        assert!(matches!(schema, Some(Schema::List([key], Some(_))) if key == "name"));
    }
}
