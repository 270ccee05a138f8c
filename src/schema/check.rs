//! A compiled schema, and the problems of a value under it.

use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Keyword, PatternOptions, ValidationError, ValidationOptions, Validator};
use serde_json::{Value, json};

use super::finding::{WHOLE, findings};
use super::formats::{add_formats, expand_number_format, is_number_format};
use super::report::{Checked, report};
use super::walk::change_below;
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer, Reported};

/// A schema that is ready to check values.
pub(super) struct InputChecker {
    schema: Value,
    validator: Validator,
}

impl fmt::Debug for InputChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl InputChecker {
    /// Compiles one of our own schemas.
    pub(super) fn own(schema: Value) -> Self {
        let origin = |at: &Pointer| Origin {
            file: Arc::from(""),
            document: 0,
            pointer: at.clone(),
        };
        Self::new(schema, &origin, &mut Diagnostics::new())
            .expect("the schemas that are generated from our types compile")
    }

    /// Compiles a schema: 2020-12, offline, formats asserted, regular expressions in linear time. `origin` says where its parts are
    /// written.
    pub(super) fn new(
        mut schema: Value,
        origin: &dyn Fn(&Pointer) -> Origin,
        found: &mut Diagnostics,
    ) -> Result<Self, Reported> {
        normalize(&mut schema);
        let validator = options()
            .with_keyword(WHOLE, |_, _, _| Ok(Box::new(Whole)))
            .build(&schema);
        match validator {
            Ok(validator) => Ok(Self { schema, validator }),
            Err(error) => Err(found.report(unusable(&error, &schema, origin))),
        }
    }

    /// Reports all problems of a value, at the places that `origin` gives for them.
    pub(super) fn check(&self, value: &Value, origin: &dyn Fn(&Pointer) -> Origin) -> Diagnostics {
        self.check_completed(value, value, origin)
    }

    /// Reports all problems of a value that was completed from what somebody wrote: what is not written can still be meant.
    pub(super) fn check_completed(
        &self,
        value: &Value,
        written: &Value,
        origin: &dyn Fn(&Pointer) -> Origin,
    ) -> Diagnostics {
        let errors: Vec<ValidationError<'_>> = self.validator.iter_errors(value).collect();
        let said = findings(&errors, &self.schema).into_iter();
        said.map(|finding| {
            report(
                &finding,
                &Checked {
                    value,
                    written,
                    origin,
                },
            )
        })
        .collect()
    }
}

/// Checks that a `format` is one that is validated.
pub(super) fn is_known_format(name: &str) -> bool {
    is_number_format(name) || options().is_known_format(jsonschema::Draft::Draft202012, name)
}

fn options() -> ValidationOptions<'static> {
    add_formats(jsonschema::draft202012::options())
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(PatternOptions::regex())
}

/// Reports the violations of the meta-schema by a schema, worded like those of a value.
fn unusable(
    error: &ValidationError<'_>,
    schema: &Value,
    origin: &dyn Fn(&Pointer) -> Origin,
) -> Diagnostic {
    let rule = &rules::UNUSABLE_SCHEMA;
    let at = Pointer::parse(error.instance_path().as_str());
    let first = findings(std::slice::from_ref(error), &Value::Null)
        .into_iter()
        .next();
    match (error.kind(), first) {
        (ValidationErrorKind::Format { format }, _) if format == "regex" => rule
            .report("the schema has a `pattern` that is not a regular expression")
            .primary(origin(&at), "")
            .help("write it without look-around and back-references"),
        (ValidationErrorKind::Referencing(_) | ValidationErrorKind::Custom { .. }, _)
        | (_, None) => rule
            .report(format!("the schema cannot be used: {}", error.masked()))
            .primary(origin(&at), ""),
        (_, Some(finding)) => Diagnostic {
            code: rule.code,
            ..report(
                &finding,
                &Checked {
                    value: schema,
                    written: schema,
                    origin,
                },
            )
        },
    }
}

/// Writes formats of numbers as bounds, and refuses `2.0` as an integer: JSON Schema takes it for one, Kubernetes does not.
fn normalize(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    change_below(map, &mut normalize);
    expand_number_format(map);
    let has = |wanted: &str| match map.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(types)) => types.iter().any(|t| t == wanted),
        _ => false,
    };
    if has("integer") && !has("number") {
        map.insert(WHOLE.to_owned(), json!(true));
    }
}

struct Whole;

impl<'i> Keyword<'i> for Whole {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if <Self as Keyword<'i>>::is_valid(self, instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("a fraction"))
        }
    }

    /// Checks for a whole number written with a fraction; other fractions are refused by `type` already.
    fn is_valid(&self, instance: &'i Value) -> bool {
        instance
            .as_f64()
            .is_none_or(|n| !instance.is_f64() || n.fract() != 0.0)
    }
}
