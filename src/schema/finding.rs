//! Violations of a schema as facts: the place, and the expectation.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::formats::expected_form;
use crate::nearest::nearest;
use pointer_diagnostics::Pointer;

/// The keyword by which schemas of ours make integers strict.
pub(super) const WHOLE: &str = "x-whole";

/// A place in a value, and what is wrong there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) at: Pointer,
    pub(super) fault: SchemaFault,
}

/// The violation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SchemaFault {
    /// The map has a key that it cannot have. `inside`: the fields of the map that have such a key themselves.
    UnknownKey {
        key: String,
        known: Vec<String>,
        inside: Vec<String>,
    },
    /// The map lacks a key.
    MissingKey { key: String, about: String },
    /// The value is of another type than these.
    WrongType { expected: Vec<&'static str> },
    /// The value is none of these.
    NotAChoice { choices: Vec<Value> },
    /// The value's form, as what was expected says it.
    Malformed { expected: String },
    /// The value's size, as what was expected says it.
    OutOfRange { expected: String },
}

/// Extracts the facts behind errors; of alternatives, those of the one that was meant most likely.
pub(super) fn findings(errors: &[ValidationError<'_>], schema: &Value) -> Vec<Finding> {
    let found: Vec<Finding> = errors.iter().flat_map(|e| leaves(e, schema)).collect();
    let misspelt: BTreeSet<(Pointer, String)> = found
        .iter()
        .filter_map(|f| match &f.fault {
            SchemaFault::UnknownKey { key, known, .. } => {
                Some((f.at.clone(), nearest(key, strs(known))?.to_owned()))
            }
            _ => None,
        })
        .collect();
    let explained = |f: &Finding| match &f.fault {
        SchemaFault::MissingKey { key, .. } => misspelt.contains(&(f.at.clone(), key.clone())),
        _ => false,
    };
    found.into_iter().filter(|f| !explained(f)).collect()
}

pub(super) fn strs(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str)
}

fn leaves(error: &ValidationError<'_>, schema: &Value) -> Vec<Finding> {
    let at = Pointer::parse(error.instance_path().as_str());
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            best_branch(&at, context, schema)
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unknown_keys(&at, unexpected.iter(), error, schema)
        }
        ValidationErrorKind::FalseSchema
            if error
                .schema_path()
                .as_str()
                .ends_with("/additionalProperties") =>
        {
            unknown_keys(
                &at,
                error
                    .instance()
                    .as_object()
                    .into_iter()
                    .flat_map(|map| map.keys()),
                error,
                schema,
            )
        }
        ValidationErrorKind::PropertyNames { error: inner } => {
            let name = inner.instance().as_str().unwrap_or_default();
            leaves(inner, schema)
                .into_iter()
                .map(|f| Finding {
                    at: at.at(name),
                    ..f
                })
                .collect()
        }
        kind => vec![Finding {
            at,
            fault: fault(kind, error, schema),
        }],
    }
}

fn fault(kind: &ValidationErrorKind, error: &ValidationError<'_>, schema: &Value) -> SchemaFault {
    match kind {
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default().to_owned();
            SchemaFault::MissingKey {
                about: description_of(&key, error, schema),
                key,
            }
        }
        ValidationErrorKind::Type { kind } => SchemaFault::WrongType {
            expected: types(kind),
        },
        ValidationErrorKind::Custom { keyword, .. } if keyword == WHOLE => SchemaFault::WrongType {
            expected: vec!["an integer"],
        },
        ValidationErrorKind::Constant { expected_value } => SchemaFault::NotAChoice {
            choices: vec![expected_value.as_ref().clone()],
        },
        ValidationErrorKind::Enum { options } => SchemaFault::NotAChoice {
            choices: choices(options, error, schema),
        },
        kind => measure(kind).map_or_else(
            || SchemaFault::Malformed {
                expected: form(kind, error, schema),
            },
            |expected| SchemaFault::OutOfRange { expected },
        ),
    }
}

/// Returns the bound that a size violates; `None` where the problem is another.
fn measure(kind: &ValidationErrorKind) -> Option<String> {
    Some(match kind {
        ValidationErrorKind::Minimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        ValidationErrorKind::MinLength { limit } => format!("at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::AdditionalItems { limit } => format!("at most {limit} items"),
        ValidationErrorKind::MinProperties { limit } => format!("at least {limit} keys"),
        ValidationErrorKind::MaxProperties { limit } => format!("at most {limit} keys"),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        _ => return None,
    })
}

/// Returns the form that was expected.
fn form(kind: &ValidationErrorKind, error: &ValidationError<'_>, schema: &Value) -> String {
    if let Some(expected) = parent(error, schema).and_then(|s| s.get("x-expects")?.as_str()) {
        return expected.to_owned();
    }
    match kind {
        ValidationErrorKind::Pattern { pattern } => format!("text that matches `{pattern}`"),
        ValidationErrorKind::Format { format } => expected_form(format)
            .map_or_else(|| format!("text of the format `{format}`"), str::to_owned),
        ValidationErrorKind::UniqueItems => "items that differ from each other".to_owned(),
        ValidationErrorKind::FalseSchema => "nothing here".to_owned(),
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "a value that fits one alternative only".to_owned()
        }
        other => format!("what `{}` in the schema asks for", other.keyword()),
    }
}

