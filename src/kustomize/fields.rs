//! The text of fields that overlays take over from a base as they are: written once for all of them.

use std::sync::{Arc, OnceLock};

use super::meaning::meaning;
use super::tree::{Mapping, Node, Scalar};
use crate::yaml::written_field;

/// The fields at the top of an object, each with its text once somebody asked for it.
#[derive(Debug)]
pub(super) struct WrittenFields {
    fields: Mapping,
    texts: Vec<OnceLock<Option<Arc<str>>>>,
}

impl WrittenFields {
    /// The fields of an object; nothing is written yet.
    pub(super) fn of(root: &Node) -> Self {
        let fields = root.as_mapping().cloned().unwrap_or_default();
        Self { texts: fields.entries.iter().map(|_| OnceLock::new()).collect(), fields }
    }

    /// Whether these are the fields of this very tree.
    pub(super) fn are_of(&self, root: &Node) -> bool {
        root.as_mapping().is_some_and(|mapping| Arc::ptr_eq(&mapping.entries, &self.fields.entries))
    }

    /// What is printed after the colon, where the value is a collection that nobody changed and that can be printed.
    pub(super) fn text(&self, key: &Scalar, value: &Node) -> Option<Arc<str>> {
        let at = self.fields.entries.iter().position(|(own, kept)| own == key && kept.is_same(value))?;
        self.texts[at].get_or_init(|| Some(Arc::from(written_field(meaning(value, false).ok()?)))).clone()
    }
}
