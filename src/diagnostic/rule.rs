//! A kind of problem, as data.

use super::{Diagnostic, Severity};

/// A kind of problem that siteplan reports: its name, its weight and its long explanation.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable, kebab-case name of the problem.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what the problem is.
    pub summary: &'static str,
    /// What it finds, why it matters, an example, how to fix it (Markdown; also a page of `docs/rules/`).
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
            help: None,
        }
    }
}
