//! `VolumeRestrictions`: a claim with `ReadWriteOncePod` is used by one pod of the cluster.

use super::{ClusterState, FilterReason, PodSpec};

pub(super) fn filter(cluster: &ClusterState<'_>, spec: &PodSpec) -> Option<FilterReason> {
    let exclusive = spec.volumes.iter().filter(|v| v.shared && v.exclusive);
    exclusive.into_iter().find_map(|volume| {
        let holder = cluster.placed.iter().find(|p| {
            p.spec.namespace == spec.namespace
                && p.spec
                    .volumes
                    .iter()
                    .any(|v| v.shared && v.claim == volume.claim)
        })?;
        Some(FilterReason::ClaimInUse {
            claim: volume.claim.clone(),
            by: holder.spec.owner.clone(),
        })
    })
}
