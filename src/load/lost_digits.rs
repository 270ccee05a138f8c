//! Versions in manifests that are numbers to every reader, and lose a zero: `4.20` is 4.2.

use manifest_yaml::{NodeData, ReadLimits, ScalarStyle, YamlNode, parse_documents};
use pointer_diagnostics::{Diagnostics, Edit, FieldPart, Origin};

use super::FleetFiles;
use crate::rules;

/// Parts of keys whose values are text that looks like a number.
const VERSIONED: &[&str] = &["branch", "channel", "release", "tag", "version"];

/// Reports such versions in the manifests of an app. Manifests that cannot be read are reported where they are rendered.
pub(super) fn report_lost_digits(files: &FleetFiles, directory: &str, found: &mut Diagnostics) {
    let mut ignored = Diagnostics::new();
    for path in files.list(directory, &mut ignored) {
        if !super::is_yaml(&path) || path.ends_with("/app.yaml") {
            continue;
        }
        let Some(text) = files.read(&path, &mut ignored) else {
            continue;
        };
        if !may_lose_digits(&text) {
            continue;
        }
        let parsed = parse_documents(&text, &ReadLimits::MANIFEST);
        for document in parsed.into_iter().flat_map(|parsed| parsed.documents) {
            search_node(&path, "", &document, found);
        }
    }
}

/// Tells whether a text has a number that ends with a zero behind its point: most have none, and need not be parsed.
fn may_lose_digits(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']'))
        .any(loses_digit)
}

/// Tells whether a plain scalar is a number that is printed with a digit less.
fn loses_digit(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, fraction)| {
        is_digits(whole) && is_digits(fraction) && fraction.ends_with('0')
    })
}

fn search_node(file: &str, key: &str, node: &YamlNode, found: &mut Diagnostics) {
    match &node.data {
        NodeData::Scalar {
            text,
            style: ScalarStyle::Plain,
        } if node.tag.is_none() && is_versioned(key) && loses_digit(text) => {
            report_number(file, text, node, found);
        }
        NodeData::Scalar { .. } => {}
        NodeData::Sequence { items, .. } => {
            for item in items {
                search_node(file, key, item, found);
            }
        }
        NodeData::Mapping { entries, .. } => {
            for (name, value) in entries {
                search_node(file, name.text().unwrap_or_default(), value, found);
            }
        }
    }
}

fn is_versioned(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    VERSIONED.iter().any(|part| key.contains(part))
}

fn report_number(file: &str, text: &str, node: &YamlNode, found: &mut Diagnostics) {
    let bytes = node.span.bytes();
    let edit = Edit {
        origin: Origin::file(file),
        part: FieldPart::Bytes {
            start: bytes.start,
            end: bytes.end,
        },
        replacement: format!("\"{text}\""),
    };
    let printed = text.trim_end_matches('0').trim_end_matches('.');
    found.push(
        rules::NUMBER_LOSES_ZERO
            .report(format!("`{text}` is the number {printed} to every reader"))
            .primary_bytes(file, bytes, "")
            .help_edit("put it in quotes if it is a version", edit),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_end_with_a_zero_lose_it() {
        assert!(loses_digit("4.20"));
        assert!(loses_digit("1.0"));
        assert!(!loses_digit("4.2"));
        assert!(!loses_digit("4.18.20"));
        assert!(!loses_digit("10"));
        assert!(!loses_digit("v4.20"));
    }

    #[test]
    fn keys_of_versions_are_known() {
        assert!(is_versioned("app.kubernetes.io/version"));
        assert!(is_versioned("postgresVersion"));
        assert!(!is_versioned("ratio"));
    }
}
