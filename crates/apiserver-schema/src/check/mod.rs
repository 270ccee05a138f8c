//! Checks a value against a schema: one walk, nothing allocated while all is well.

mod composition;
mod list;
mod object;
mod scalar;

use serde_json::{Map, Value};

use crate::builtin::Library;
use crate::place::{Place, Segment};
use crate::schema::{Nulls, StructuralSchema, ValueType, describe_type};
use crate::violation::{SchemaViolation, ViolationKind};

/// Values nested deeper than this are not followed.
const MAX_DEPTH: usize = 200;

/// The rules of the server for what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Go types: null and the zero value are absent, numbers have the width of their field.
    BuiltIn,
    /// The `status` of a built-in kind, which is decoded and then dropped: only fields and types count.
    BuiltInStatus,
    /// Custom resources.
    Custom,
}

/// The sink of violations.
enum Sink {
    /// Keeps all.
    Collect(Vec<SchemaViolation>),
    /// Only counts, for the alternatives of `anyOf` and its like.
    Probe { violations: usize },
}

/// A walk over one value.
pub(crate) struct Checker<'a> {
    library: &'a Library,
    dialect: Dialect,
    sink: Sink,
}

impl<'a> Checker<'a> {
    /// Starts a walk that keeps every violation.
    pub(crate) fn new(library: &'a Library, dialect: Dialect) -> Self {
        Self {
            library,
            dialect,
            sink: Sink::Collect(Vec::new()),
        }
    }

    /// Returns the violations found.
    pub(crate) fn finish(self) -> Vec<SchemaViolation> {
        match self.sink {
            Sink::Collect(found) => found,
            Sink::Probe { .. } => Vec::new(),
        }
    }

    fn with_dialect(&mut self, dialect: Dialect, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.dialect, dialect);
        walk(self);
        self.dialect = before;
    }

    fn report(&mut self, place: &Place<'_>, kind: ViolationKind, message: impl FnOnce() -> String) {
        match &mut self.sink {
            Sink::Collect(found) => found.push(SchemaViolation::new(place, kind, message())),
            Sink::Probe { violations } => *violations += 1,
        }
    }

    /// Returns whether a schema holds, reporting nothing.
    fn holds(&self, schema: &StructuralSchema, value: &Value, place: &Place<'_>) -> bool {
        let mut probe = Checker {
            library: self.library,
            dialect: self.dialect,
            sink: Sink::Probe { violations: 0 },
        };
        probe.check_value(schema, value, place);
        matches!(probe.sink, Sink::Probe { violations: 0 })
    }

    /// Checks a value.
    pub(crate) fn check_value(
        &mut self,
        schema: &StructuralSchema,
        value: &Value,
        place: &Place<'_>,
    ) {
        if value.is_null() {
            self.check_null(schema, place);
            return;
        }
        let type_holds = match (schema.value_type, value) {
            (ValueType::Object | ValueType::Any, Value::Object(map)) => {
                self.check_object(schema, map, place);
                true
            }
            (ValueType::Array | ValueType::Any, Value::Array(items)) => {
                self.check_list(schema, items, place);
                true
            }
            (ValueType::Boolean, Value::Bool(_)) => true,
            _ => self.check_scalar(schema, value, place),
        };
        if !type_holds {
            let kind = ViolationKind::WrongType;
            self.report(place, kind, || {
                format!(
                    "{} expected, got {}",
                    schema.value_type.describe(),
                    describe_type(value)
                )
            });
            return;
        }
        self.check_enumeration(schema, value, place);
        if let Some(composition) = &schema.composition {
            self.check_composition(composition, value, place);
        }
    }

    fn check_null(&mut self, schema: &StructuralSchema, place: &Place<'_>) {
        if self.dialect == Dialect::Custom
            && schema.nulls == Nulls::Refused
            && schema.value_type != ValueType::Any
        {
            let expected = schema.value_type.describe();
            self.report(place, ViolationKind::WrongType, || {
                format!("{expected} expected, got null")
            });
        }
    }

    /// Checks an item that is null: Go decodes it into the zero value.
    fn check_null_item(&mut self, schema: &StructuralSchema, place: &Place<'_>) {
        match schema.value_type {
            ValueType::Object if self.dialect == Dialect::BuiltIn => {
                self.check_required(schema, &Map::new(), place);
            }
            ValueType::String if self.dialect == Dialect::BuiltIn => {
                self.check_enumeration(schema, &Value::String(String::new()), place);
            }
            _ => self.check_null(schema, place),
        }
    }

    fn check_enumeration(&mut self, schema: &StructuralSchema, value: &Value, place: &Place<'_>) {
        if schema.enumeration.is_empty()
            || self.dialect == Dialect::BuiltInStatus
            || schema
                .enumeration
                .iter()
                .any(|allowed| values_equal(allowed, value))
        {
            return;
        }
        self.report(place, ViolationKind::NotInEnumeration, || {
            describe_enumeration(&schema.enumeration, value)
        });
        if let (Sink::Collect(found), Some(text)) = (&mut self.sink, value.as_str()) {
            let known = schema.enumeration.iter().filter_map(Value::as_str);
            let nearest = crate::violation::find_nearest(text, known).map(str::to_owned);
            if let Some(last) = found.last_mut() {
                last.nearest = nearest;
            }
        }
    }

    fn is_too_deep(&mut self, place: &Place<'_>) -> bool {
        let deep = place.depth() > MAX_DEPTH;
        if deep {
            self.report(place, ViolationKind::WrongSize, || {
                format!("nested deeper than {MAX_DEPTH} levels")
            });
        }
        deep
    }

    /// Checks the value of a field, an item or a map's key.
    fn check_child(
        &mut self,
        schema: &StructuralSchema,
        value: &Value,
        place: &Place<'_>,
        segment: Segment<'_>,
    ) {
        self.check_value(schema, value, &place.at(segment));
    }
}

fn describe_enumeration(allowed: &[Value], value: &Value) -> String {
    const SHOWN: usize = 12;
    let show = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| format!("`{value}`"), |text| format!("`{text}`"))
    };
    let named = || allowed.iter().filter(|value| value.as_str() != Some(""));
    let listed: Vec<String> = named().take(SHOWN).map(show).collect();
    let more = named().count().saturating_sub(SHOWN);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{} is none of {}{rest}", show(value), listed.join(", "))
}

/// Compares values as JSON does, with numbers by value.
pub(crate) fn values_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| values_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| values_equal(a, b)))
        }
        _ => left == right,
    }
}
