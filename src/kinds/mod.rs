//! What kinds there are: whether their objects live in a namespace, what their resources are called, and who brings their API.
//!
//! What is known beforehand is in the [catalogue](crate::catalogue). What it does not hold is learnt from the CustomResourceDefinitions among the objects of a site and
//! from the `catalogue` of its apps: see [`Kinds`].

mod learnt;
mod namespaces;

use kubernetes_vocabulary::ResourceScope;
use serde::Serialize;

use crate::catalogue::{ApiProvider, Catalogue, Entry};
use crate::manifest::Object;

pub use learnt::Kinds;
pub use namespaces::is_platform_namespace;

/// A kind without its version. Ordered by group, then kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// Built-in cluster-scoped kinds that came, or whose present versions came, after Kubernetes 1.21.
const SINCE_1_21: &[&str] = &[
    "ClusterTrustBundle",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "ServiceCIDR",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "VolumeAttributesClass",
];

/// Returns the name of the resource of a kind, for instance `deployments`; `None` for kinds that the catalogue does not name.
pub fn resource(group: &str, kind: &str) -> Option<&'static str> {
    entry(group, kind)?.plural.as_deref()
}

/// Returns who brings the API of a kind; `None` where nobody is known to.
pub fn provider(group: &str, kind: &str) -> Option<&'static ApiProvider> {
    entry(group, kind)?.brought_by.as_ref()
}

fn entry(group: &str, kind: &str) -> Option<&'static Entry> {
    Catalogue::built_in().entry_of_kind(group, kind)
}

/// Whether objects of the kind live in a namespace; `None` for kinds that the table does not hold.
pub fn scope(group: &str, kind: &str) -> Option<ResourceScope> {
    entry(group, kind)?.scope
}

/// Whether the object's kind is cluster-scoped; `None` for kinds that the table does not hold.
pub fn is_cluster_scoped(object: &Object) -> Option<bool> {
    scope(object.group(), object.kind()).map(|scope| scope == ResourceScope::Cluster)
}

/// Whether kustomize knows that the object's kind is cluster-scoped, and so leaves its namespace alone: the built-in kinds of Kubernetes
/// 1.21. It takes every other kind for namespaced.
pub fn is_cluster_scoped_to_kustomize(object: &Object) -> bool {
    provider(object.group(), object.kind()) == Some(&ApiProvider::Kubernetes)
        && is_cluster_scoped(object) == Some(true)
        && !SINCE_1_21.contains(&object.kind())
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
