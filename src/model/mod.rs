//! The input language as types: Fleet, Site, Profile, App and Removal.
//!
//! The JSON Schemas in `schema/` are generated from these types, so a doc comment here is what an editor shows.
//! The types carry no positions: an entity's place is its file, and a field's place is a JSON pointer into it.

mod app;
mod date;
mod fleet;
mod images;
mod install;
mod namespace;
mod network;
mod nodes;
mod operators;
mod removal;
mod requirements;
mod site;
mod storage;
mod team;
mod text_form;
mod version_range;

pub use app::{
    AppSpec, Availability, Each, ImageSupport, NodeNeeds, OnRemove, PartSpec, ProvidedObject,
    Provides, Quorum, Requirement, SetValue, Survives,
};
pub use date::is_calendar_day;
pub use fleet::{
    ArgoCd, ArgoFlavour, ArgoOperator, EndedExceptions, ExpectedObject, ExpectedSecret, FleetSpec,
    GitSource, ImagePolicy, KustomizeRelease, SharedScope, TagPolicy, Topology, ValidationMode,
    WaivedSeverity, Waiver,
};
pub use images::{ImageFact, ImagesSpec};
pub use install::{
    Install, InstallNetworking, InstallPlatform, PowerMachine, ProcessorSharing, Publication,
};
pub use namespace::{NamespaceSpec, PodSecurity};
pub use network::{Bond, BondMode, Network, NetworkDns, Route};
pub use nodes::{
    Arch, Bmc, DiskGroup, NodeSpec, NodeState, Pool, PoolAutoscaling, Role, TolerationMatch,
    TolerationSpec,
};
pub use operators::{
    OperatorFact, OperatorRelease, OperatorUpdates, OperatorsSpec, UpdateApproval,
};
pub use removal::{Removal, SiteToApprove};
pub use requirements::{SiteRequirements, StorageRequirement, WorkerRequirements};
pub use site::{
    AppInstance, Cluster, Exception, Ha, HaMode, NodePlatform, Placement, Platform, SiteSpec,
    Survive, Vips,
};
pub use storage::{AccessMode, StorageClassRef};
pub use team::{Team, TeamRights};
pub use version_range::VersionRange;

/// The API version of all inputs.
pub const API_VERSION: &str = "siteplan.dev/v1alpha1";
