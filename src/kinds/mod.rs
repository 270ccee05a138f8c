//! What kinds there are: whether their objects live in a namespace, what their resources are called, and who brings their API.
//!
//! The table is data (`kinds.txt`). What it does not hold is learnt from the CustomResourceDefinitions among the objects of a site and
//! from the `catalogue` of its apps: see [`Kinds`].

mod learnt;
mod namespaces;
mod table;

use serde::{Deserialize, Serialize};

use crate::manifest::Object;

pub use learnt::Kinds;
pub use namespaces::is_platform_namespace;

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// They do.
    Namespaced,
    /// There is one of each name in a cluster.
    Cluster,
}

/// A kind without its version. Ordered by group, then kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// Who brings the API of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// Every cluster has it.
    Kubernetes,
    /// OpenShift has it.
    Openshift,
    /// Argo CD itself.
    ArgoCd,
    /// An operator; the OLM packages that bring it, where they are known.
    Operator(Vec<&'static str>),
}

/// What is known about a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindFacts {
    /// The name in URLs and in rules of roles, for instance `deployments`.
    pub resource: &'static str,
    /// Whether its objects live in a namespace.
    pub scope: Scope,
    /// Who brings its API.
    pub provider: Provider,
}

/// What the table knows about a kind.
pub fn find(group: &str, kind: &str) -> Option<&'static KindFacts> {
    table::find(group, kind)
}

/// Whether objects of the kind live in a namespace; `None` for kinds that the table does not hold.
pub fn scope(group: &str, kind: &str) -> Option<Scope> {
    find(group, kind).map(|facts| facts.scope)
}

/// Whether the object's kind is cluster-scoped; `None` for kinds that the table does not hold.
pub fn is_cluster_scoped(object: &Object) -> Option<bool> {
    scope(object.group(), object.kind()).map(|scope| scope == Scope::Cluster)
}

/// Whether kustomize knows that the object's kind is cluster-scoped, and so leaves its namespace alone: the built-in kinds of Kubernetes
/// 1.21. It takes every other kind for namespaced.
pub fn is_cluster_scoped_to_kustomize(object: &Object) -> bool {
    let built_in = matches!(
        find(object.group(), object.kind()),
        Some(KindFacts {
            provider: Provider::Kubernetes,
            ..
        })
    );
    built_in
        && is_cluster_scoped(object) == Some(true)
        && !table::SINCE_1_21.contains(&object.kind())
}

impl GroupKind {
    /// The kind of an object.
    pub fn of(object: &Object) -> Self {
        Self::new(object.group(), object.kind())
    }

    /// A kind by its group and name.
    pub fn new(group: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }
}

impl std::fmt::Display for GroupKind {
    /// `Kind.group`, or `Kind` in the core group.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.group.as_str() {
            "" => f.write_str(&self.kind),
            group => write!(f, "{}.{group}", self.kind),
        }
    }
}
