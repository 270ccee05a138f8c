//! The volumes of a part's pods, as far as they say where the pods can run.

use kubernetes_vocabulary::labels::HOSTNAME;
use serde_json::Value;

use super::PodsScope;
use super::inventory::KnownClass;
use crate::catalogue::{Field, PartAt};
use crate::manifest::Object;
use kubernetes_vocabulary::Quantity;
use podfit::scheduler::{PodSpec, PodVolume};

/// Returns the resource that stands for the volumes of a local class: each node has as many as it has disks for them.
pub(super) fn disk_resource(class: &str) -> String {
    format!("volumes of {class}")
}

/// Adds the part's volumes to its pods: claims that each pod has for itself, and claims that the pods name. Returns the names of the latter.
pub(super) fn add_volumes(
    scope: &PodsScope<'_>,
    part: &PartAt<'_>,
    object: &Object,
    spec: &mut PodSpec,
) -> Vec<String> {
    let own = part
        .pointers(object, Field::Claims)
        .into_iter()
        .filter_map(|at| Some((at.clone(), object.get(at.as_str())?)));
    for (at, claim) in own.filter(|(_, claim)| claim.is_object()) {
        let known = scope.inventory.by_spec(claim);
        let name = at
            .tokens()
            .filter(|t| t != "spec")
            .last()
            .unwrap_or_default();
        take_disk(scope, spec, make_volume(&name, &known, false));
    }
    for class in part
        .values(object, Field::StorageClass)
        .filter_map(Value::as_str)
    {
        let claim = serde_json::json!({"storageClassName": class});
        take_disk(
            scope,
            spec,
            make_volume(class, &scope.inventory.by_spec(&claim), false),
        );
    }
    let mounted = part
        .values(object, Field::Volumes)
        .flat_map(|list| list.as_array().into_iter().flatten());
    let mut named = Vec::new();
    for name in mounted.filter_map(claim_name) {
        named.push(name.to_owned());
        // A claim that nothing here describes is somebody else's; nothing is known about where it is.
        let known = scope
            .inventory
            .by_name(&spec.namespace, name)
            .unwrap_or_default();
        let shared = make_volume(name, &known, true);
        if !shared.segment.is_empty()
            || shared.exclusive
            || shared.pinned.is_some()
            || !shared.allowed.is_empty()
        {
            spec.volumes.push(shared);
        }
    }
    named
}

fn claim_name(volume: &Value) -> Option<&str> {
    let claim = volume.pointer("/persistentVolumeClaim/claimName");
    claim
        .or_else(|| volume.pointer("/dataVolume/name"))
        .and_then(Value::as_str)
}

/// Adds a volume of the pod's own; one of a class whose disks are counted takes one of them.
fn take_disk(scope: &PodsScope<'_>, spec: &mut PodSpec, volume: PodVolume) {
    if scope.inventory.counts(&volume.class) {
        let taken = spec
            .requests
            .entry(disk_resource(&volume.class))
            .or_default();
        *taken = taken.plus(Quantity::units(1));
    }
    if !volume.segment.is_empty() || volume.pinned.is_some() || !volume.allowed.is_empty() {
        spec.volumes.push(volume);
    }
}

fn make_volume(claim: &str, known: &KnownClass, shared: bool) -> PodVolume {
    let mut segment: Vec<String> = known
        .allowed
        .iter()
        .flatten()
        .map(|r| r.key.clone())
        .collect();
    segment.sort();
    segment.dedup();
    if known.local {
        segment = vec![HOSTNAME.to_owned()];
    }
    PodVolume {
        claim: claim.to_owned(),
        class: known.class.clone(),
        shared,
        segment,
        allowed: known.allowed.clone(),
        pinned: known.pinned.clone(),
        exclusive: known.exclusive,
    }
}
