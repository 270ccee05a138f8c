//! Paths of the catalogue: from the object's root, or, with a leading dot, from the part's own place.

use serde::Deserialize;
use serde_json::Value;

use crate::patch::{FieldPath, FieldPathError};
use pointer_diagnostics::Pointer;

/// Path of a field of a part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum PartPath {
    /// The part's own place (`.`).
    Here,
    /// Below the part's own place (`.affinity`).
    Below(FieldPath),
    /// From the object's root (`spec.replicas`).
    Root(FieldPath),
}

/// The error for a text that is not the path of a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path: {reason}")]
pub struct PartPathError {
    text: String,
    reason: FieldPathError,
}

impl TryFrom<String> for PartPath {
    type Error = PartPathError;

    fn try_from(text: String) -> Result<Self, PartPathError> {
        Self::parse(&text)
    }
}

impl PartPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// When it is not a field path.
    pub fn parse(text: &str) -> Result<Self, PartPathError> {
        let path = |text: &str| {
            FieldPath::parse(text).map_err(|reason| PartPathError {
                text: text.to_owned(),
                reason,
            })
        };
        match text.strip_prefix('.') {
            Some("") => Ok(Self::Here),
            Some(below) => Ok(Self::Below(path(below)?)),
            None => Ok(Self::Root(path(text)?)),
        }
    }

    /// Checks whether it may lead to several places.
    pub fn has_several(&self) -> bool {
        match self {
            Self::Here => false,
            Self::Below(path) | Self::Root(path) => path.has_several(),
        }
    }

    /// The pointers that it leads to in an object, for a part at a place. Missing maps are followed, missing list elements are not.
    pub fn resolve(&self, object: &Value, at: &Pointer) -> Vec<Pointer> {
        match self {
            Self::Here => vec![at.clone()],
            Self::Below(path) => {
                let place = object.pointer(at.as_str()).unwrap_or(&Value::Null);
                path.resolve(place)
                    .iter()
                    .map(|below| at.join(below))
                    .collect()
            }
            Self::Root(path) => path.resolve(object),
        }
    }
}
