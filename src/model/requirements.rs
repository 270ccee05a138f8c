//! Requirements that profiles and apps make of a site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kubernetes_vocabulary::Quantity;

use super::storage::AccessMode;
use super::version_range::VersionRange;

/// Properties that a site must have. What is left out is not required.
///
/// A profile's requirements merge as its other fields do: a later profile, or the site, can ask for less of the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteRequirements {
    /// The versions of `OpenShift`: one comparison, or several that all hold.
    pub openshift: Option<VersionRange>,
    /// The versions of `OpenShift` of the clusters whose control planes it hosts.
    pub hosted: Option<VersionRange>,
    /// Its workers, all of them together.
    #[serde(default)]
    pub workers: WorkerRequirements,
    /// Its storage classes: for each entry, one class that offers the mode and has the space.
    #[serde(default)]
    pub storage: Vec<StorageRequirement>,
}

/// Properties of all nodes with the role `worker` together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkerRequirements {
    /// The least number of them.
    pub nodes: Option<u32>,
    /// The least CPUs that they offer to pods in all: `allocatable`, or `capacity` without `reserved`.
    pub cpu: Option<Quantity>,
    /// The least memory that they offer to pods in all.
    pub memory: Option<Quantity>,
}

/// Properties of one storage class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageRequirement {
    /// The access mode that it offers.
    pub mode: AccessMode,
    /// The least space that it has, in all; any if not written.
    pub size: Option<Quantity>,
}
