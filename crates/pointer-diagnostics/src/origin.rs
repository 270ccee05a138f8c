//! The place where a value was written: a file of the repository and a JSON pointer into it.

use std::fmt;
use std::sync::Arc;

use manifest_yaml::Pointer;
use serde::Serialize;

/// A file of the repository and a field in it. Cheap to clone; byte positions are looked up only when it is printed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The file's path from the root of the repository, with `/`.
    pub file: Arc<str>,
    /// The number of the document in the file, from 0.
    pub document: usize,
    /// The field in the document; the empty pointer is the whole document.
    pub pointer: Pointer,
}

impl Origin {
    /// Returns the place of a whole file.
    pub fn file(file: &str) -> Self {
        Self {
            file: Arc::from(file),
            document: 0,
            pointer: Pointer::root(),
        }
    }

    /// Returns the place of a field of the file.
    pub fn new(file: &Arc<str>, pointer: Pointer) -> Self {
        Self {
            file: Arc::clone(file),
            document: 0,
            pointer,
        }
    }

    /// Returns the place of a field of one of the documents of a file.
    pub fn in_document(file: &Arc<str>, document: usize, pointer: Pointer) -> Self {
        Self {
            document,
            ..Self::new(file, pointer)
        }
    }

    /// Returns the place of a field below this one. `key` is one key or index, not a pointer.
    #[must_use]
    pub fn at(&self, key: impl fmt::Display) -> Self {
        Self {
            pointer: self.pointer.at(key),
            ..self.clone()
        }
    }
}
