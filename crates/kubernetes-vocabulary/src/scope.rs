//! Scopes of resources.

use serde::{Deserialize, Serialize};

/// Tells whether the objects of a kind live in a namespace, as `spec.scope` of a CustomResourceDefinition writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ResourceScope {
    /// They live in a namespace.
    Namespaced,
    /// There is one of each name in a cluster.
    Cluster,
}
