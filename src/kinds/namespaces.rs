//! Namespaces that come with the platform, and that nobody else may own.

use crate::model::Platform;

/// Namespaces that every Kubernetes has.
const KUBERNETES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

/// Namespaces that OpenShift itself makes and that site manifests have reason to write into.
const OPENSHIFT: &[&str] = &[
    "openshift",
    "openshift-apiserver",
    "openshift-authentication",
    "openshift-cluster-csi-drivers",
    "openshift-cluster-node-tuning-operator",
    "openshift-cluster-version",
    "openshift-config",
    "openshift-config-managed",
    "openshift-console",
    "openshift-dns",
    "openshift-etcd",
    "openshift-image-registry",
    "openshift-ingress",
    "openshift-ingress-operator",
    "openshift-insights",
    "openshift-kube-apiserver",
    "openshift-machine-api",
    "openshift-machine-config-operator",
    "openshift-marketplace",
    "openshift-monitoring",
    "openshift-multus",
    "openshift-network-operator",
    "openshift-node",
    "openshift-operator-lifecycle-manager",
    "openshift-operators",
    "openshift-ovn-kubernetes",
    "openshift-service-ca",
    "openshift-user-workload-monitoring",
];

/// Namespaces below `openshift-` that a cluster has only after somebody made them for an operator that is installed there.
const OF_OPERATORS: &[&str] = &[
    "openshift-adp",
    "openshift-cnv",
    "openshift-compliance",
    "openshift-distributed-tracing",
    "openshift-dpu-network-operator",
    "openshift-file-integrity",
    "openshift-gitops-operator",
    "openshift-keda",
    "openshift-kmm",
    "openshift-local-storage",
    "openshift-logging",
    "openshift-lvm-storage",
    "openshift-mta",
    "openshift-mtv",
    "openshift-netobserv-operator",
    "openshift-nfd",
    "openshift-nmstate",
    "openshift-operators-redhat",
    "openshift-ptp",
    "openshift-sandboxed-containers-operator",
    "openshift-security-profiles",
    "openshift-serverless",
    "openshift-sriov-network-operator",
    "openshift-storage",
    "openshift-storage-client",
    "openshift-tempo-operator",
    "openshift-windows-machine-config-operator",
    "openshift-workload-availability",
];

/// Checks whether a namespace may be taken to be there: the platform makes it, as it makes all below `openshift-` but those that are made
/// for operators.
pub fn is_made_by_platform(platform: Platform, namespace: &str) -> bool {
    let is_openshifts = || {
        platform == Platform::Openshift
            && namespace.starts_with("openshift-")
            && !OF_OPERATORS.contains(&namespace)
    };
    is_platform_namespace(platform, namespace) || is_openshifts()
}

/// Checks whether every cluster of the platform has the namespace.
pub fn is_platform_namespace(platform: Platform, namespace: &str) -> bool {
    KUBERNETES.contains(&namespace)
        || platform == Platform::Openshift && OPENSHIFT.contains(&namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_namespaces_of_their_own() {
        assert!(is_platform_namespace(Platform::Kubernetes, "kube-system"));
        assert!(is_platform_namespace(
            Platform::Openshift,
            "openshift-machine-api"
        ));
        assert!(!is_platform_namespace(
            Platform::Kubernetes,
            "openshift-config"
        ));
        assert!(!is_platform_namespace(
            Platform::Openshift,
            "openshift-storage"
        ));
    }

    #[test]
    fn what_nobody_made_is_not_there() {
        let is_made = |namespace| is_made_by_platform(Platform::Openshift, namespace);
        assert!(is_made("openshift-host-network"));
        assert!(!is_made("openshift-storage"));
        assert!(!is_made("openshiftstorage"));
        assert!(!is_made_by_platform(
            Platform::Kubernetes,
            "openshift-host-network"
        ));
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(KUBERNETES.is_sorted());
        assert!(OPENSHIFT.is_sorted());
        assert!(OF_OPERATORS.is_sorted());
    }
}
