//! Differences as text: the counts first, then every object with its fields.

use std::fmt::{self, Formatter};

use serde_json::Value;

use super::{Counts, Differences, FieldChange, FieldChangeKind, ObjectChange};
use crate::compare::text::{Difference, difference};
use crate::manifest::ObjectId;
use crate::wording::count_noun;
use pointer_diagnostics::report::escape_text;

/// Lines of a map, list or text that are shown.
const MAX_LINES: usize = 40;
/// Characters of a line that are shown.
const MAX_CHARACTERS: usize = 200;
/// Indentation of the lines of a value.
const INDENT: &str = "        ";

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.counts())?;
        self.added
            .iter()
            .try_for_each(|id| writeln!(f, "+ {}", name(id)))?;
        self.removed
            .iter()
            .try_for_each(|id| writeln!(f, "- {}", name(id)))?;
        self.changed.iter().try_for_each(|change| change.fmt(f))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.added, "added".to_owned()),
            (self.removed, "removed".to_owned()),
            (
                self.changed,
                format!("changed in {}", count_noun(self.fields, "field")),
            ),
            (self.reordered, "only reordered".to_owned()),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if parts.is_empty() {
            f.write_str("no objects differ")
        } else {
            write!(f, "objects: {}", parts.join(", "))
        }
    }
}

impl fmt::Display for ObjectChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "~ {}", name(&self.id))?;
        self.fields.iter().try_for_each(|change| change.fmt(f))
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = cut(&self.path);
        match &self.kind {
            FieldChangeKind::Added(new) => value(f, &format!("  + {path}"), '+', new),
            FieldChangeKind::Removed(old) => value(f, &format!("  - {path}"), '-', old),
            FieldChangeKind::Changed(old, new) => changed(f, &path, old, new),
            FieldChangeKind::Reordered(old, new) => {
                writeln!(
                    f,
                    "    {path}: in another order: {} → {}",
                    cut(&old.join(" ")),
                    cut(&new.join(" "))
                )
            }
        }
    }
}

fn changed(f: &mut Formatter<'_>, path: &str, old: &Value, new: &Value) -> fmt::Result {
    if let (Value::String(old), Value::String(new)) = (old, new)
        && (old.contains('\n') || new.contains('\n'))
    {
        writeln!(f, "  ~ {path}:")?;
        let Difference::Hunks(hunks) = difference(old.as_bytes(), new.as_bytes()) else {
            return block(
                f,
                "",
                &difference(old.as_bytes(), new.as_bytes()).to_string(),
            );
        };
        return hunks
            .iter()
            .try_for_each(|hunk| block(f, "", &hunk.to_string()));
    }
    if let (Some(old), Some(new)) = (inline(old), inline(new)) {
        return writeln!(f, "  ~ {path}: {old} → {new}");
    }
    value(f, &format!("  - {path}"), '-', old)?;
    value(f, &format!("  + {path}"), '+', new)
}

fn value(f: &mut Formatter<'_>, head: &str, mark: char, value: &Value) -> fmt::Result {
    if let Some(text) = inline(value) {
        return writeln!(f, "{head}: {text}");
    }
    writeln!(f, "{head}:")?;
    block(
        f,
        &format!("{mark} "),
        &manifest_yaml::write_document(value),
    )
}

/// A scalar, or an empty map or list, on one line; a text of several lines is none.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) if !map.is_empty() => None,
        Value::Array(list) if !list.is_empty() => None,
        Value::String(text) if text.contains('\n') => None,
        other => Some(cut(&other.to_string())),
    }
}

fn block(f: &mut Formatter<'_>, mark: &str, text: &str) -> fmt::Result {
    let count = text.lines().count();
    text.lines()
        .take(MAX_LINES)
        .try_for_each(|line| writeln!(f, "{INDENT}{mark}{}", cut(line)))?;
    if count > MAX_LINES {
        writeln!(f, "{INDENT}… {} more lines", count - MAX_LINES)
    } else {
        Ok(())
    }
}

/// A line that is safe to print and not endless.
fn cut(line: &str) -> String {
    let mut characters = line.chars();
    let start: String = characters.by_ref().take(MAX_CHARACTERS).collect();
    let rest = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("{}{rest}", escape_text(&start))
}

/// Returns the object as kubectl names it, with its namespace, safe to print.
fn name(id: &ObjectId) -> String {
    escape_text(&id.title()).into_owned()
}
