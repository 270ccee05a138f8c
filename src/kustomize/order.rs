//! The order of the output.

use super::kustomization::Sort;
use super::resource::{Id, Resource};

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
pub(super) fn sort(resources: &mut [Resource], order: &Sort) {
    let by = |kind: &str| match order {
        Sort::Legacy(first, last) => rank(kind, first, last),
        _ => kind_rank(kind),
    };
    if *order != Sort::Fifo {
        resources.sort_by_cached_key(|resource| key(&resource.id(), by(resource.kind())));
    }
}

fn key(id: &Id, rank: usize) -> (usize, bool, String, String) {
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let types = format!("{}_{}_{}", or(&id.group, "~G"), or(&id.version, "~V"), or(&id.kind, "~K"));
    // The Namespaces of the core group come before those of others.
    let foreign = id.kind == "Namespace" && !id.group.is_empty();
    let object = format!("{}|{}|{}", id.type_text(), or(&id.namespace, "~X"), or(&id.name, "~N"));
    (rank, foreign, types, object)
}
