//! Fields of a pod specification that cannot be read.

use std::fmt;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A field of a pod specification that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The field, below the pod specification.
    pub field: &'static str,
    /// The error.
    pub message: String,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for SpecError {}

/// Reads a field; `null` is as good as absent.
pub(super) fn parse_field<T: DeserializeOwned>(
    field: &'static str,
    value: &Value,
) -> Result<Option<T>, SpecError> {
    Option::<T>::deserialize(value).map_err(|e| SpecError {
        field,
        message: e.to_string(),
    })
}
