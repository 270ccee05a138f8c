//! Numbers of replicas.

use super::change_fields;
use crate::field::{FieldSpec, Make, replaced_scalar};
use crate::kustomization::ReplicaEntry;
use crate::resource::Resource;
use crate::tree::Tag;

/// Sets the replicas of the workloads that have the name, or had it.
pub(crate) fn set_replicas(
    resources: &mut [Resource],
    entry: &ReplicaEntry,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let mut found = false;
    for spec in specs {
        for resource in resources.iter_mut() {
            let named = |id: crate::resource::ResourceId| {
                id.name == entry.name && spec.kinds.accepts(&id.group, &id.version, &id.kind)
            };
            if resource.any_ids().any(named) {
                found = true;
                let count = entry.count.to_string();
                change_fields(resource, [spec], Make::Scalar, &mut |old| {
                    replaced_scalar(old, &count, Tag::Int)
                })?;
            }
        }
    }
    if found {
        Ok(())
    } else {
        Err(format!(
            "no workload with replicas is called `{}`",
            entry.name
        ))
    }
}
