#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bounds;
mod origin;
pub mod report;
mod rule;
mod sources;

use std::ops::Range;

use serde::Serialize;

pub use bounds::{OmittedDiagnostics, ReportLimits, shorten_text};
pub use manifest_yaml::{FieldPart, Pointer};
pub use origin::Origin;
pub use rule::Rule;
pub use sources::{Position, Sources};

/// The weight of a [`Diagnostic`]. Errors stop a build, warnings do not, notes inform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is written while there is one.
    Error,
    /// Worth reading; the build goes on.
    Warning,
    /// Context only.
    Note,
}

impl Severity {
    /// Returns the word that is printed before the code.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing worth telling the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Names the kind of problem; stable, kebab-case, explained by the page of its rule.
    pub code: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// A lower-case phrase without a full stop. If only one line is shown, this is it.
    pub message: String,
    /// The first is primary; the others give context, in this or other files.
    pub labels: Vec<Label>,
    /// The number of further places where the same was found, beyond those that `labels` name.
    pub more_places: usize,
    /// The action that solves the problem, with the edit where it is certain.
    pub help: Option<Help>,
    /// The name of the thing that it is about, where there is one; not printed.
    pub subject: Option<String>,
}

/// A diagnostic that is not told, because somebody said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedDiagnostic {
    /// The diagnostic.
    pub diagnostic: Diagnostic,
    /// The reason that was given.
    pub justification: String,
}

/// The decision about one diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiagnosticVerdict {
    /// It is told, with this weight.
    Told(Severity),
    /// It is not told, for the reason given.
    Suppressed(String),
}

/// A place and what that place contributes to the problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The file and the field in it.
    pub origin: Origin,
    /// The bytes of the field that are marked.
    pub part: FieldPart,
    /// The place's part in the problem; may be empty.
    pub text: String,
}

/// An action that solves the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// The action, in words.
    pub text: String,
    /// The edit that does it, where it is certain.
    pub edit: Option<Edit>,
}

/// A replacement of the bytes of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The field.
    pub origin: Origin,
    /// The bytes of the field that are replaced.
    pub part: FieldPart,
    /// The new text.
    pub replacement: String,
}

impl Diagnostic {
    /// Adds the primary place: the value of a field.
    #[must_use]
    pub fn primary(self, origin: Origin, text: impl Into<String>) -> Self {
        self.label_first(origin, FieldPart::Value, text.into())
    }

    /// Adds the primary place: the key of a field.
    #[must_use]
    pub fn primary_key(self, origin: Origin, text: impl Into<String>) -> Self {
        self.label_first(origin, FieldPart::Key, text.into())
    }

    /// Adds the primary place: a range of bytes of the file, where there is no field to name.
    #[must_use]
    pub fn primary_bytes(self, file: &str, range: Range<usize>, text: impl Into<String>) -> Self {
        self.label_first(
            Origin::file(file),
            FieldPart::Bytes {
                start: range.start,
                end: range.end,
            },
            text.into(),
        )
    }

    /// Adds a place that explains the problem.
    #[must_use]
    pub fn context(mut self, origin: Origin, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            origin,
            part: FieldPart::Value,
            text: text.into(),
        });
        self
    }

    /// Adds a place that explains the problem: the key of a field.
    #[must_use]
    pub fn context_key(mut self, origin: Origin, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            origin,
            part: FieldPart::Key,
            text: text.into(),
        });
        self
    }

    /// Names the thing that it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(Help {
            text: text.into(),
            edit: None,
        });
        self
    }

    /// Says what to do about it, with the edit that does it.
    #[must_use]
    pub fn help_edit(mut self, text: impl Into<String>, edit: Edit) -> Self {
        self.help = Some(Help {
            text: text.into(),
            edit: Some(edit),
        });
        self
    }

    fn label_first(mut self, origin: Origin, part: FieldPart, text: String) -> Self {
        self.labels.insert(0, Label { origin, part, text });
        self
    }
}

/// The diagnostics of a run, in the order in which they were found until [`Diagnostics::sort`] is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    omitted: Vec<OmittedDiagnostics>,
    suppressed: Vec<SuppressedDiagnostic>,
}

impl Diagnostics {
    /// Makes an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Adds all of another collection.
    pub fn append(&mut self, mut other: Self) {
        self.items.append(&mut other.items);
        self.omitted.append(&mut other.omitted);
        self.suppressed.append(&mut other.suppressed);
    }

