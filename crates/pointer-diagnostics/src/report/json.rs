//! Diagnostics for programs: a JSON document with a version of its own, so that the internal types may change.

use serde::Serialize;

use super::escape::escape_json;
use crate::sources::Sources;
use crate::{Diagnostic, Diagnostics, Edit, FieldPart, Label, Origin, Severity};

/// The version of the document. It grows when a field goes or changes its meaning, not when one is added.
const VERSION: u32 = 1;

/// Prints all diagnostics as one JSON document that ends with a line break.
pub fn print_json(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let document = JsonReport {
        version: VERSION,
        errors: diagnostics.count(Severity::Error),
        warnings: diagnostics.count(Severity::Warning),
        notes: diagnostics.count(Severity::Note),
        diagnostics: diagnostics
            .iter()
            .map(|d| JsonDiagnostic::new(d, sources))
            .collect(),
        omitted: diagnostics
            .omitted()
            .iter()
            .map(|o| JsonOmitted {
                code: o.code,
                severity: o.severity,
                count: o.count,
            })
            .collect(),
        suppressed: diagnostics
            .suppressed()
            .iter()
            .map(|s| JsonSuppressed {
                diagnostic: JsonDiagnostic::new(&s.diagnostic, sources),
                justification: &s.justification,
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    escape_json(&text).into_owned()
}

#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omitted: Vec<JsonOmitted<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<JsonSuppressed<'a>>,
}

/// A diagnostic that a waiver keeps back, with the reason.
#[derive(Serialize)]
struct JsonSuppressed<'a> {
    diagnostic: JsonDiagnostic<'a>,
    justification: &'a str,
}

/// Diagnostics of one rule that are counted only.
#[derive(Serialize)]
struct JsonOmitted<'a> {
    code: &'a str,
    severity: Severity,
    count: usize,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    labels: Vec<JsonLabel<'a>>,
    #[serde(rename = "morePlaces", skip_serializing_if = "Option::is_none")]
    more_places: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<JsonEdit<'a>>,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    start: JsonPoint,
    end: JsonPoint,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    file: &'a str,
    start: JsonPoint,
    end: JsonPoint,
    replacement: &'a str,
}

/// Line and column from 1, the column in characters; the offset in bytes from 0.
#[derive(Serialize)]
struct JsonPoint {
    line: usize,
    column: usize,
    offset: usize,
}

impl<'a> JsonDiagnostic<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &Sources) -> Self {
        let help = diagnostic.help.as_ref();
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: &diagnostic.message,
            labels: diagnostic
                .labels
                .iter()
                .map(|l| JsonLabel::new(l, sources))
                .collect(),
            more_places: Some(diagnostic.more_places).filter(|count| *count > 0),
            help: help.map(|h| h.text.as_str()),
            edit: help
                .and_then(|h| h.edit.as_ref())
                .map(|e| JsonEdit::new(e, sources)),
        }
    }
}

impl<'a> JsonLabel<'a> {
    fn new(label: &'a Label, sources: &Sources) -> Self {
        let (start, end) = locate_field(&label.origin, label.part, sources);
        let pointer = match label.part {
            FieldPart::Bytes { .. } => None,
            FieldPart::Key | FieldPart::Value => Some(label.origin.pointer.as_str()),
        };
        Self {
            file: &label.origin.file,
            pointer,
            start,
            end,
            text: &label.text,
        }
    }
}

impl<'a> JsonEdit<'a> {
    fn new(edit: &'a Edit, sources: &Sources) -> Self {
        let (start, end) = locate_field(&edit.origin, edit.part, sources);
        Self {
            file: &edit.origin.file,
            start,
            end,
            replacement: &edit.replacement,
        }
    }
}

fn locate_field(origin: &Origin, part: FieldPart, sources: &Sources) -> (JsonPoint, JsonPoint) {
    let range = sources.bytes(origin, part);
    let point = |offset: usize| {
        let position = sources.position(&origin.file, offset);
        JsonPoint {
            line: position.line,
            column: position.column,
            offset,
        }
    };
    (point(range.start), point(range.end))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::Rule;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a list of cases")]
    fn a_document_has_a_version_counts_and_places() {
        const RULE: Rule = Rule {
            code: "not-a-choice",
            severity: Severity::Error,
            summary: "",
            explain: "",
        };
        let mut sources = Sources::new();
        sources.insert("a.yaml", "ä: arm\n");
        let edit = Edit {
            origin: Origin::file("a.yaml"),
            part: FieldPart::Bytes { start: 4, end: 7 },
            replacement: "arm64".to_owned(),
        };
        let d = RULE
            .report("no arch `arm`")
            .primary_bytes("a.yaml", 4..7, "here")
            .help_edit("write `arm64`", edit);
        assert_snapshot!(print_json(&[d].into_iter().collect(), &sources), @r#"
        {
          "version": 1,
          "errors": 1,
          "warnings": 0,
          "notes": 0,
          "diagnostics": [
            {
              "code": "not-a-choice",
              "severity": "error",
              "message": "no arch `arm`",
              "labels": [
                {
                  "file": "a.yaml",
                  "start": {
                    "line": 1,
                    "column": 4,
                    "offset": 4
                  },
                  "end": {
                    "line": 1,
                    "column": 7,
                    "offset": 7
                  },
                  "text": "here"
                }
              ],
              "help": "write `arm64`",
              "edit": {
                "file": "a.yaml",
                "start": {
                  "line": 1,
                  "column": 4,
                  "offset": 4
                },
                "end": {
                  "line": 1,
                  "column": 7,
                  "offset": 7
                },
                "replacement": "arm64"
              }
            }
          ]
        }
        "#);
    }
}
