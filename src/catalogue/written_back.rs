//! Describes fields of a kind that others write after Argo CD has.

use serde::Deserialize;

use crate::manifest::Object;

/// Fields that a controller or webhook writes, so that Argo CD must neither report nor revert them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenBack {
    /// Who writes them.
    pub by: String,
    /// They are written only where the object has this field, a JSON pointer.
    pub when_present: Option<String>,
    /// They are written only where the object lacks this field, a JSON pointer.
    pub when_absent: Option<String>,
    /// They are written only where the object carries this label.
    pub when_label: Option<String>,
    /// They are written only where the object carries this annotation.
    pub when_annotation: Option<String>,
    /// The fields as JSON pointers.
    #[serde(default)]
    pub json_pointers: Vec<String>,
    /// The fields as expressions of jq.
    #[serde(default)]
    pub jq_path_expressions: Vec<String>,
}

impl WrittenBack {
    /// Tells whether the fields are written in every object of the kind.
    pub fn is_unconditional(&self) -> bool {
        let conditions = [
            &self.when_present,
            &self.when_absent,
            &self.when_label,
            &self.when_annotation,
        ];
        conditions.into_iter().all(Option::is_none)
    }

    /// Tells whether the fields are written in an object.
    pub fn applies_to(&self, object: &Object) -> bool {
        let present = |pointer: &String| object.get(pointer).is_some();
        let absent = |pointer: &String| object.get(pointer).is_none();
        let labelled = |key: &String| object.label(key).is_some();
        let annotated = |key: &String| object.annotation(key).is_some();
        self.when_present.as_ref().is_none_or(present)
            && self.when_absent.as_ref().is_none_or(absent)
            && self.when_label.as_ref().is_none_or(labelled)
            && self.when_annotation.as_ref().is_none_or(annotated)
    }
}
