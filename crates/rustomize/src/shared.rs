//! What is computed from an object of a base once, for all overlays that use it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::layer::PatchContent;
use super::meaning::{Unprintable, meaning};
use super::resource::{History, Resource};
use super::tree::{Mapping, Node, Scalar};
use manifest_yaml::print_field;

/// An object as a base makes it, with what was computed from it so far.
#[derive(Debug)]
pub(super) struct Shared {
    root: Node,
    /// The value that is printed.
    pub(super) printed: OnceLock<Result<Arc<Value>, Unprintable>>,
    /// The text that is printed, from the second time on.
    pub(super) text: OnceLock<Box<str>>,
    was_printed: AtomicBool,
    /// The tree after a way through JSON.
    pub(super) normal: OnceLock<Node>,
    /// What is printed after the colon of each field at the top; nothing for scalars and what cannot be printed.
    fields: Vec<Field>,
    patched: Mutex<Vec<Patched>>,
}

/// A field at the top. Its text is kept from the second time on: many objects are printed only once.
#[derive(Debug, Default)]
struct Field {
    was_printed: AtomicBool,
    text: OnceLock<Option<Arc<str>>>,
}

/// What a JSON patch makes of an object.
#[derive(Debug)]
struct Patched {
    by: Arc<PatchContent>,
    tracked: bool,
    history: Arc<History>,
    object: Resource,
}

/// So many outcomes of patches are kept for an object.
const PATCHED: usize = 16;

impl Shared {
    /// Nothing is computed yet.
    pub(super) fn new(root: &Node) -> Self {
        let fields = root.as_mapping().map_or(0, |mapping| mapping.entries.len());
        Self {
            root: root.clone(),
            printed: OnceLock::new(),
            text: OnceLock::new(),
            was_printed: AtomicBool::new(false),
            normal: OnceLock::new(),
            fields: (0..fields).map(|_| Field::default()).collect(),
            patched: Mutex::default(),
        }
    }

    /// Keeps the text of the whole object, if it was printed before.
    pub(super) fn keep_text(&self, text: &str) {
        if self.was_printed.swap(true, Ordering::Relaxed) {
            self.text.get_or_init(|| text.into());
        }
    }

    /// Whether nobody changed the object since.
    pub(super) fn is_of(&self, root: &Node) -> bool {
        self.root.is_same(root)
    }

    /// What the same patch made of the object before.
    pub(super) fn patched(
        &self,
        by: &Arc<PatchContent>,
        tracked: bool,
        history: &Arc<History>,
    ) -> Option<Resource> {
        let patched = self.patched.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |p: &&Patched| {
            Arc::ptr_eq(&p.by, by) && p.tracked == tracked && Arc::ptr_eq(&p.history, history)
        };
        patched.iter().find(same).map(|p| p.object.clone())
    }

    /// Keeps what a patch made of the object.
    pub(super) fn keep_patched(
        &self,
        by: &Arc<PatchContent>,
        tracked: bool,
        history: Arc<History>,
        object: Resource,
    ) {
        let mut patched = self.patched.lock().unwrap_or_else(PoisonError::into_inner);
        if patched.len() >= PATCHED {
            patched.remove(0);
        }
        patched.push(Patched {
            by: Arc::clone(by),
            tracked,
            history,
            object,
        });
    }

    /// What is printed after the colon of a field at the top of an object, where nobody changed its value.
    pub(super) fn field(&self, key: &Scalar, value: &Node) -> Option<Arc<str>> {
        let Node::Mapping(Mapping { entries, .. }) = &self.root else {
            return None;
        };
        let at = entries
            .iter()
            .position(|(own, kept)| Arc::ptr_eq(&own.text, &key.text) && kept.is_same(value))?;
        if entries[at].0 != *key {
            return None;
        }
        let field = &self.fields[at];
        if !field.was_printed.swap(true, Ordering::Relaxed) {
            return None;
        }
        field
            .text
            .get_or_init(|| Some(Arc::from(print_field(meaning(value, false).ok()?))))
            .clone()
    }
}
