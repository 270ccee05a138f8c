//! The order of the output.

use std::cmp::Ordering;

use super::kustomization::Sort;
use super::resource::{Resource, or};

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
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The place of a kind in the default order.
pub(super) fn kind_rank(kind: &str) -> usize {
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
pub(super) fn sort(resources: &mut Vec<Resource>, order: &Sort) {
    let by = |kind: &str| match order {
        Sort::Legacy(first, last) => rank(kind, first, last),
        _ => kind_rank(kind),
    };
    if *order != Sort::Fifo {
        let mut ranked: Vec<(usize, Resource)> = resources.drain(..).map(|r| (by(r.kind()), r)).collect();
        ranked.sort_by(|(a_rank, a), (b_rank, b)| a_rank.cmp(b_rank).then_with(|| compare(a, b)));
        resources.extend(ranked.into_iter().map(|(_, resource)| resource));
    }
}

/// Compares objects whose kinds have the same place.
fn compare(a: &Resource, b: &Resource) -> Ordering {
    // The Namespaces of the core group come before those of others.
    let foreign = |r: &Resource| r.kind() == "Namespace" && !r.group().is_empty();
    foreign(a).cmp(&foreign(b)).then_with(|| type_text(a).cmp(type_text(b))).then_with(|| text(a).cmp(text(b)))
}

/// `group_version_kind`
fn type_text(r: &Resource) -> impl Iterator<Item = u8> {
    joined([or(r.group(), "~G"), "_", or(r.version(), "~V"), "_", or(r.kind(), "~K")])
}

/// `Kind.version.group|namespace|name`
fn text(r: &Resource) -> impl Iterator<Item = u8> {
    let (kind, version, group) = (or(r.kind(), "[noKind]"), or(r.version(), "[noVer]"), or(r.group(), "[noGrp]"));
    joined([kind, ".", version, ".", group, "|", or(r.namespace(), "~X"), "|", or(r.name(), "~N")])
}

fn joined<'t, const N: usize>(parts: [&'t str; N]) -> impl Iterator<Item = u8> + 't {
    parts.into_iter().flat_map(str::bytes)
}
