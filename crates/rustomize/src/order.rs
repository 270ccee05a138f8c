//! The order of the output.

use std::cmp::Ordering;

use crate::kustomization::SortOrder;
use crate::resource::{Resource, or};
use crate::version::KustomizeVersion;

/// Kinds that come first, in kustomize's order.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The place of a kind in the default order.
pub(crate) fn kind_rank(kind: &str) -> usize {
    rank(kind, &FIRST, &LAST)
}

fn rank<S: AsRef<str>>(kind: &str, first: &[S], last: &[S]) -> usize {
    // A kind in both lists is one of the last; a kind twice in a list counts at its last place.
    let at = |list: &[S]| list.iter().rposition(|k| k.as_ref() == kind);
    match (at(first), at(last)) {
        (_, Some(at)) => first.len() + 1 + at,
        (Some(at), None) => at,
        (None, None) => first.len(),
    }
}

/// Sorts resources.
pub(crate) fn sort_resources(
    resources: &mut Vec<Resource>,
    order: &SortOrder,
    version: KustomizeVersion,
) {
    let by = |kind: &str| match order {
        SortOrder::Legacy { first, last } => rank(kind, first, last),
        _ => kind_rank(kind),
    };
    if *order == SortOrder::Fifo {
        return;
    }
    let keys: Vec<SortKey<'_>> = resources
        .iter()
        .map(|resource| SortKey::of(resource, by(resource.kind())))
        .collect();
    let mut places: Vec<usize> = (0..keys.len()).collect();
    places.sort_by(|a, b| keys[*a].compare(&keys[*b], version));
    if !places.is_sorted() {
        let mut unsorted: Vec<Option<Resource>> =
            std::mem::take(resources).into_iter().map(Some).collect();
        resources.extend(
            places
                .into_iter()
                .filter_map(|place| unsorted[place].take()),
        );
    }
}

/// Sort key of an object.
struct SortKey<'r> {
    rank: usize,
    group: &'r str,
    version: &'r str,
    kind: &'r str,
    namespace: &'r str,
    name: &'r str,
}

impl<'r> SortKey<'r> {
    fn of(resource: &'r Resource, rank: usize) -> Self {
        let (group, kind) = (resource.group(), resource.kind());
        Self {
            rank,
            group,
            version: resource.version(),
            kind,
            namespace: or(resource.namespace(), "~X"),
            name: or(resource.name(), "~N"),
        }
    }

    fn compare(&self, other: &Self, version: KustomizeVersion) -> Ordering {
        let is_same_type =
            self.kind == other.kind && self.version == other.version && self.group == other.group;
        match self.rank.cmp(&other.rank) {
            // The texts are those that kustomize compares; where they begin alike, only their ends count.
            Ordering::Equal if is_same_type && self.namespace == other.namespace => {
                self.name.cmp(other.name)
            }
            Ordering::Equal if is_same_type => self.text().cmp(other.text()),
            // Since 5.5, the Namespaces of the core group come before those of others.
            Ordering::Equal if version > KustomizeVersion::V5_4 && self.is_core_pair(other) => {
                other.type_text().cmp(self.type_text())
            }
            Ordering::Equal => self
                .type_text()
                .cmp(other.type_text())
                .then_with(|| self.text().cmp(other.text())),
            different => different,
        }
    }

    /// Returns whether both are Namespaces, and one of them of the core group.
    fn is_core_pair(&self, other: &Self) -> bool {
        self.kind == "Namespace"
            && other.kind == "Namespace"
            && (self.group.is_empty() || other.group.is_empty())
    }

    /// `group_version_kind`
    fn type_text(&self) -> impl Iterator<Item = u8> {
        joined([
            or(self.group, "~G"),
            "_",
            or(self.version, "~V"),
            "_",
            or(self.kind, "~K"),
        ])
    }

    /// `Kind.version.group|namespace|name`
    fn text(&self) -> impl Iterator<Item = u8> {
        let (kind, version, group) = (
            or(self.kind, "[noKind]"),
            or(self.version, "[noVer]"),
            or(self.group, "[noGrp]"),
        );
        joined([
            kind,
            ".",
            version,
            ".",
            group,
            "|",
            self.namespace,
            "|",
            self.name,
        ])
    }
}

fn joined<const N: usize>(parts: [&str; N]) -> impl Iterator<Item = u8> + '_ {
    parts.into_iter().flat_map(str::bytes)
}
