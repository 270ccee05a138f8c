//! The result of a check.

use std::fmt;

/// One thing that an API server refuses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// JSON pointer (RFC 6901) of the field within the checked document. The field may be absent, when it is required.
    pub pointer: String,
    /// Path of the field as the API server prints it: `spec.containers[0].name`. It leaves the place in lists out
    /// where Kubernetes does, and names a field otherwise where Kubernetes does.
    pub field: String,
    /// Stable identifier of the rule, in kebab case: one of [`RULES`](crate::RULES).
    pub rule: &'static str,
    /// The API server's class of the error.
    pub cause: Cause,
    /// The value found and the value expected: a lower-case phrase without a full stop, names in backticks.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.field, self.message, self.rule)
    }
}

/// The class of an error, as in the `reason` of the API server's causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The field is absent or empty (`FieldValueRequired`).
    Required,
    /// The value breaks a rule (`FieldValueInvalid`).
    Invalid,
    /// The value is not one of an enumeration (`FieldValueNotSupported`).
    NotSupported,
    /// The field may not be set here (`FieldValueForbidden`).
    Forbidden,
    /// The value has to be unique in its list (`FieldValueDuplicate`).
    Duplicate,
    /// The value names something that does not exist in the object (`FieldValueNotFound`).
    NotFound,
    /// The value is longer than allowed (`FieldValueTooLong`).
    TooLong,
    /// The list has more entries than allowed (`FieldValueTooMany`).
    TooMany,
    /// The value cannot be decoded, which an API server answers with a bad request instead of a cause.
    Malformed,
}
