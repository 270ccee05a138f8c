//! JSON pointers (RFC 6901), and the parts of a field that a message can point at.

use std::fmt::{self, Write as _};

use serde::Serialize;

/// A JSON pointer (RFC 6901), for instance `/spec/pools/acp/arch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// Returns the pointer to the whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Takes a pointer that is already written out, with its escapes.
    pub fn parse(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the pointer to a key or index below this one.
    #[must_use]
    pub fn at(&self, key: impl fmt::Display) -> Self {
        let mut pointer = String::with_capacity(self.0.len() + 24);
        pointer.push_str(&self.0);
        pointer.push('/');
        let start = pointer.len();
        // Writing into a string does not fail.
        _ = write!(pointer, "{key}");
        if pointer[start..].contains(['~', '/']) {
            let key = pointer[start..].replace('~', "~0").replace('/', "~1");
            pointer.replace_range(start.., &key);
        }
        Self(pointer)
    }

    /// Returns the pointer as RFC 6901 writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the keys and indexes, unescaped, from the root down.
    pub fn tokens(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .split('/')
            .skip(1)
            .map(|t| t.replace("~1", "/").replace("~0", "~"))
    }

    /// Returns the last key, if any.
    pub fn last(&self) -> Option<String> {
        self.tokens().last()
    }

    /// Returns the pointer one level up; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rfind('/').map(|i| Self(self.0[..i].to_owned()))
    }

    /// Appends another pointer.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{}{}", self.0, below.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes of a field that a message points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum FieldPart {
    /// The key that names the field.
    Key,
    /// The field's value.
    Value,
    /// A range of bytes of the file; the pointer is not used.
    Bytes {
        /// The first byte.
        start: usize,
        /// The byte after the last.
        end: usize,
    },
}
