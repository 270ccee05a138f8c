//! Kinds of risk, and their codes.

use std::fmt;

use serde::Serialize;

/// Kinds of risk, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskKind {
    /// An object goes, and data with it.
    DataDeleted,
    /// An object of which data depends changes: a class, a claim, a storage cluster, a retention.
    DataAffected,
    /// Nodes restart, or the cluster's operating system is rebuilt.
    NodesRestart,
    /// A network of nodes or pods changes.
    NetworkChanged,
    /// What cuts the power of nodes changes.
    FencingChanged,
    /// Somebody may do more.
    RightsWidened,
    /// Pods get privileges of their node.
    PrivilegeGained,
    /// Objects go that can be made again.
    ObjectDeleted,
    /// An object goes and comes back under another name.
    ObjectRenamed,
    /// The way in which Argo CD deletes or prunes changes.
    RemovalChanged,
    /// An operator, or its channel or version, changes.
    OperatorChanged,
    /// Virtual machines restart or migrate.
    MachinesRestart,
    /// Pods restart.
    PodsRestart,
    /// Pods may run on other nodes.
    PlacementMoved,
    /// There are fewer pods, or more of them may be away at a time.
    AvailabilityReduced,
    /// An image comes from another registry.
    RegistryChanged,
    /// An image changes.
    ImageChanged,
}

impl RiskKind {
    /// All kinds, the gravest first.
    pub const ALL: [Self; 17] = [
        Self::DataDeleted,
        Self::DataAffected,
        Self::NodesRestart,
        Self::NetworkChanged,
        Self::FencingChanged,
        Self::RightsWidened,
        Self::PrivilegeGained,
        Self::ObjectDeleted,
        Self::ObjectRenamed,
        Self::RemovalChanged,
        Self::OperatorChanged,
        Self::MachinesRestart,
        Self::PodsRestart,
        Self::PlacementMoved,
        Self::AvailabilityReduced,
        Self::RegistryChanged,
        Self::ImageChanged,
    ];

    /// Returns the code, as `docs/review.md` explains it.
    pub fn code(self) -> &'static str {
        match self {
            Self::DataDeleted => "data-deleted",
            Self::DataAffected => "data-affected",
            Self::NodesRestart => "nodes-restart",
            Self::NetworkChanged => "network-changed",
            Self::FencingChanged => "fencing-changed",
            Self::RightsWidened => "rights-widened",
            Self::PrivilegeGained => "privilege-gained",
            Self::ObjectDeleted => "object-deleted",
            Self::ObjectRenamed => "object-renamed",
            Self::RemovalChanged => "removal-changed",
            Self::OperatorChanged => "operator-changed",
            Self::MachinesRestart => "machines-restart",
            Self::PodsRestart => "pods-restart",
            Self::PlacementMoved => "placement-moved",
            Self::AvailabilityReduced => "availability-reduced",
            Self::RegistryChanged => "registry-changed",
            Self::ImageChanged => "image-changed",
        }
    }
}

impl fmt::Display for RiskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for RiskKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
