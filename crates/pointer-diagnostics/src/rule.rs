//! A kind of problem, as data.

use manifest_yaml::{ReadError, explain_syntax_error};

use crate::{Diagnostic, Edit, FieldPart, Origin, Severity};

/// Describes a kind of problem: its name, its weight and its long explanation.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable, kebab-case name of the problem.
    pub code: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// One sentence: what the problem is.
    pub summary: &'static str,
    /// The page in Markdown, with the headings What it finds, Why it matters, Example, How to fix.
    pub explain: &'static str,
}

impl Rule {
    /// Starts a report of this problem. The message is a lower-case phrase without a full stop.
    pub fn report(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: self.code,
            severity: self.severity,
            message: message.into(),
            labels: Vec::new(),
            more_places: 0,
            scope: None,
            more_scopes: 0,
            help: None,
            subject: None,
        }
    }

    /// Reports that a text cannot be read: with the usual cause and its remedy where that is clear, else in the words of the error.
    pub fn report_unreadable(&self, file: &str, text: &str, error: &ReadError) -> Diagnostic {
        let Some(help) = explain_syntax_error(text, error) else {
            let report = self.report(error.message.clone());
            return report.primary_bytes(file, error.range.bytes(), "reading stopped here");
        };
        let report = self.report(help.message);
        let report = report.primary_bytes(file, help.range.bytes(), "");
        let Some(edit) = help.edit else {
            return report.help(help.action);
        };
        let bytes = edit.range.bytes();
        let edit = Edit {
            origin: Origin::file(file),
            part: FieldPart::Bytes {
                start: bytes.start,
                end: bytes.end,
            },
            replacement: edit.replacement,
        };
        report.help_edit(help.action, edit)
    }
}

/// Declares a table of rules: a constant for each, and `OWN`, all of them in the order of the table.
///
/// A line is `NAME = "code", Severity, "summary";`. The explanation is the file `../docs/rules/<code>.md`, seen from the file of the table.
#[macro_export]
macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $name: $crate::Rule = $crate::Rule {
                code: $code,
                severity: $crate::Severity::$severity,
                summary: $summary,
                explain: include_str!(concat!("../docs/rules/", $code, ".md")),
            };
        )*
        /// Every rule of the table, sorted by code.
        pub const OWN: &[$crate::Rule] = &[$($name),*];
    };
}
