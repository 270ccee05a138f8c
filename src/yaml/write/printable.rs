//! What the writer prints: values that borrow their texts from wherever those are.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Number, Value};

/// A value that is printed, or becomes a [`Value`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Printable<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    Sequence(Vec<Self>),
    /// No key is there twice.
    Mapping(Vec<(Cow<'t, str>, Self)>),
    /// The value of a field at the top of a document, as [`written_field`](super::written_field) wrote it.
    Written(Arc<str>),
}

impl Printable<'_> {
    /// Whether it is a list or a map, be it empty.
    pub(super) fn is_collection(&self) -> bool {
        matches!(self, Self::Sequence(_) | Self::Mapping(_))
    }
}

impl<'t> From<&'t Value> for Printable<'t> {
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

impl From<Printable<'_>> for Value {
    fn from(printable: Printable<'_>) -> Self {
        match printable {
            Printable::Null => Self::Null,
            Printable::Bool(bool) => Self::Bool(bool),
            Printable::Number(number) => Self::Number(number),
            Printable::Text(text) => Self::String(text.into_owned()),
            Printable::Sequence(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Printable::Mapping(entries) => {
                Self::Object(entries.into_iter().map(|(key, value)| (key.into_owned(), Self::from(value))).collect())
            }
            Printable::Written(text) => Self::String(text.to_string()),
        }
    }
}