    /// Asks for every diagnostic what becomes of it.
    pub fn decide(&mut self, mut verdict: impl FnMut(&Diagnostic) -> DiagnosticVerdict) {
        for mut diagnostic in std::mem::take(&mut self.items) {
            match verdict(&diagnostic) {
                DiagnosticVerdict::Told(severity) => {
                    diagnostic.severity = severity;
                    self.items.push(diagnostic);
                }
                DiagnosticVerdict::Suppressed(justification) => {
                    self.suppressed.push(SuppressedDiagnostic {
                        diagnostic,
                        justification,
                    });
                }
            }
        }
    }

    /// Returns those that are not told, because somebody said so.
    pub fn suppressed(&self) -> &[SuppressedDiagnostic] {
        &self.suppressed
    }

    /// Checks for an error among them.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Counts those of a severity, with those that a limit left out.
    pub fn count(&self, severity: Severity) -> usize {
        let shown = self.items.iter().filter(|d| d.severity == severity).count();
        let omitted = self.omitted.iter().filter(|o| o.severity == severity);
        shown + omitted.map(|o| o.count).sum::<usize>()
    }

    /// Checks that there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns all of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// Appends others.
    ///
    /// # Errors
    ///
    /// [`Reported`], if there is an error among them.
    pub fn append_checked(&mut self, others: Self) -> Result<(), Reported> {
        let has_errors = others.has_errors();
        self.append(others);
        if has_errors {
            return Err(Reported(()));
        }
        Ok(())
    }

    /// Adds one and returns the token that says so, for functions that fail with [`Reported`].
    pub fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.items.push(diagnostic);
        Reported(())
    }

    /// Sorts by file, position, severity, code and message. `position` maps a label to its first byte.
    ///
    /// Diagnostics that differ in their secondary labels alone become one: the same mistake, found from several places. The first
    /// of these places are kept, the others counted.
    pub fn sort(&mut self, position: impl Fn(&Label) -> usize) {
        self.items.sort_by_cached_key(|d| {
            let first = d.labels.first();
            (
                first.map(|l| l.origin.file.clone()),
                first.map_or(0, &position),
                d.severity,
                d.code,
                d.message.clone(),
            )
        });
        self.merge_repetitions();
        self.suppressed.sort_by_cached_key(|s| {
            let first = s.diagnostic.labels.first();
            let place = first.map(|l| (l.origin.file.clone(), position(l)));
            (place, s.diagnostic.code, s.diagnostic.message.clone())
        });
        self.suppressed.dedup_by(|next, kept| {
            let (next, kept) = (&next.diagnostic, &kept.diagnostic);
            (next.code, &next.message, next.labels.first())
                == (kept.code, &kept.message, kept.labels.first())
        });
    }
}

/// A token for a problem that is in the [`Diagnostics`] already: the error type of functions that report to a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported(());

impl Reported {
    /// Returns the token for a problem that is in another sink.
    pub fn elsewhere() -> Self {
        Self(())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, iter: T) {
        self.items.extend(iter);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(iter: T) -> Self {
        Self {
            items: iter.into_iter().collect(),
            omitted: Vec::new(),
            suppressed: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        code: "cpu-shortage",
        severity: Severity::Error,
        summary: "",
        explain: "",
    };

    #[test]
    fn what_differs_in_secondary_labels_alone_is_told_once() {
        let from_site = |site: &str, message: &str| {
            RULE.report(message)
                .primary(Origin::file("app.yaml"), "asks for 4")
                .context(Origin::file(site), "compiled for this site")
        };
        let mut found = Diagnostics::from_iter([
            from_site("a.yaml", "too much"),
            from_site("b.yaml", "too much"),
            from_site("b.yaml", "too little"),
            from_site("c.yaml", "too much").help("lower it"),
        ]);
        found.sort(|_| 0);
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|d| (d.message.as_str(), d.labels[1].origin.file.as_ref()))
            .collect();
        let expected = [
            ("too little", "b.yaml"),
            ("too much", "a.yaml"),
            ("too much", "c.yaml"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_suppressed_is_neither_told_nor_counted() {
        let mut found =
            Diagnostics::from_iter([RULE.report("too much"), RULE.report("too little")]);
        found.decide(|d| match d.message.as_str() {
            "too much" => DiagnosticVerdict::Suppressed("it is known".to_owned()),
            _ => DiagnosticVerdict::Told(Severity::Warning),
        });
        assert!(!found.has_errors());
        assert_eq!(found.count(Severity::Warning), 1);
        assert_eq!(found.suppressed()[0].justification, "it is known");
    }

    #[test]
    fn a_reported_problem_is_in_the_sink() {
        let mut found = Diagnostics::new();
        let failed: Result<(), Reported> = Err(found.report(RULE.report("too much")));
        assert!(failed.is_err());
        assert_eq!(found.count(Severity::Error), 1);
    }
}
