//! Describes what is gone when an object of a kind is deleted.

use serde::Deserialize;

use crate::manifest::Object;

/// Data, or a service that a site stands on, which goes with an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeletionLoss {
    /// The thing that is lost, a phrase that completes "deleting it loses".
    pub what: String,
    /// It is lost only where the object has this field, a JSON pointer.
    pub when_present: Option<String>,
}

impl DeletionLoss {
    /// Tells whether deleting an object loses it.
    pub fn applies_to(&self, object: &Object) -> bool {
        let present = |pointer: &String| object.get(pointer).is_some();
        self.when_present.as_ref().is_none_or(present)
    }
}
