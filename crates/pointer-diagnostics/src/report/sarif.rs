//! Diagnostics as SARIF 2.1.0 (OASIS), which code scanning services read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::escape::{escape_json, escape_text};
use super::github::in_repository;
use crate::{
    Diagnostic, Diagnostics, Edit, FieldPart, Label, OmittedDiagnostics, Rule, Severity, Sources,
};

/// The program that found the diagnostics, as a SARIF log names it.
#[derive(Debug, Clone, Copy)]
pub struct SarifTool<'a> {
    /// The program's name.
    pub name: &'a str,
    /// Its version, as in Semantic Versioning.
    pub version: &'a str,
    /// The rules that it knows, sorted by code.
    pub rules: &'a [&'a Rule],
}

/// Renders all diagnostics as one SARIF log with the rules of its findings. `directory` is where the files' root lies in the git
/// repository, empty for its root.
pub fn print_sarif(
    tool: SarifTool<'_>,
    diagnostics: &Diagnostics,
    sources: &Sources,
    directory: &str,
) -> String {
    let told = diagnostics.iter();
    let suppressed = diagnostics.suppressed().iter().map(|s| &s.diagnostic);
    let codes: BTreeSet<&str> = told.chain(suppressed).map(|d| d.code).collect();
    let known = tool.rules.iter().filter(|rule| codes.contains(rule.code));
    let places = Places {
        sources,
        directory,
        tool: tool.name,
        rules: known.copied().collect(),
    };
    let mut seen = BTreeMap::new();
    let mut results: Vec<Value> = diagnostics
        .iter()
        .map(|d| describe_result(d, &places, &mut seen))
        .collect();
    for suppressed in diagnostics.suppressed() {
        let mut result = describe_result(&suppressed.diagnostic, &places, &mut seen);
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": suppressed.justification,
        }]);
        results.push(result);
    }
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": tool.name,
                "semanticVersion": tool.version,
                "rules": places.rules.iter().map(|rule| describe_rule(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let omitted: Vec<Value> = diagnostics.omitted().iter().map(describe_omitted).collect();
    if !omitted.is_empty() {
        log["runs"][0]["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": omitted,
        }]);
    }
    escape_json(&format!("{log:#}\n")).into_owned()
}

fn describe_rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.explain, "markdown": rule.explain},
        "defaultConfiguration": {"level": sarif_level(rule.severity)},
    })
}

/// Describes results that the log leaves out: a notification, as SARIF has no place to count them.
fn describe_omitted(omitted: &OmittedDiagnostics) -> Value {
    json!({
        "level": sarif_level(omitted.severity),
        "message": {"text": omitted.describe()},
        "associatedRule": {"id": omitted.code},
    })
}

fn sarif_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn describe_result(
    diagnostic: &Diagnostic,
    places: &Places,
    seen: &mut BTreeMap<String, usize>,
) -> Value {
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": sarif_level(diagnostic.severity),
        "message": {"text": print_message(diagnostic)},
        "partialFingerprints": {format!("{}/v1", places.tool): compute_fingerprint(diagnostic, places, seen)},
    });
    if let Some(index) = places.rules.iter().position(|r| r.code == diagnostic.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some((primary, others)) = diagnostic.labels.split_first() {
        result["locations"] = json!([places.location(primary)]);
        if !others.is_empty() {
            result["relatedLocations"] = others.iter().map(|l| places.location(l)).collect();
        }
    }
    let help = diagnostic.help.as_ref();
    if let Some((text, edit)) = help.and_then(|h| Some((h.text.as_str(), h.edit.as_ref()?))) {
        result["fixes"] = json!([places.fix(text, edit)]);
    }
    result
}

/// Joins the message and the help: services show only this text beside a line.
fn print_message(diagnostic: &Diagnostic) -> String {
    let mut message = escape_text(&diagnostic.message).into_owned();
    if let Some(more) = diagnostic.describe_more_places() {
        message = format!("{message}\n{more}");
    }
    match &diagnostic.help {
        Some(help) => format!(
            "{message}\nhelp: {}",
            help.text
                .split('\n')
                .map(escape_text)
                .collect::<Vec<_>>()
                .join("\n")
        ),
        None => message,
    }
}

/// Stays the same when lines move: made of the code, the file, the field (or the text of the place), and a number where all these are
/// equal.
fn compute_fingerprint(
    diagnostic: &Diagnostic,
    places: &Places,
    seen: &mut BTreeMap<String, usize>,
) -> String {
    let place = diagnostic
        .labels
        .first()
        .map_or_else(String::new, |label| match label.part {
            FieldPart::Key | FieldPart::Value => {
                format!("{}\n{}", label.origin.file, label.origin.pointer)
            }
            FieldPart::Bytes { .. } => format!("{}\n{}", label.origin.file, places.line(label)),
        });
    let identity = format!("{}\n{place}", diagnostic.code);
    let number = seen.entry(identity.clone()).or_insert(0);
    *number += 1;
    let digest = Sha256::digest(format!("{identity}\n{number}"));
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Places<'a> {
    sources: &'a Sources,
    directory: &'a str,
    tool: &'a str,
    rules: Vec<&'a Rule>,
}

