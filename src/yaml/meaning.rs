//! Values that borrow their texts from what was read, on their way to the writer or to a decision.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Number, Value};

/// A value, as short-lived as what it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    Sequence(Vec<Self>),
    /// Sorted by code point; no key is there twice.
    Mapping(Vec<(Cow<'t, str>, Self)>),
    /// For the writer: the value of a field at the top of a document, as [`written_field`](super::written_field) wrote it.
    Written(Arc<str>),
}

impl Meaning<'_> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else { return None };
        entries.binary_search_by(|(own, _)| (**own).cmp(key)).ok().map(|at| &entries[at].1)
    }

    /// The text of a text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is a list or a map, be it empty.
    pub(super) fn is_collection(&self) -> bool {
        matches!(self, Self::Sequence(_) | Self::Mapping(_))
    }
}

impl<'t> From<&'t Value> for Meaning<'t> {
    fn from(value: &'t Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(items) => Self::Sequence(items.iter().map(Self::from).collect()),
            Value::Object(map) => {
                Self::Mapping(map.iter().map(|(key, value)| (Cow::Borrowed(key.as_str()), Self::from(value))).collect())
            }
        }
    }
}

impl From<Meaning<'_>> for Value {
    fn from(meaning: Meaning<'_>) -> Self {
        match meaning {
            Meaning::Null => Self::Null,
            Meaning::Bool(bool) => Self::Bool(bool),
            Meaning::Number(number) => Self::Number(number),
            Meaning::Text(text) => Self::String(text.into_owned()),
            Meaning::Sequence(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Meaning::Mapping(entries) => {
                Self::Object(entries.into_iter().map(|(key, value)| (key.into_owned(), Self::from(value))).collect())
            }
            Meaning::Written(text) => Self::String(text.to_string()),
        }
    }
}
