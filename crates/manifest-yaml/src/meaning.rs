//! Values that borrow their texts from the nodes that were read, for the writer and for decisions.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Number, Value};

/// A value that borrows its texts from the node that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'t, str>),
    /// A list.
    Sequence(Vec<Self>),
    /// A map, sorted by code point; no key is there twice.
    Mapping(Vec<(Cow<'t, str>, Self)>),
    /// For the writer: the value of a field at the top of a document, as the writer wrote it.
    Written(Arc<str>),
}

impl<'t> Meaning<'t> {
    /// Makes a mapping of pairs in any order.
    ///
    /// # Errors
    ///
    /// Returns a key that is there twice.
    pub fn mapping(mut pairs: Vec<(Cow<'t, str>, Self)>) -> Result<Self, Cow<'t, str>> {
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(Self::Mapping(pairs)),
            Some(twice) => Err(twice[0].0.clone()),
        }
    }

    /// Makes a mapping of pairs in any order; the last of equal keys wins.
    pub fn mapping_of_last(mut pairs: Vec<(Cow<'t, str>, Self)>) -> Self {
        pairs.reverse();
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(key, _), (kept, _)| key == kept);
        Self::Mapping(pairs)
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else {
            return None;
        };
        entries
            .binary_search_by(|(own, _)| (**own).cmp(key))
            .ok()
            .map(|at| &entries[at].1)
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Checks for a list or a map, be it empty.
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
            Value::Object(map) => Self::Mapping(
                map.iter()
                    .map(|(key, value)| (Cow::Borrowed(key.as_str()), Self::from(value)))
                    .collect(),
            ),
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
            Meaning::Mapping(entries) => Self::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.into_owned(), Self::from(value)))
                    .collect(),
            ),
            Meaning::Written(text) => Self::String(text.to_string()),
        }
    }
}
