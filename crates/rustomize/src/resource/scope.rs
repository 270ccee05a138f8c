//! The kinds of objects that kustomize knows to be cluster-scoped.

/// Returns whether kustomize knows that objects of a kind are cluster-scoped, and so leaves their namespace alone.
///
/// It takes every kind that is not among [`CLUSTER_SCOPED_KINDS`] for namespaced.
pub fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    CLUSTER_SCOPED_KINDS.iter().any(|known| {
        known.group == group && known.versions.contains(&version) && known.kinds.contains(&kind)
    })
}

/// Cluster-scoped kinds of one API group that kustomize knows.
#[derive(Debug)]
pub struct ClusterScopedKinds {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The versions in which it knows them.
    pub versions: &'static [&'static str],
    /// The kinds.
    pub kinds: &'static [&'static str],
}

/// All cluster-scoped kinds that kustomize knows, as its OpenAPI data (Kubernetes 1.21) has them.
pub const CLUSTER_SCOPED_KINDS: &[ClusterScopedKinds] = &[
    kinds_of(
        "",
        &["v1"],
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
    kinds_of(
        "admissionregistration.k8s.io",
        STABLE,
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
    ),
    kinds_of(
        "apiextensions.k8s.io",
        STABLE,
        &["CustomResourceDefinition"],
    ),
    kinds_of("apiregistration.k8s.io", STABLE, &["APIService"]),
    kinds_of(
        "certificates.k8s.io",
        STABLE,
        &["CertificateSigningRequest"],
    ),
    kinds_of(
        "flowcontrol.apiserver.k8s.io",
        &["v1beta1"],
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    kinds_of("networking.k8s.io", STABLE, &["IngressClass"]),
    kinds_of("node.k8s.io", STABLE, &["RuntimeClass"]),
    kinds_of("policy", &["v1beta1"], &["PodSecurityPolicy"]),
    kinds_of(
        "rbac.authorization.k8s.io",
        STABLE,
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    kinds_of("scheduling.k8s.io", STABLE, &["PriorityClass"]),
    kinds_of(
        "storage.k8s.io",
        STABLE,
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    ),
];

const STABLE: &[&str] = &["v1", "v1beta1"];

const fn kinds_of(
    group: &'static str,
    versions: &'static [&'static str],
    kinds: &'static [&'static str],
) -> ClusterScopedKinds {
    ClusterScopedKinds {
        group,
        versions,
        kinds,
    }
}
