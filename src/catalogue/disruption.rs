//! Describes what happens when a field of a running object changes.

use serde::Deserialize;

use crate::manifest::Object;

/// A field whose change interrupts or moves what runs, or is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disruption {
    /// The field, a JSON pointer.
    pub at: String,
    /// The thing that happens, a sentence without its full stop.
    pub what: String,
    /// The place where that was read.
    pub source: String,
}

impl Disruption {
    /// Tells whether the field is another one in a later state of an object.
    pub fn happens(&self, before: &Object, after: &Object) -> bool {
        before.get(&self.at) != after.get(&self.at)
    }
}
