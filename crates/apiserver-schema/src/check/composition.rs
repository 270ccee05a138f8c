//! `allOf`, `anyOf`, `oneOf` and `not`.

use serde_json::Value;

use super::Checker;
use crate::place::Place;
use crate::schema::{Composition, StructuralSchema};
use crate::violation::ViolationKind;

impl Checker<'_> {
    pub(super) fn check_composition(
        &mut self,
        composition: &Composition,
        value: &Value,
        place: &Place<'_>,
    ) {
        for schema in &composition.all_of {
            self.check_value(schema, value, place);
        }
        if !composition.any_of.is_empty()
            && !composition
                .any_of
                .iter()
                .any(|schema| self.holds(schema, value, place))
        {
            let kind = ViolationKind::Composition;
            self.report(place, kind, || {
                format!(
                    "none of the alternatives holds: {}",
                    describe_all(&composition.any_of)
                )
            });
        }
        if !composition.one_of.is_empty() {
            let holding = composition
                .one_of
                .iter()
                .filter(|schema| self.holds(schema, value, place))
                .count();
            if holding != 1 {
                let count = if holding == 0 {
                    "none".to_owned()
                } else {
                    holding.to_string()
                };
                self.report(place, ViolationKind::Composition, || {
                    format!(
                        "exactly one alternative must hold, {count} do: {}",
                        describe_all(&composition.one_of)
                    )
                });
            }
        }
        if let Some(schema) = &composition.not
            && self.holds(schema, value, place)
        {
            self.report(place, ViolationKind::Composition, || {
                format!("not allowed: {}", describe_alternative(schema))
            });
        }
    }
}

fn describe_all(alternatives: &[StructuralSchema]) -> String {
    alternatives
        .iter()
        .map(describe_alternative)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Describes an alternative by what it asks for: required fields, values, a type.
fn describe_alternative(schema: &StructuralSchema) -> String {
    let mut parts: Vec<String> = schema
        .required
        .iter()
        .map(|name| format!("`{name}` is given"))
        .collect();
    if let [value] = schema.enumeration.as_ref() {
        parts.push(format!("the value {value}"));
    } else if !schema.enumeration.is_empty() {
        parts.push(format!("one of {} values", schema.enumeration.len()));
    }
    if let Some(pattern) = schema
        .bounds
        .as_deref()
        .and_then(|bounds| bounds.pattern.as_ref())
    {
        parts.push(format!("a match of `{}`", pattern.source));
    }
    for (name, child) in &schema.properties {
        if let crate::schema::Child::Inline(child) = child {
            let inner = describe_alternative(child);
            parts.push(if inner == "any value" {
                format!("`{name}` is as its type says")
            } else {
                format!("`{name}`: {inner}")
            });
        }
    }
    if let Some(composition) = schema.composition.as_deref() {
        parts.extend(
            composition
                .not
                .iter()
                .map(|not| format!("not ({})", describe_alternative(not))),
        );
    }
    if parts.is_empty() && schema.value_type != crate::schema::ValueType::Any {
        parts.push(schema.value_type.describe().to_owned());
    }
    if parts.is_empty() {
        "any value".to_owned()
    } else {
        parts.join(" and ")
    }
}
