//! Storage of a site, by role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use kubernetes_vocabulary::Quantity;

/// A storage class that plays a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageClassRef {
    /// The name of the StorageClass.
    pub class: String,
    /// The instance that provides the class; absent: the cluster has it.
    pub from: Option<String>,
    /// The access modes that it offers.
    #[serde(default)]
    pub modes: Vec<AccessMode>,
    /// It is the cluster's default class.
    #[serde(default)]
    pub default: bool,
    /// The space that the class has for volumes, in all; compared with what `requirements` ask for.
    pub capacity: Option<Quantity>,
    /// A volume can be used on one node only (local volumes).
    #[serde(default)]
    pub local: bool,
}

/// The ways in which a volume may be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// By one node, for writing.
    ReadWriteOnce,
    /// By many nodes, for writing.
    ReadWriteMany,
    /// By many nodes, for reading.
    ReadOnlyMany,
    /// By one pod, for writing.
    ReadWriteOncePod,
}

impl AccessMode {
    /// Returns its name in a PersistentVolumeClaim.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadOnlyMany => "ReadOnlyMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }
}
