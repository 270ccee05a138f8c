//! Well-known labels (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).

/// The CPU architecture of a node, as Go names it.
pub const ARCH: &str = "kubernetes.io/arch";
/// The operating system of a node.
pub const OS: &str = "kubernetes.io/os";
/// The host name of a node: the topology whose domains are single nodes.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// The zone of a node.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// The prefix of the labels that name the roles of a node.
pub const NODE_ROLE_PREFIX: &str = "node-role.kubernetes.io/";
/// The role of nodes that run the control plane.
pub const NODE_ROLE_CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
/// The former name of [`NODE_ROLE_CONTROL_PLANE`].
pub const NODE_ROLE_MASTER: &str = "node-role.kubernetes.io/master";
/// The role of nodes that run workloads.
pub const NODE_ROLE_WORKER: &str = "node-role.kubernetes.io/worker";
/// The name of a namespace; the API server puts it on every Namespace.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// The revision of a Deployment that a pod belongs to; the Deployment controller puts it on pods.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// The prefix of the recommended labels of applications.
pub const APP_PREFIX: &str = "app.kubernetes.io/";
/// The name of an application.
pub const APP_NAME: &str = "app.kubernetes.io/name";
/// The name of the application that an object is a part of.
pub const APP_PART_OF: &str = "app.kubernetes.io/part-of";
/// The prefix of the labels that set the pod security level of a namespace, by mode.
pub const POD_SECURITY_PREFIX: &str = "pod-security.kubernetes.io/";
