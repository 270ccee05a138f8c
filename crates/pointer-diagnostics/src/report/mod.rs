//! Diagnostics as text: for people, for programs, and for CI systems.
//!
//! Comes in: [`Diagnostics`] and the [`Sources`] that they point into. Goes out: strings; nothing is printed here and no terminal is asked.
//! Every text that a user wrote is escaped: it cannot move the cursor, reverse the reading direction, or begin a line that a CI system
//! takes for a command.

mod escape;
mod explain;
mod github;
mod human;
mod json;
mod sarif;
mod wrap;

use std::collections::BTreeSet;

use crate::{Diagnostics, Severity, Sources};

pub use escape::{escape_json, escape_text};
pub use explain::print_rule_page;
pub use github::print_github;
pub use human::print_human;
pub use json::print_json;
pub use sarif::{SarifTool, print_sarif};
pub use wrap::{measure_width, wrap_text};

/// The appearance of text for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// True where ANSI colours are used.
    pub color: bool,
    /// The width of the terminal in columns; `None` where there is no terminal, and nothing is wrapped or cut.
    pub width: Option<usize>,
}

/// Sorts as reports are sorted: by file, position, severity, code and message; repetitions are dropped.
pub fn sort_diagnostics(diagnostics: &mut Diagnostics, sources: &Sources) {
    diagnostics.sort(|label| sources.span(label).start);
}

/// Counts the diagnostics on one line: `3 errors, 1 warning in 2 files`; `no problems` where there are none.
pub fn print_summary(diagnostics: &Diagnostics) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(|severity| match diagnostics.count(severity) {
            0 => None,
            n => Some(print_count(n, severity.word())),
        })
        .collect();
    if counts.is_empty() {
        return "no problems".to_owned();
    }
    let files: BTreeSet<&str> = diagnostics
        .iter()
        .filter_map(|d| d.labels.first())
        .map(|l| l.origin.file.as_ref())
        .collect();
    let place = if files.is_empty() {
        String::new()
    } else {
        format!(" in {}", print_count(files.len(), "file"))
    };
    format!("{}{place}", counts.join(", "))
}

/// Prints a count with its noun: `1 error`, `2 errors`.
pub fn print_count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostic, Origin};

    fn found(severity: Severity, file: &str) -> Diagnostic {
        let bare = Diagnostic {
            code: "x",
            severity,
            message: "m".to_owned(),
            labels: Vec::new(),
            more_places: 0,
            help: None,
            subject: None,
        };
        bare.primary(Origin::file(file), "")
    }

    #[test]
    fn the_summary_counts_by_severity_and_primary_file() {
        let all: Diagnostics = [
            found(Severity::Warning, "a"),
            found(Severity::Error, "a"),
            found(Severity::Error, "b"),
            found(Severity::Error, "b"),
        ]
        .into_iter()
        .collect();
        assert_eq!(print_summary(&all), "3 errors, 1 warning in 2 files");
    }

    #[test]
    fn the_summary_of_nothing_says_so() {
        assert_eq!(print_summary(&Diagnostics::new()), "no problems");
    }
}
