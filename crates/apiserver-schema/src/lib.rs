#![doc = include_str!("../README.md")]

mod builtin;
mod cel;
mod check;
mod crd;
mod default;
mod document;
mod identity;
mod place;
mod policy;
mod schema;
mod set;
mod version;
mod violation;

pub use builtin::{RetiredVersion, list_retired_versions};
pub use crd::{CompactContent, Definition, Definitions, ImportError, SkippedDocument};
pub use policy::{
    AdmissionContext, AdmissionOperation, AdmissionPolicies, AdmissionRequest, PolicyError,
    PolicyFinding, PolicyReport, PolicyVerdict, ValidationAction,
};
pub use schema::{CompileError, StructuralSchema};
pub use set::{SchemaSet, ServedKind};
pub use version::{Distribution, SchemaVersion, UnknownVersion};
pub use violation::{Consequence, SchemaViolation, ViolationKind};
