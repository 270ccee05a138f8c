//! Values that are computed from an object of a base once, for all overlays that use it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::{History, Resource};
use crate::meaning::{Unprintable, meaning};
use crate::tree::{Mapping, Node, Scalar};
use manifest_yaml::print_field;

/// An object as a base makes it, with what was computed from it so far.
#[derive(Debug)]
pub(crate) struct SharedObject {
    root: Node,
    /// The value that is printed.
    pub(crate) printed: OnceLock<Result<Arc<Value>, Unprintable>>,
    /// The text that is printed, from the second time on.
    pub(crate) text: OnceLock<Box<str>>,
    was_printed: AtomicBool,
    /// The tree after a way through JSON.
    pub(crate) normalized: OnceLock<Node>,
    /// Texts printed after the colon of each field at the top; none for scalars and for values that cannot be printed.
    fields: Vec<FieldText>,
    patched: Mutex<Vec<PatchOutcome>>,
}

/// A field at the top. Its text is kept from the second time on: many objects are printed only once.
#[derive(Debug, Default)]
struct FieldText {
    was_printed: AtomicBool,
    text: OnceLock<Option<Arc<str>>>,
}

/// Tells the patches of a program apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PatchId(pub(crate) u64);

/// Handling of a changed name: references follow a name that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameTracking {
    Tracked,
    Untracked,
}

/// A patch on an object with a certain history.
#[derive(Debug)]
pub(crate) struct PatchKey {
    pub(crate) patch: PatchId,
    pub(crate) tracking: NameTracking,
    pub(crate) history: Arc<History>,
}

impl PatchKey {
    fn is_same(&self, other: &Self) -> bool {
        self.patch == other.patch
            && self.tracking == other.tracking
            && Arc::ptr_eq(&self.history, &other.history)
    }
}

/// The outcome of a JSON patch on an object.
#[derive(Debug)]
struct PatchOutcome {
    key: PatchKey,
    object: Resource,
}

/// So many outcomes of patches are kept for an object.
const PATCHED: usize = 16;

impl SharedObject {
    /// Nothing is computed yet.
    pub(crate) fn new(root: &Node) -> Self {
        let fields = root.as_mapping().map_or(0, |mapping| mapping.entries.len());
        Self {
            root: root.clone(),
            printed: OnceLock::new(),
            text: OnceLock::new(),
            was_printed: AtomicBool::new(false),
            normalized: OnceLock::new(),
            fields: (0..fields).map(|_| FieldText::default()).collect(),
            patched: Mutex::default(),
        }
    }

    /// Keeps the text of the whole object, if it was printed before.
    pub(crate) fn keep_text(&self, text: &str) {
        if self.was_printed.swap(true, Ordering::Relaxed) {
            self.text.get_or_init(|| text.into());
        }
    }

    /// Returns whether nobody changed the object since.
    pub(crate) fn is_of(&self, root: &Node) -> bool {
        self.root.is_same(root)
    }

    /// Returns what the same patch made of the object before.
    pub(crate) fn patched(&self, key: &PatchKey) -> Option<Resource> {
        let patched = self.patched.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = patched.iter().find(|outcome| outcome.key.is_same(key))?;
        Some(outcome.object.clone())
    }

    /// Keeps what a patch made of the object.
    pub(crate) fn keep_patched(&self, key: PatchKey, object: Resource) {
        let mut patched = self.patched.lock().unwrap_or_else(PoisonError::into_inner);
        if patched.len() >= PATCHED {
            patched.remove(0);
        }
        patched.push(PatchOutcome { key, object });
    }

    /// Returns the text after the colon of a field at the top of an object, where nobody changed its value.
    pub(crate) fn field(&self, key: &Scalar, value: &Node) -> Option<Arc<str>> {
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
