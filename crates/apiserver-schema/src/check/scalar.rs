//! Strings, numbers and booleans.

use serde_json::{Number, Value};

use super::{Checker, Dialect};
use crate::place::Place;
use crate::schema::{Bounds, Format, StructuralSchema, ValueType};
use crate::violation::ViolationKind;

impl Checker<'_> {
    /// Checks a scalar and its bounds; returns whether its type is the schema's.
    pub(super) fn check_scalar(
        &mut self,
        schema: &StructuralSchema,
        value: &Value,
        place: &Place<'_>,
    ) -> bool {
        match (schema.value_type, value) {
            (ValueType::String | ValueType::IntOrString | ValueType::Any, Value::String(text)) => {
                self.check_string(schema, text, place);
                true
            }
            (ValueType::Any | ValueType::Number, Value::Number(number)) => {
                self.check_number(schema.bounds.as_deref(), number, place);
                true
            }
            (ValueType::Integer | ValueType::IntOrString, Value::Number(number))
                if is_integer(number) =>
            {
                self.check_range(schema, number, place);
                self.check_number(schema.bounds.as_deref(), number, place);
                true
            }
            (ValueType::Any, Value::Bool(_)) => !self.is_quantity(schema),
            _ => false,
        }
    }

    /// Tells whether a schema without a type stands for `resource.Quantity`, which is a string or a number.
    pub(super) fn is_quantity(&self, schema: &StructuralSchema) -> bool {
        self.dialect != Dialect::Custom && schema.format == Some(Format::Quantity)
    }

    fn check_range(&mut self, schema: &StructuralSchema, number: &Number, place: &Place<'_>) {
        let wide = self.dialect == Dialect::Custom
            || schema.format != Some(Format::Int32) && schema.value_type != ValueType::IntOrString;
        let value = number.as_f64().unwrap_or(f64::NAN);
        let fits = if wide {
            number.is_i64() || value.abs() < 9.2e18
        } else {
            (-2_147_483_648.0..2_147_483_648.0).contains(&value)
        };
        if !fits {
            let bits = if wide { 64 } else { 32 };
            self.report(place, ViolationKind::WrongType, || {
                format!("{number} does not fit into {bits} bits")
            });
        }
    }

    fn check_number(&mut self, bounds: Option<&Bounds>, number: &Number, place: &Place<'_>) {
        if let Some(problem) =
            bounds.and_then(|bounds| bounds.find_number_problem(number.as_f64()?))
        {
            self.report(place, ViolationKind::OutOfRange, || problem);
        }
    }

    fn check_string(&mut self, schema: &StructuralSchema, text: &str, place: &Place<'_>) {
        if let Some(problem) = schema.format.and_then(|format| format.find_problem(text)) {
            self.report(place, ViolationKind::WrongFormat, || {
                format!("`{}`: {problem}", shorten(text))
            });
        }
        let Some(bounds) = schema.bounds.as_deref() else {
            return;
        };
        if let Some(problem) = bounds
            .length
            .find_problem(text.chars().count(), "characters")
        {
            self.report(place, ViolationKind::WrongSize, || problem);
        }
        if let Some(pattern) = &bounds.pattern {
            match pattern.regex() {
                Some(regex) if !regex.is_match(text) => {
                    self.report(place, ViolationKind::PatternMismatch, || {
                        format!("`{}` does not match `{}`", shorten(text), pattern.source)
                    });
                }
                Some(_) => {}
                None => self.report(place, ViolationKind::RuleNotEvaluated, || {
                    format!("the pattern `{}` cannot be read here", pattern.source)
                }),
            }
        }
    }
}

/// Tells whether a number is an integer, or a float without a fraction.
fn is_integer(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    if text.chars().count() <= SHOWN {
        text.to_owned()
    } else {
        text.chars().take(SHOWN).chain(['…']).collect()
    }
}
