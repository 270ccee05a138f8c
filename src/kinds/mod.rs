//! Kinds of a site: their scope, the plural of their resources, and the provider of their API.
//!
//! Facts known beforehand are in the [catalogue](crate::catalogue). What it does not hold is learnt from the CustomResourceDefinitions among the objects of a site and
//! from the `catalogue` of its apps: see [`Kinds`].

mod learnt;
mod namespaces;

use kubernetes_vocabulary::ResourceScope;
use serde::Serialize;

use crate::catalogue::{ApiProvider, Catalogue, Entry};
use crate::manifest::Object;

pub use learnt::Kinds;
pub use namespaces::{is_made_by_platform, is_platform_namespace};

/// A kind without its version. Ordered by group, then kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

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

/// Returns the scope of a kind; `None` for kinds that the table does not hold.
pub fn scope(group: &str, kind: &str) -> Option<ResourceScope> {
    entry(group, kind)?.scope
}

/// Checks whether the object's kind is cluster-scoped; `None` for kinds that the table does not hold.
pub fn is_cluster_scoped(object: &Object) -> Option<bool> {
    scope(object.group(), object.kind()).map(|scope| scope == ResourceScope::Cluster)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The kinds that kustomize knows to be cluster-scoped, in some version.
    fn known_to_kustomize() -> BTreeSet<GroupKind> {
        rustomize::CLUSTER_SCOPED_KINDS
            .iter()
            .flat_map(|known| {
                known
                    .kinds
                    .iter()
                    .map(|kind| GroupKind::new(known.group, kind))
            })
            .collect()
    }

    #[test]
    fn kinds_that_kustomize_takes_for_cluster_scoped_are_so_here() {
        // No cluster serves PodSecurityPolicy since Kubernetes 1.25, and nobody writes a ComponentStatus.
        let unknown_here = [
            GroupKind::new("", "ComponentStatus"),
            GroupKind::new("policy", "PodSecurityPolicy"),
        ];
        for known in known_to_kustomize() {
            let expected = (!unknown_here.contains(&known)).then_some(ResourceScope::Cluster);
            assert_eq!(scope(&known.group, &known.kind), expected, "{known}");
        }
    }

    #[test]
    fn kustomize_knows_the_built_in_cluster_scoped_kinds_of_1_21() {
        // kustomize takes these for namespaced: they came after its OpenAPI data.
        let since = [
            "ClusterTrustBundle",
            "DeviceClass",
            "IPAddress",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "ResourceSlice",
            "ServiceCIDR",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "VolumeAttributesClass",
        ];
        let known = known_to_kustomize();
        let unknown: BTreeSet<&str> = Catalogue::built_in()
            .entries()
            .filter(|entry| entry.brought_by == Some(ApiProvider::Kubernetes))
            .filter(|entry| entry.scope == Some(ResourceScope::Cluster))
            .filter(|entry| !known.contains(&GroupKind::new(&entry.group, &entry.kind)))
            .map(|entry| entry.kind.as_str())
            .collect();
        assert_eq!(unknown, BTreeSet::from(since));
    }
}
