//! Structural schemas: one type for built-in kinds and for custom resources.

mod bounds;
mod compile;
mod duration;
mod format;
mod pattern;

use serde_json::Value;

pub(crate) use bounds::Bounds;
pub use compile::CompileError;
pub(crate) use compile::{SchemaOrigin, compile_schema};
pub(crate) use duration::parse_loose_duration;
pub(crate) use format::Format;
pub(crate) use pattern::compile_pattern;

use crate::cel::CelRule;

/// A schema as the API server applies it to a value: a structural schema of `apiextensions.k8s.io/v1`, or the
/// equivalent of a built-in type.
#[derive(Debug)]
pub struct StructuralSchema {
    pub(crate) value_type: ValueType,
    pub(crate) nulls: Nulls,
    pub(crate) unknown_fields: UnknownFields,
    pub(crate) embedding: Embedding,
    /// Sorted by name.
    pub(crate) properties: Box<[(Box<str>, Child)]>,
    /// The schema of the values of a map.
    pub(crate) additional: Option<Child>,
    pub(crate) items: Option<Child>,
    pub(crate) list: ListType,
    pub(crate) required: Box<[Box<str>]>,
    pub(crate) format: Option<Format>,
    pub(crate) enumeration: Box<[Value]>,
    pub(crate) bounds: Option<Box<Bounds>>,
    pub(crate) composition: Option<Box<Composition>>,
    pub(crate) default: Option<Value>,
    /// Tells whether this schema or one below it has a default.
    pub(crate) defaults: Presence,
    /// Tells whether this schema or one below it has a CEL rule.
    pub(crate) rules_below: Presence,
    pub(crate) rules: Box<[CelRule]>,
}

/// A schema below another.
#[derive(Debug)]
pub(crate) enum Child {
    /// Owned by its parent.
    Inline(Box<StructuralSchema>),
    /// A named definition of a library, which may refer to itself.
    Shared(usize),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// Not restricted.
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    /// `x-kubernetes-int-or-string`.
    IntOrString,
}

/// `nullable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    Refused,
    Allowed,
}

/// `x-kubernetes-preserve-unknown-fields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    Refused,
    Preserved,
}

/// `x-kubernetes-embedded-resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Embedding {
    Plain,
    Resource,
}

/// Tells whether something is anywhere in a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    Present,
}

impl UnknownFields {
    fn of(preserved: bool) -> Self {
        if preserved {
            Self::Preserved
        } else {
            Self::Refused
        }
    }
}

impl Embedding {
    fn of(resource: bool) -> Self {
        if resource {
            Self::Resource
        } else {
            Self::Plain
        }
    }
}

impl Presence {
    fn of(present: bool) -> Self {
        if present { Self::Present } else { Self::Absent }
    }
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListType {
    Atomic,
    Set,
    /// A list of objects that these keys tell apart.
    Map(Box<[Box<str>]>),
}

/// `allOf`, `anyOf`, `oneOf` and `not`: they restrict values and declare no fields.
#[derive(Debug, Default)]
pub(crate) struct Composition {
    pub(crate) all_of: Vec<StructuralSchema>,
    pub(crate) any_of: Vec<StructuralSchema>,
    pub(crate) one_of: Vec<StructuralSchema>,
    pub(crate) not: Option<StructuralSchema>,
}

impl ValueType {
    /// Returns the name with its article, for messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Object => "a map",
            Self::Array => "a list",
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::IntOrString => "an integer or a string",
        }
    }
}

/// Returns the type of a value with its article, for messages.
pub(crate) fn describe_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl StructuralSchema {
    /// Returns the schema of a declared field.
    pub(crate) fn property(&self, name: &str) -> Option<&Child> {
        let index = self
            .properties
            .binary_search_by(|(key, _)| key.as_ref().cmp(name))
            .ok()?;
        self.properties.get(index).map(|(_, child)| child)
    }

    /// Returns the names of the declared fields, sorted.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.properties.iter().map(|(name, _)| name.as_ref())
    }
}
