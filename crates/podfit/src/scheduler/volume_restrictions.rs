//! `VolumeRestrictions`: a claim with `ReadWriteOncePod` is used by one pod of the cluster.

use super::{Cluster, PodSpec, Reason};

pub(super) fn filter(cluster: &Cluster<'_>, spec: &PodSpec) -> Option<Reason> {
    let exclusive = spec.volumes.iter().filter(|v| v.shared && v.exclusive);
    exclusive.into_iter().find_map(|volume| {
        let holder = cluster.placed.iter().find(|p| {
            p.spec.namespace == spec.namespace
                && p.spec
                    .volumes
                    .iter()
                    .any(|v| v.shared && v.claim == volume.claim)
        })?;
        Some(Reason::ClaimInUse {
            claim: volume.claim.clone(),
            by: holder.spec.owner.clone(),
        })
    })
}