impl Places<'_> {
    fn location(&self, label: &Label) -> Value {
        let mut physical = json!({"artifactLocation": self.artifact(&label.origin.file)});
        if self.sources.text(&label.origin.file).is_some() {
            physical["region"] = self.region(&label.origin.file, self.sources.span(label));
        }
        let mut location = json!({"physicalLocation": physical});
        if !label.text.is_empty() {
            location["message"] = json!({"text": escape_text(&label.text)});
        }
        location
    }

    fn region(&self, file: &str, range: Range<usize>) -> Value {
        let (start, end) = (
            self.sources.position(file, range.start),
            self.sources.position(file, range.end),
        );
        json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
            "byteOffset": range.start, "byteLength": range.len(),
        })
    }

    fn artifact(&self, file: &str) -> Value {
        json!({"uri": encode_path(&in_repository(self.directory, file)), "uriBaseId": "%SRCROOT%"})
    }

    fn fix(&self, text: &str, edit: &Edit) -> Value {
        let range = self.sources.bytes(&edit.origin, edit.part);
        json!({
            "description": {"text": escape_text(text)},
            "artifactChanges": [{
                "artifactLocation": self.artifact(&edit.origin.file),
                "replacements": [{
                    "deletedRegion": self.region(&edit.origin.file, range),
                    "insertedContent": {"text": edit.replacement},
                }],
            }],
        })
    }

    /// Returns the text of the line that a label begins on.
    fn line(&self, label: &Label) -> &str {
        let Some(text) = self.sources.text(&label.origin.file) else {
            return "";
        };
        let start = self.sources.span(label).start;
        let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
        text[from..].lines().next().unwrap_or_default()
    }
}

/// Percent-encodes a path (RFC 3986), except `/`.
fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED).to_string()
}

/// Everything but the unreserved characters of RFC 3986 and `/`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    const AMBIGUOUS_SCALAR: Rule = Rule {
        code: "ambiguous-scalar",
        severity: Severity::Error,
        summary: "a scalar that readers take for different values",
        explain: "# ambiguous-scalar",
    };
    const OTHER: Rule = Rule {
        code: "other",
        ..AMBIGUOUS_SCALAR
    };

    fn parsed(diagnostics: &Diagnostics, text: &str) -> Value {
        let mut sources = Sources::new();
        sources.insert("sites/a b.yaml", text);
        let tool = SarifTool {
            name: "siteplan",
            version: "1.2.3",
            rules: &[&AMBIGUOUS_SCALAR, &OTHER],
        };
        serde_json::from_str(&print_sarif(tool, diagnostics, &sources, "")).expect("SARIF is JSON")
    }

    fn found(start: usize) -> Diagnostic {
        AMBIGUOUS_SCALAR.report("`on` is ambiguous").primary_bytes(
            "sites/a b.yaml",
            start..start + 2,
            "here",
        )
    }

    #[test]
    fn a_result_names_rule_region_and_uri() {
        let log = parsed(&[found(9)].into_iter().collect(), "ä: 1\nb: on\n");
        let result = &log["runs"][0]["results"][0];
        let location = &result["locations"][0]["physicalLocation"];
        let index = result["ruleIndex"]
            .as_u64()
            .expect("the rule is in the table");
        let rule = log.pointer(&format!("/runs/0/tool/driver/rules/{index}/id"));
        assert_eq!(rule, Some(&json!("ambiguous-scalar")));
        let rules = log.pointer("/runs/0/tool/driver/rules").unwrap();
        assert_eq!(rules.as_array().unwrap().len(), 1);
        assert_eq!(location["artifactLocation"]["uri"], "sites/a%20b.yaml");
        assert_eq!(location["region"]["startLine"], 2);
        assert_eq!(location["region"]["startColumn"], 4);
        assert_eq!(location["region"]["endColumn"], 6);
    }

    #[test]
    fn fingerprints_survive_moved_lines_and_tell_equal_lines_apart() {
        let print = |log: &Value, i: usize| {
            log["runs"][0]["results"][i]["partialFingerprints"]["siteplan/v1"].clone()
        };
        let before = parsed(&[found(3)].into_iter().collect(), "a: on\n");
        let after = parsed(
            &[found(9), found(15)].into_iter().collect(),
            "b: 1\n\na: on\na: on\n",
        );
        assert_eq!(print(&before, 0), print(&after, 0));
        assert_ne!(print(&after, 0), print(&after, 1));
    }

    #[test]
    fn a_file_that_was_not_read_has_no_region() {
        let d = AMBIGUOUS_SCALAR
            .report("m")
            .primary(Origin::file("gone.yaml"), "");
        let log = parsed(&[d].into_iter().collect(), "");
        assert_eq!(
            log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"],
            Value::Null
        );
    }
}
