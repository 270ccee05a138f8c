//! Resources that the platform itself takes of a node, where the site file does not say (`reserved:`).
//!
//! The numbers are requests of the platform's own pods and what the kubelet keeps back, rounded up. `siteplan nodes import --pods`
//! measures them.

use std::collections::BTreeMap;

use crate::model::{Platform, Role};
use kubernetes_vocabulary::Quantity;

/// The platform's share of a node.
#[derive(Debug, Clone)]
pub(super) struct PlatformShare {
    pub(super) resources: BTreeMap<String, Quantity>,
    /// The source of the numbers.
    pub(super) source: &'static str,
}

struct PlatformDefault {
    platform: Platform,
    control_plane: bool,
    worker: bool,
    hosted: bool,
    cpu: i64,
    memory: i64,
    pods: i64,
    source: &'static str,
}

const COMPACT: &str =
    "a control plane of OpenShift needs 4 CPUs and 16 GiB, a worker's own services 1 CPU and 4 GiB";
const CONTROL_PLANE: &str = "the least that OpenShift asks of a control plane machine";
const WORKER: &str =
    "network, DNS, monitoring and node services of OpenShift, and what its kubelet keeps back";
const PLAIN: &str = "a control plane of kubeadm, or kube-proxy and a network plugin";

/// CPU in thousandths, memory in MiB.
#[rustfmt::skip]
const DEFAULTS: &[PlatformDefault] = &[
    PlatformDefault { platform: Platform::Openshift, control_plane: true, worker: true, hosted: false, cpu: 5000, memory: 20 << 10, pods: 90, source: COMPACT },
    PlatformDefault { platform: Platform::Openshift, control_plane: true, worker: false, hosted: false, cpu: 4000, memory: 16 << 10, pods: 70, source: CONTROL_PLANE },
    PlatformDefault { platform: Platform::Openshift, control_plane: false, worker: true, hosted: false, cpu: 1000, memory: 4 << 10, pods: 25, source: WORKER },
    PlatformDefault { platform: Platform::Openshift, control_plane: false, worker: true, hosted: true, cpu: 1500, memory: 6 << 10, pods: 35, source: WORKER },
    PlatformDefault { platform: Platform::Kubernetes, control_plane: true, worker: false, hosted: false, cpu: 1000, memory: 2 << 10, pods: 10, source: PLAIN },
    PlatformDefault { platform: Platform::Kubernetes, control_plane: false, worker: true, hosted: false, cpu: 200, memory: 512, pods: 4, source: PLAIN },
];

/// Returns the platform's share of a node with these roles.
pub(super) fn find_share(platform: Platform, hosted: bool, roles: &[Role]) -> PlatformShare {
    let control_plane = roles.contains(&Role::ControlPlane);
    let worker = !control_plane || roles.contains(&Role::Worker) || roles.contains(&Role::Infra);
    let fits = |d: &&PlatformDefault| {
        d.platform == platform
            && d.control_plane == control_plane
            && (d.worker == worker || (platform == Platform::Kubernetes && control_plane))
            && (d.hosted == hosted || control_plane || platform == Platform::Kubernetes)
    };
    let Some(default) = DEFAULTS.iter().find(fits) else {
        return PlatformShare {
            resources: BTreeMap::new(),
            source: "nothing is known",
        };
    };
    let resources = [
        ("cpu", Quantity::milli(default.cpu)),
        ("memory", Quantity::units(default.memory << 20)),
        (podfit::scheduler::PODS, Quantity::units(default.pods)),
    ];
    PlatformShare {
        resources: resources
            .map(|(name, quantity)| (name.to_owned(), quantity))
            .into(),
        source: default.source,
    }
}

/// Returns how many pods a node takes where it is not written: `maxPods` of the kubelet.
pub(super) fn count_pods(platform: Platform) -> Quantity {
    match platform {
        Platform::Openshift => Quantity::units(250),
        Platform::Kubernetes => Quantity::units(110),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_roles_has_a_share() {
        let sets: [&[Role]; 5] = [
            &[],
            &[Role::Worker],
            &[Role::ControlPlane],
            &[Role::ControlPlane, Role::Worker],
            &[Role::Infra, Role::Worker],
        ];
        for platform in [Platform::Openshift, Platform::Kubernetes] {
            for (hosted, roles) in [false, true].into_iter().flat_map(|h| sets.map(|s| (h, s))) {
                assert_eq!(
                    find_share(platform, hosted, roles).resources.len(),
                    3,
                    "{platform:?} {hosted} {roles:?}"
                );
            }
        }
    }
}
