//! One input file: text → checked document → named, typed entity.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{FleetFiles, read_input};
use crate::rules;
use crate::schema::{self, InputKind};
use manifest_yaml as yaml;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

/// A document that its schema accepts.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) file: Arc<str>,
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: Arc<Value>,
}

/// Reads a file and checks it against the schema of its kind. `None` when it has errors.
pub(super) fn document(
    files: &FleetFiles,
    path: &str,
    kind: InputKind,
    found: &mut Diagnostics,
) -> Option<Document> {
    let text = files.read(path, found)?;
    let mut problems = Diagnostics::new();
    let input = read_input(path, &text, &mut problems);
    if let Some(input) = &input {
        let known = ranges(&problems, &text);
        let of_schema = schema::validate_input(kind, path, &input.value);
        let refused = ranges(&of_schema, &text);
        problems = problems
            .into_iter()
            .map(|problem| prefer_other_reading(problem, &refused, &text))
            .collect();
        problems.extend(
            of_schema
                .into_iter()
                .filter(|d| !overlaps(&known, d, &text)),
        );
    }
    let good = !problems.has_errors();
    found.append(problems);
    let value = input.filter(|_| good)?.value;
    let metadata = value.get("metadata");
    let name = metadata
        .and_then(|m| m.get("name"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let labels = metadata
        .and_then(|m| m.get("labels"))
        .and_then(Value::as_object);
    let labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
        .collect();
    Some(Document {
        file: Arc::from(path),
        name,
        labels,
        value: Arc::new(value),
    })
}

/// Lists the bytes that diagnostics point at first.
fn ranges(problems: &Diagnostics, text: &str) -> Vec<Range<usize>> {
    problems.iter().filter_map(|d| range(d, text)).collect()
}

fn range(diagnostic: &Diagnostic, text: &str) -> Option<Range<usize>> {
    let label = diagnostic.labels.first()?;
    Some(yaml::find_span(text, &label.origin.pointer, label.part))
}

/// Checks for a problem at the same bytes: the schema's words about them would only confuse.
fn overlaps(known: &[Range<usize>], diagnostic: &Diagnostic, text: &str) -> bool {
    !known.is_empty()
        && range(diagnostic, text)
            .is_some_and(|at| known.iter().any(|k| k.start < at.end && at.start < k.end))
}

/// Offers the text itself for a word that is a boolean to some readers, where text is expected: the schema refuses a word that was read
/// as a boolean, or does not refuse one that was read as text.
fn prefer_other_reading(problem: Diagnostic, refused: &[Range<usize>], text: &str) -> Diagnostic {
    let edit = problem.help.as_ref().and_then(|help| help.edit.clone());
    let at = range(&problem, text);
    let (Some(mut edit), Some(at)) = (edit, at) else {
        return problem;
    };
    let is_boolean = matches!(edit.replacement.as_str(), "true" | "false");
    let word = text.get(at.clone()).unwrap_or_default();
    let is_text = yaml::resolve_scalar(word, yaml::Dialect::Manifest) == yaml::ResolvedScalar::Text;
    let wants_text = is_text != refused.contains(&at);
    if problem.code != rules::AMBIGUOUS_SCALAR.code || !is_boolean || !wants_text {
        return problem;
    }
    edit.replacement = format!("\"{word}\"");
    problem.help_edit(format!("write `\"{word}\"`: text is expected here"), edit)
}

impl Document {
    /// Reports a name that is not the file's or directory's.
    pub(super) fn expect_name(&self, expected: &str, what: &str, found: &mut Diagnostics) {
        if self.name != expected {
            let origin = Origin::new(&self.file, Pointer::parse("/metadata/name"));
            found.push(
                rules::NAME_NOT_OF_FILE
                    .report(format!(
                        "`{}` is named `{}`, but its {what} is named `{expected}`",
                        self.file, self.name
                    ))
                    .primary(origin, format!("expected `{expected}`"))
                    .help(format!("write `{expected}` here, or rename the {what}")),
            );
        }
    }

    /// Returns the typed `spec`.
    pub(super) fn spec<T: DeserializeOwned + Default>(&self, found: &mut Diagnostics) -> Option<T> {
        typed(
            self.value.get("spec"),
            &Origin::file(&self.file).at("spec"),
            found,
        )
    }
}

/// Types a value that its schema has accepted. What the types refuse all the same is reported at the given place.
pub(super) fn typed<T: DeserializeOwned>(
    value: Option<&Value>,
    origin: &Origin,
    found: &mut Diagnostics,
) -> Option<T> {
    let value = value
        .cloned()
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    match serde_json::from_value(value) {
        Ok(typed) => Some(typed),
        Err(why) => {
            found.push(
                rules::MALFORMED_VALUE
                    .report(why.to_string())
                    .primary(origin.clone(), ""),
            );
            None
        }
    }
}

/// Tells whether a text says at its outermost level that it is of a kind.
pub(super) fn is_of_kind(text: &str, kind: InputKind) -> bool {
    let values = text.lines().filter_map(|line| line.strip_prefix("kind:"));
    let mut names = values.map(|value| value.split('#').next().unwrap_or_default());
    names.any(|name| name.trim().trim_matches(['"', '\'']) == kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the edit that is offered for the only value of a text, which the schema refuses or accepts as it was read.
    fn offer(text: &str, refused: Option<Range<usize>>) -> String {
        let refused: Vec<Range<usize>> = refused.into_iter().collect();
        let mut found = Diagnostics::new();
        read_input("a.yaml", text, &mut found);
        let problem = found.into_iter().next().unwrap();
        let help = prefer_other_reading(problem, &refused, text).help.unwrap();
        help.edit.unwrap().replacement
    }

    #[test]
    fn words_that_may_be_booleans_are_what_the_schema_expects() {
        assert_eq!(offer("a: on\n", None), "\"on\"");
        assert_eq!(offer("a: on\n", Some(3..5)), "true");
        assert_eq!(offer("a: True\n", None), "true");
        assert_eq!(offer("a: True\n", Some(3..7)), "\"True\"");
    }
}
