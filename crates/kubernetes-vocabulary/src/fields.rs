//! Names of fields and values of the API that several readers and writers spell.

/// Rules of affinity that must hold when a pod is scheduled.
pub const REQUIRED_DURING_SCHEDULING: &str = "requiredDuringSchedulingIgnoredDuringExecution";
/// Rules of affinity that the scheduler prefers.
pub const PREFERRED_DURING_SCHEDULING: &str = "preferredDuringSchedulingIgnoredDuringExecution";
/// The one field of a node that `matchFields` can select by.
pub const NODE_NAME: &str = "metadata.name";
