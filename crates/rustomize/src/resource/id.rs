//! The identity of an object: its type, name and namespace.

use std::fmt;

use super::is_cluster_scoped;

/// Identity of an object within a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ResourceId {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// As it is written; empty where it is not.
    pub(crate) namespace: String,
}

/// The namespace that stands for "none at all".
const CLUSTER: &str = "_non_namespaceable_";

impl ResourceId {
    /// Returns whether the type is certainly not namespaced.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.group, &self.version, &self.kind)
    }

    /// The namespace that counts: `default` where none is written, a word of its own for cluster-scoped types.
    pub(crate) fn effective_namespace(&self) -> &str {
        effective_namespace(self.is_cluster_scoped(), &self.namespace)
    }

    /// Returns whether both mean the same object.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.version == other.version
            && self.group == other.group
            && self.effective_namespace() == other.effective_namespace()
    }
}

impl fmt::Display for ResourceId {
    /// As kustomize writes ids in its messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            version,
            kind,
            name,
            namespace,
        } = self;
        let (kind, version, group) = (
            or(kind, "[noKind]"),
            or(version, "[noVer]"),
            or(group, "[noGrp]"),
        );
        write!(
            f,
            "{kind}.{version}.{group}/{name}.{}",
            or(namespace, "[noNs]")
        )
    }
}

/// A part of an id, or the word that stands for none.
pub(crate) fn or<'t>(text: &'t str, none: &'t str) -> &'t str {
    if text.is_empty() { none } else { text }
}

pub(super) fn effective_namespace(is_cluster_scoped: bool, written: &str) -> &str {
    match written {
        _ if is_cluster_scoped => CLUSTER,
        "" => "default",
        other => other,
    }
}
