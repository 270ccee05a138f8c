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
    fn the_lists_are_sorted() {
        assert!(KUBERNETES.is_sorted());
        assert!(OPENSHIFT.is_sorted());
    }
}