/// Returns the facts of the alternative that was meant most likely: one whose type fits, with the fewest faults, where a slip of the pen counts
/// half. Where no alternative stands out, what they expect is put together.
fn best_branch(at: &Pointer, context: &[Vec<ValidationError<'_>>], schema: &Value) -> Vec<Finding> {
    let branches: Vec<Vec<Finding>> = context
        .iter()
        .map(|errors| findings(errors, schema))
        .collect();
    let mut expected = Vec::new();
    let mut offered = Vec::new();
    for finding in branches
        .iter()
        .filter_map(|b| b.iter().find(|f| f.at == *at))
    {
        match &finding.fault {
            SchemaFault::WrongType { expected: types } => expected.extend(types),
            SchemaFault::NotAChoice { choices } => offered.extend(choices.iter().cloned()),
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    expected.retain(|word: &&str| seen.insert(*word));
    let fitting = branches
        .into_iter()
        .filter(|b| !b.iter().any(|f| is_type_fault(f, at)));
    match fitting.min_by_key(|b| b.iter().map(weight).sum::<usize>()) {
        Some(best)
            if best
                .iter()
                .any(|f| f.at == *at && matches!(f.fault, SchemaFault::NotAChoice { .. })) =>
        {
            vec![Finding {
                at: at.clone(),
                fault: SchemaFault::NotAChoice { choices: offered },
            }]
        }
        Some(best) => best,
        None => vec![Finding {
            at: at.clone(),
            fault: SchemaFault::WrongType { expected },
        }],
    }
}

fn is_type_fault(finding: &Finding, at: &Pointer) -> bool {
    finding.at == *at && matches!(finding.fault, SchemaFault::WrongType { .. })
}

/// Weighs a fault: the distance from a valid value.
fn weight(finding: &Finding) -> usize {
    match &finding.fault {
        SchemaFault::UnknownKey { key, known, .. } if nearest(key, strs(known)).is_some() => 1,
        _ => 2,
    }
}

/// Returns the schema that an error's keyword is in.
fn parent<'s>(error: &ValidationError<'_>, schema: &'s Value) -> Option<&'s Value> {
    let keyword = Pointer::parse(error.schema_path().as_str());
    schema.pointer(keyword.parent()?.as_str())
}

/// Lists a fact for each key that cannot be there.
fn unknown_keys<'k>(
    at: &Pointer,
    keys: impl Iterator<Item = &'k String>,
    error: &ValidationError<'_>,
    schema: &Value,
) -> Vec<Finding> {
    let known = keys_beside(error, schema);
    let fault = |key: &String| SchemaFault::UnknownKey {
        key: key.clone(),
        known: known.clone(),
        inside: known
            .iter()
            .filter(|field| has_key(field, key, error, schema))
            .cloned()
            .collect(),
    };
    keys.map(|key| Finding {
        at: at.clone(),
        fault: fault(key),
    })
    .collect()
}

/// Checks that a field of the map takes the key.
fn has_key(field: &str, key: &str, error: &ValidationError<'_>, schema: &Value) -> bool {
    let Some(field) = parent(error, schema).and_then(|s| s.get("properties")?.get(field)) else {
        return false;
    };
    let named = field
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| schema.pointer(r.strip_prefix('#')?));
    named
        .unwrap_or(field)
        .get("properties")
        .is_some_and(|p| p.get(key).is_some())
}

fn keys_beside(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let properties = parent(error, schema).and_then(|s| s.get("properties")?.as_object());
    properties
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

/// Returns the first sentence of a property's description.
fn description_of(key: &str, error: &ValidationError<'_>, schema: &Value) -> String {
    let property = parent(error, schema).and_then(|s| s.get("properties")?.get(key));
    let text = property
        .and_then(|p| p.get("description")?.as_str())
        .unwrap_or_default();
    let first = text
        .split(". ")
        .next()
        .unwrap_or_default()
        .split('\n')
        .next()
        .unwrap_or_default();
    first.trim_end_matches('.').to_owned()
}

fn types(kind: &TypeKind) -> Vec<&'static str> {
    let word = |t: JsonType| match t {
        JsonType::Null => "no value",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "a map",
    };
    match kind {
        TypeKind::Single(one) => vec![word(*one)],
        TypeKind::Multiple(several) => several
            .iter()
            .filter(|t| *t != JsonType::Null)
            .map(word)
            .collect(),
    }
}

/// Lists the choices of an enum, without `null` and without other spellings.
fn choices(options: &Value, error: &ValidationError<'_>, schema: &Value) -> Vec<Value> {
    let aliases = parent(error, schema).and_then(|s| s.get("x-aliases")?.as_array());
    let is_alias = |choice: &Value| aliases.is_some_and(|all| all.contains(choice));
    let all = options.as_array().into_iter().flatten();
    all.filter(|choice| !choice.is_null() && !is_alias(choice))
        .cloned()
        .collect()
}
