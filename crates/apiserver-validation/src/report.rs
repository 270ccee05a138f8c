//! Collects violations, and words those that are the same everywhere.

use crate::field::Field;
use crate::rules::{self, Rule};
use crate::text::TextForm;
use crate::violation::{Cause, Violation};
use crate::{Context, KubernetesVersion};
use serde_json::Value;
use std::collections::BTreeSet;

/// The violations found so far, and what is known about the cluster.
pub(crate) struct Report {
    violations: Vec<Violation>,
    context: Context,
}

impl Report {
    pub(crate) fn new(context: Context) -> Self {
        Report {
            violations: Vec::new(),
            context,
        }
    }

    /// Returns what was found, without repetitions, in the order in which it was found.
    pub(crate) fn finish(self) -> Vec<Violation> {
        let mut told = BTreeSet::new();
        let mut violations = self.violations;
        violations.retain(|violation| told.insert((violation.pointer.clone(), violation.rule)));
        violations
    }

    /// Tells that the cluster has at least this minor version of Kubernetes 1.
    pub(crate) fn since(&self, minor: u16) -> bool {
        self.context.version >= KubernetesVersion::new(1, minor)
    }

    /// Tells that the cluster has exactly this minor version of Kubernetes 1.
    pub(crate) fn is_minor(&self, minor: u16) -> bool {
        self.context.version == KubernetesVersion::new(1, minor)
    }

    /// Adds a violation.
    pub(crate) fn add(&mut self, field: &Field, cause: Cause, rule: &Rule, message: String) {
        let (pointer, path) = (field.pointer(), field.path());
        self.violations.push(Violation {
            pointer,
            field: path,
            rule: rule.id,
            cause,
            message,
        });
    }

    /// Adds a violation of class `Invalid`.
    pub(crate) fn invalid(&mut self, field: &Field, rule: &Rule, message: impl Into<String>) {
        self.add(field, Cause::Invalid, rule, message.into());
    }

    /// Adds a violation of class `Forbidden`.
    pub(crate) fn forbidden(&mut self, field: &Field, rule: &Rule, message: impl Into<String>) {
        self.add(field, Cause::Forbidden, rule, message.into());
    }

    /// Adds a violation of class `Required`.
    pub(crate) fn required(&mut self, field: &Field, message: impl Into<String>) {
        self.add(field, Cause::Required, &rules::REQUIRED, message.into());
    }

    /// Adds a violation of class `Duplicate`.
    pub(crate) fn duplicate(&mut self, field: &Field, rule: &Rule, message: impl Into<String>) {
        self.add(field, Cause::Duplicate, rule, message.into());
    }

    /// Refuses a list with more than `most` items; false when it has.
    pub(crate) fn at_most(&mut self, field: &Field, most: usize) -> bool {
        let fits = field.count() <= most;
        if !fits {
            let message = format!("{} entries: expected {most} at most", field.count());
            self.add(field, Cause::TooMany, &rules::TOO_MANY, message);
        }
        fits
    }

    /// Refuses an absent or empty text, list or map; false when it is.
    pub(crate) fn present(&mut self, field: &Field) -> bool {
        let missing = field.is_blank() || field.is_empty();
        if missing {
            self.required(field, "missing or empty: a value is required here");
        }
        !missing
    }

    /// Refuses a text that does not have the form. Absent texts are told by [`Report::present`].
    pub(crate) fn form(&mut self, field: &Field, rule: &Rule, form: TextForm) -> bool {
        let Value::String(text) = field.value() else {
            return true;
        };
        self.form_of(field, text, rule, form)
    }

    /// Refuses a text that belongs to a field and does not have the form.
    pub(crate) fn form_of(
        &mut self,
        field: &Field,
        text: &str,
        rule: &Rule,
        form: TextForm,
    ) -> bool {
        let fits = form.accepts(text);
        if !fits {
            self.invalid(
                field,
                rule,
                format!("`{}` is not {}", shorten(text), form.expectation()),
            );
        }
        fits
    }

    /// Refuses a text that is there and does not have the form; empty counts as absent.
    pub(crate) fn form_if_set(&mut self, field: &Field, rule: &Rule, form: TextForm) {
        if !field.is_blank() {
            self.form(field, rule, form);
        }
    }

    /// Requires a text and its form.
    pub(crate) fn required_form(&mut self, field: &Field, rule: &Rule, form: TextForm) -> bool {
        self.present(field) && self.form(field, rule, form)
    }

    /// Refuses a number below zero.
    pub(crate) fn nonnegative(&mut self, field: &Field) {
        self.in_range(field, 0, i64::MAX);
    }

    /// Refuses a number outside the bounds, both included.
    pub(crate) fn in_range(&mut self, field: &Field, least: i64, most: i64) {
        let Some(number) = field.int() else { return };
        if number < least || number > most {
            self.invalid(
                field,
                &rules::NUMBER_RANGE,
                format!("{number} is out of range: expected {}", bounds(least, most)),
            );
        }
    }

    /// Refuses a number that is no port.
    pub(crate) fn port_number(&mut self, field: &Field) {
        let Some(number) = field.int() else { return };
        if !(1..=65535).contains(&number) {
            self.invalid(
                field,
                &rules::PORT_RANGE,
                format!("{number} is no port: expected 1 to 65535"),
            );
        }
    }

    /// Refuses a text that is not one of the values. Absent and empty texts pass: the API server fills in a default.
    pub(crate) fn one_of(&mut self, field: &Field, values: &[&str]) -> bool {
        field.is_blank() || self.exactly_one_of(field, values)
    }

    /// Refuses a text that is not one of the values; an empty text is none of them.
    pub(crate) fn exactly_one_of(&mut self, field: &Field, values: &[&str]) -> bool {
        let Value::String(text) = field.value() else {
            return true;
        };
        let fits = values.contains(&text.as_str());
        if !fits {
            self.unsupported(field, text, values);
        }
        fits
    }

    /// Adds a violation of class `NotSupported` with the values that are supported.
    pub(crate) fn unsupported(&mut self, field: &Field, text: &str, values: &[&str]) {
        let message = format!(
            "`{}` is not supported here: expected {}",
            shorten(text),
            list_names(values)
        );
        self.add(
            field,
            Cause::NotSupported,
            &rules::UNSUPPORTED_VALUE,
            message,
        );
    }
}

/// Words the bounds of a number.
fn bounds(least: i64, most: i64) -> String {
    match (least, most) {
        (_, i64::MAX) => format!("{least} or more"),
        (i64::MIN, _) => format!("{most} or less"),
        _ => format!("{least} to {most}"),
    }
}

/// Lists names in backticks: `a`, `b` or `c`.
pub(crate) fn list_names(names: &[&str]) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        let link = if i == 0 {
            ""
        } else if i + 1 == names.len() {
            " or "
        } else {
            ", "
        };
        out.push_str(link);
        out.push('`');
        out.push_str(name);
        out.push('`');
    }
    out
}

/// Cuts a text for a message.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
