//! The kinds, namespaces and data of an instance, as far as its removal has to know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kubernetes_vocabulary::ResourceScope;

/// The kinds, namespaces and data that an instance brings to the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// The kinds of its objects.
    pub kinds: BTreeSet<HeldKind>,
    /// The namespaces that its objects and its Application name.
    pub namespaces: BTreeSet<String>,
    /// Its objects whose deletion loses data, each with the sizes of its volumes: the JSON pointer of the field to the quantity.
    pub data: BTreeMap<HeldObject, BTreeMap<String, String>>,
}

/// Kinds and namespaces that an instance brought to the cluster and brings no more: its site's project permits it still, because Argo CD removes nothing
/// that the project does not permit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// The kinds and namespaces; no objects.
    pub holding: Holding,
    /// The removal is approved, and is over when the approval goes.
    pub approved: bool,
}

/// A kind of objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The name of its resource in rules of roles.
    pub resource: String,
    /// The scope of its objects.
    pub scope: ResourceScope,
}

/// An object, whatever the version of its API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldObject {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Holding {
    /// Adds the kinds and namespaces of another one.
    pub fn add(&mut self, other: &Self) {
        self.kinds.extend(other.kinds.iter().cloned());
        self.namespaces.extend(other.namespaces.iter().cloned());
    }

    /// Returns the kinds and namespaces that another one does not have.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            kinds: self.kinds.difference(&other.kinds).cloned().collect(),
            namespaces: self
                .namespaces
                .difference(&other.namespaces)
                .cloned()
                .collect(),
            data: BTreeMap::new(),
        }
    }

    /// Tells whether there is no kind and no namespace.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.namespaces.is_empty()
    }
}

impl fmt::Display for HeldObject {
    /// `Kind/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
