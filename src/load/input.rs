//! siteplan's own inputs: one document, in which every reader sees the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::report_deceptive_characters;
use crate::rules;
use manifest_yaml::{
    Dialect, NodeData, ParsedText, ReadLimits, ResolvedScalar, ScalarStyle, TextRange, YamlNode,
    find_ambiguity, find_forbidden_character, parse_documents, resolve_scalar,
};
use pointer_diagnostics::{Diagnostic, Diagnostics, Edit, FieldPart, Origin, Pointer, Rule};

/// An input file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The document as it was written.
    pub node: YamlNode,
    /// Its value.
    pub value: Value,
}

/// Reads a file of siteplan's own kinds. All problems of the file are reported; where there is a value all the same, it is what most
/// readers would see, so that more can be said about it.
pub fn read_input(file: &str, text: &str, found: &mut Diagnostics) -> Option<Input> {
    let mut findings = Findings {
        file,
        text,
        diagnostics: Diagnostics::new(),
    };
    let input = findings.read_document();
    found.append(findings.diagnostics);
    input
}

struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    diagnostics: Diagnostics,
}

impl Findings<'_> {
    fn read_document(&mut self) -> Option<Input> {
        self.characters();
        if self.diagnostics.has_errors() {
            return None;
        }
        let parsed = match parse_documents(self.text, &ReadLimits::INPUT) {
            Ok(parsed) => parsed,
            Err(e) => {
                let report = rules::YAML_SYNTAX.report(e.message);
                let syntax =
                    report.primary_bytes(self.file, e.range.bytes(), "reading stopped here");
                self.diagnostics = [syntax].into_iter().collect();
                return None;
            }
        };
        self.shape(&parsed);
        for document in &parsed.documents {
            self.value(document, &Pointer::root());
        }
        let node = parsed.documents.into_iter().next()?;
        match node.to_value() {
            Ok(value) => Some(Input { node, value }),
            Err(e) => {
                if !self.diagnostics.has_errors() {
                    self.at(&rules::YAML_SYNTAX, e.message, e.range);
                }
                None
            }
        }
    }

    fn at(&mut self, rule: &Rule, message: impl Into<String>, range: TextRange) {
        self.diagnostics.push(
            rule.report(message)
                .primary_bytes(self.file, range.bytes(), ""),
        );
    }

    fn report(
        &mut self,
        diagnostic: Diagnostic,
        range: TextRange,
        help: &str,
        replacement: Option<String>,
    ) {
        let diagnostic = diagnostic.primary_bytes(self.file, range.bytes(), "");
        let bytes = range.bytes();
        self.diagnostics.push(match replacement {
            Some(replacement) => {
                let part = FieldPart::Bytes {
                    start: bytes.start,
                    end: bytes.end,
                };
                diagnostic.help_edit(
                    help,
                    Edit {
                        origin: Origin::file(self.file),
                        part,
                        replacement,
                    },
                )
            }
            None => diagnostic.help(help),
        });
    }

    fn characters(&mut self) {
        let mut from = 0;
        while let Some((range, character)) =
            self.text.get(from..).and_then(find_forbidden_character)
        {
            let range = TextRange::new(from + range.bytes().start, from + range.bytes().end);
            let message = format!(
                "the file contains the character U+{:04X}",
                u32::from(character)
            );
            let help = "remove it, or write it as an escape in a double-quoted string";
            self.report(rules::CONTROL_CHARACTER.report(message), range, help, None);
            from = range.bytes().end;
        }
        report_deceptive_characters(self.file, self.text, &mut self.diagnostics);
    }

    fn shape(&mut self, parsed: &ParsedText) {
        match parsed.documents.as_slice() {
            [] => {
                let start = TextRange::default();
                let empty =
                    rules::YAML_SYNTAX.report("the file is empty; one document is expected");
                self.report(
                    empty,
                    start,
                    "write the fields `apiVersion`, `kind`, `metadata` and `spec`",
                    None,
                );
            }
            [_] => {}
            [_, second, ..] => {
                let several = rules::SEVERAL_DOCUMENTS.report(format!(
                    "the file holds {} documents; one is expected",
                    parsed.documents.len()
                ));
                self.report(
                    several,
                    second.span,
                    "move each document to a file of its own",
                    None,
                );
            }
        }
        for range in &parsed.anchors {
            let anchor = rules::ANCHOR_IN_INPUT.report("an anchor is defined");
            self.report(
                anchor,
                *range,
                "remove it, and write the value wherever it is meant",
                None,
            );
        }
        for range in &parsed.aliases {
            let alias = rules::ANCHOR_IN_INPUT.report("an alias stands for a value");
            self.report(
                alias,
                *range,
                "write the value itself, or move what is shared to a profile",
                None,
            );
        }
        for range in &parsed.tags {
            let tag = rules::TAG_IN_INPUT.report("a value has a tag");
            self.report(
                tag,
                *range,
                "remove the tag; quote the value if it is text",
                Some(String::new()),
            );
        }
    }

    fn value(&mut self, node: &YamlNode, pointer: &Pointer) {
        match &node.data {
            NodeData::Scalar {
                text,
                style: ScalarStyle::Plain,
            } if node.tag.is_none() => self.plain(node, text),
            NodeData::Scalar { .. } => {}
            NodeData::Sequence { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &pointer.at(index));
                }
            }
            NodeData::Mapping { entries, .. } => self.mapping(entries, pointer),
        }
    }

    fn mapping(&mut self, entries: &[(YamlNode, YamlNode)], pointer: &Pointer) {
        let mut seen: BTreeMap<&str, TextRange> = BTreeMap::new();
        for (key, value) in entries {
            let Some(name) = key.text() else {
                let message = "a key is a list or a map; text is expected";
                self.report(
                    rules::NON_STRING_KEY.report(message),
                    key.span,
                    "write the key as text",
                    None,
                );
                continue;
            };
            self.key(key, name);
            if let Some(first) = seen.insert(name, key.span) {
                let repeated = rules::DUPLICATE_KEY
                    .report(format!("the key `{name}` is written twice in one map"));
                let part = FieldPart::Bytes {
                    start: first.bytes().start,
                    end: first.bytes().end,
                };
                let mut repeated =
                    repeated.primary_bytes(self.file, key.span.bytes(), "again here");
                let origin = Origin::file(self.file);
                repeated.labels.push(pointer_diagnostics::Label {
                    origin,
                    part,
                    text: "first here".to_owned(),
                });
                self.diagnostics
                    .push(repeated.help("merge the two, or remove one"));
            }
            self.value(value, &pointer.at(name));
        }
    }

    fn key(&mut self, key: &YamlNode, name: &str) {
        let plain = matches!(
            key.data,
            NodeData::Scalar {
                style: ScalarStyle::Plain,
                ..
            }
        ) && key.tag.is_none();
        let quoted = serde_json::to_string(name).ok();
        if plain && name == "<<" {
            let merge =
                rules::MERGE_KEY_IN_INPUT.report("a merge key `<<` takes the place of fields");
            self.report(
                merge,
                key.span,
                "write the fields out, or move what is shared to a profile",
                None,
            );
        } else if plain
            && (find_ambiguity(name).is_some() || matches!(name, "null" | "true" | "false"))
        {
            let message = format!("the key `{name}` is not text to every reader");
            self.report(
                rules::NON_STRING_KEY.report(message),
                key.span,
                "quote the key",
                quoted,
            );
        } else if plain
            && name
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            && !name.is_empty()
        {
            let number = !matches!(
                resolve_scalar(name, Dialect::Manifest),
                ResolvedScalar::Text
            );
            if number {
                let message = format!("the key `{name}` is a number; text is expected");
                self.report(
                    rules::NON_STRING_KEY.report(message),
                    key.span,
                    "quote the key",
                    quoted,
                );
            }
        }
    }

    fn plain(&mut self, node: &YamlNode, text: &str) {
        let Some(found) = find_ambiguity(text) else {
            return;
        };
        let message = match text {
            "" => "a field without a value is null, although nothing was written".to_owned(),
            _ => format!("`{text}` {}", found.readings),
        };
        let help = match found.instead.as_slice() {
            [only] => format!("write {}", code(only)),
            [first, rest @ ..] => {
                format!(
                    "write {} or {}",
                    code(first),
                    rest.iter()
                        .map(|r| code(r))
                        .collect::<Vec<_>>()
                        .join(" or ")
                )
            }
            [] => return,
        };
        let replacement = found.instead.first().filter(|_| !text.is_empty()).cloned();
        self.report(
            rules::AMBIGUOUS_SCALAR.report(message),
            node.span,
            &help,
            replacement,
        );
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        let mut found = Diagnostics::new();
        read_input("a.yaml", text, &mut found);
        found.iter().map(|d| d.code).collect()
    }

    #[test]
    fn a_plain_document_is_read() {
        let text = "a: {b: [1, \"2\", true, null]}\r\nc: text\r\n";
        let input = read_input("a.yaml", text, &mut Diagnostics::new());
        assert_eq!(
            input.unwrap().value,
            serde_json::json!({"a": {"b": [1, "2", true, null]}, "c": "text"})
        );
    }

    #[test]
    fn every_problem_of_a_file_is_reported_at_once() {
        let text = "a: &x yes\nb: *x\na: !!str 1\n1: 2\n<<: {}\nd: 4.20\n";
        let mut found = codes(text);
        found.sort_unstable();
        found.dedup();
        assert_eq!(
            found,
            [
                "ambiguous-scalar",
                "anchor-in-input",
                "duplicate-key",
                "merge-key-in-input",
                "non-string-key",
                "tag-in-input"
            ]
        );
    }

    #[test]
    fn edits_say_what_to_write() {
        let mut found = Diagnostics::new();
        read_input("a.yaml", "version: 4.20\n", &mut found);
        let help = found.iter().next().unwrap().help.clone().unwrap();
        assert_eq!(help.text, "write `\"4.20\"` or `4.2`");
        let edit = help.edit.unwrap();
        assert_eq!(
            (edit.replacement.as_str(), edit.part),
            ("\"4.20\"", FieldPart::Bytes { start: 9, end: 13 })
        );
    }

    #[test]
    fn invisible_line_breaks_are_found_each() {
        assert_eq!(
            codes("a: 1 # ok\u{85}b: 2\u{2028}\n"),
            ["control-character", "control-character"]
        );
    }

    #[test]
    fn an_empty_file_and_two_documents_are_refused() {
        assert_eq!(codes("# nothing\n"), ["yaml-syntax"]);
        assert_eq!(codes("a: 1\n---\nb: 1\n"), ["several-documents"]);
    }
}
