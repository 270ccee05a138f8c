//! One thing worth telling the user: what it is, where it is, and what to do about it.
//!
//! Comes in: what a pass found. Goes out: plain values that can be sorted, compared and printed by [`report`].
//! Nothing here knows a terminal, and no byte positions are looked up here.

#![forbid(unsafe_code)]

mod origin;
pub mod report;
mod rule;
mod sources;

use std::ops::Range;

use serde::Serialize;

pub use manifest_yaml::{FieldPart, Pointer};
pub use origin::Origin;
pub use rule::Rule;
pub use sources::{Position, Sources};

/// How bad a [`Diagnostic`] is. Errors stop a build, warnings do not, notes inform.
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
    /// The word that is printed before the code.
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
    /// How bad it is.
    pub severity: Severity,
    /// A lower-case phrase without a full stop. If only one line is shown, this is it.
    pub message: String,
    /// The first is primary; the others give context, in this or other files.
    pub labels: Vec<Label>,
    /// What to do about it, and, where it is certain, the edit that does it.
    pub help: Option<Help>,
}

/// A place and what that place contributes to the problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The file and the field in it.
    pub origin: Origin,
    /// Which bytes of the field are meant.
    pub part: FieldPart,
    /// What this place has to do with it; may be empty.
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
    /// Which bytes of it.
    pub part: FieldPart,
    /// What to write instead.
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
}

impl Diagnostics {
    /// An empty collection.
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
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many have the severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.items.iter().filter(|d| d.severity == severity).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// Sorts by file, position, code and message, and drops repetitions. `position` maps a label to its first byte.
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
        self.items.dedup();
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
        }
    }
}
