//! Well-known annotations (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).

/// The object as `kubectl apply` last sent it.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Marks the StorageClass of claims that name none.
pub const DEFAULT_STORAGE_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The largest total size of the annotations of one object, keys and values together, in bytes
/// (apimachinery `TotalAnnotationSizeLimitB`).
pub const TOTAL_SIZE_LIMIT: usize = 262_144;
