//! Exact changes to one object: RFC 6902 operations, and an editor that records them with their guards.
//!
//! An [`Editor`] changes a value and writes down the operations that do the same in kustomize. List positions are guarded by a `test`
//! of the element's name, replaced values by a `test` of the old value, so that a base that moved fails instead of being patched wrongly.

mod editor;
mod field_path;

use serde::Serialize;
use serde_json::Value;

use pointer_diagnostics::{Origin, Pointer};

pub use editor::Editor;
pub use field_path::{FieldPath, FieldPathError};

/// One RFC 6902 operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// The kind of change.
    pub op: Op,
    /// The field.
    pub path: Pointer,
    /// The value; none for `remove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The reason; `None` for guards.
    #[serde(skip)]
    pub asked_by: Option<Reason>,
}

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Fails the patch unless the value is there.
    Test,
    /// Adds a field or list element.
    Add,
    /// Replaces a value.
    Replace,
    /// Removes a field or list element.
    Remove,
}

/// The reason for a change: the rule that made it and the inputs that the rule followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The part of siteplan that made it.
    pub author: FieldAuthor,
    /// The inputs, the most specific first.
    pub origins: Vec<Origin>,
}

/// The part of siteplan that writes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldAuthor {
    /// The placement of a part.
    Placement,
    /// The storage role that a part asks for.
    StorageRole,
    /// The availability that a part is promised.
    Availability,
    /// A value of the instance.
    Value,
    /// Annotations that Argo CD needs on an object.
    ArgoCd,
    /// An exception of the site.
    Exception,
    /// The version of an operator, and who approves its updates.
    OperatorVersion,
}

impl FieldAuthor {
    /// Returns the author in a few words, as `explain` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Placement => "placement",
            Self::StorageRole => "storage role",
            Self::Availability => "availability",
            Self::Value => "value",
            Self::ArgoCd => "argocd",
            Self::OperatorVersion => "operator version",
        }
    }
}
