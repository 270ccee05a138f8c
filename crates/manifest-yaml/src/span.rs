//! The bytes of a field, looked up when a message is printed.

use std::ops::Range;

use super::limits::ReadLimits;
use super::node::{NodeData, TextRange, YamlNode};
use super::read::parse_documents;
use crate::pointer::{FieldPart, Pointer};

/// One document of a text, read once to look many fields up.
#[derive(Debug, Clone)]
pub struct Spans {
    root: Option<YamlNode>,
    /// The bytes of the text in which the document lies.
    document: Range<usize>,
}

/// Finds the bytes of a field's key or value in the first document of a text; see [`Spans::find`].
pub fn find_span(text: &str, pointer: &Pointer, part: FieldPart) -> Range<usize> {
    Spans::new(text).find(text, pointer, part)
}

impl Spans {
    /// Reads the first document of a text; one that cannot be read has no fields.
    pub fn new(text: &str) -> Self {
        Self::of_range(text, 0..text.len())
    }

    /// Reads a document of a manifest by its number from 0, counted as kustomize does: each line that starts with `---`, but for the
    /// first line of the text, begins another one.
    pub fn of_document(text: &str, number: usize) -> Self {
        let mut starts = vec![0];
        for (at, _) in text.match_indices("\n---") {
            let line_end = text[at + 1..].find('\n').map_or(text.len(), |i| at + 2 + i);
            starts.push(line_end);
        }
        let start = starts.get(number).copied().unwrap_or(text.len());
        let rest = &text[start..];
        let length = rest.find("\n---").map_or(rest.len(), |i| i + 1);
        Self::of_range(text, start..start + length)
    }

    fn of_range(text: &str, document: Range<usize>) -> Self {
        let documents = parse_documents(&text[document.clone()], &ReadLimits::MANIFEST)
            .map(|parsed| parsed.documents)
            .unwrap_or_default();
        Self {
            root: documents.into_iter().next(),
            document,
        }
    }

    /// Finds the bytes of a field's key or value. For a field that was not written: the nearest key above that was. Text that cannot be read
    /// has its first bytes as the place of everything. `text` is the one that was read.
    pub fn find(&self, text: &str, pointer: &Pointer, part: FieldPart) -> Range<usize> {
        if let FieldPart::Bytes { start, end } = part {
            return on_characters(text, start, end);
        }
        let (start, piece) = (self.document.start, text.get(self.document.clone()));
        let (Some(root), Some(piece)) = (&self.root, piece) else {
            return first_line(text);
        };
        let found = find_range(root, pointer, part).bytes();
        let trimmed = piece
            .get(found.clone())
            .map_or(found.len(), |t| t.trim_end().len());
        on_characters(text, start + found.start, start + found.start + trimmed)
    }
}

fn find_range(root: &YamlNode, pointer: &Pointer, part: FieldPart) -> TextRange {
    let (mut node, mut key) = (root, None);
    for token in pointer.tokens() {
        let next = match &node.data {
            NodeData::Mapping { entries, .. } => entries
                .iter()
                .find(|(k, _)| k.text() == Some(&token))
                .map(|(k, v)| (v, Some(k.span))),
            NodeData::Sequence { items, .. } => token
                .parse()
                .ok()
                .and_then(|i: usize| items.get(i))
                .map(|v| (v, None)),
            NodeData::Scalar { .. } => None,
        };
        match next {
            Some((value, name)) => {
                node = value;
                key = name
                    .or(Some(TextRange {
                        end: value.span.end,
                        ..value.span
                    }))
                    .filter(|r| !r.is_empty())
                    .or(key);
            }
            None => return key.unwrap_or_else(|| first_key(root)),
        }
    }
    match (part, key) {
        (FieldPart::Value, _) if !node.span.is_empty() => node.span,
        (_, Some(key)) => key,
        _ => first_key(root),
    }
}

fn first_key(root: &YamlNode) -> TextRange {
    root.entries()
        .and_then(|e| e.first())
        .map_or(root.span, |(key, _)| key.span)
}

fn first_line(text: &str) -> Range<usize> {
    0..text.find(['\n', '\r']).unwrap_or(text.len())
}

/// Moves the ends to the nearest character boundaries inside the text.
fn on_characters(text: &str, start: usize, end: usize) -> Range<usize> {
    let boundary = |at: usize| {
        (0..=at.min(text.len()))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(0)
    };
    let start = boundary(start);
    start..boundary(end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# sites\nspec:\n  pools:\n    acp: {arch: amd64}\n  list:\n  - a\n  - b: |\n      x\n";

    fn at(pointer: &str, part: FieldPart) -> &'static str {
        &TEXT[find_span(TEXT, &Pointer::parse(pointer), part)]
    }

    #[test]
    fn keys_and_values_are_found() {
        assert_eq!(at("/spec/pools/acp/arch", FieldPart::Value), "amd64");
        assert_eq!(at("/spec/pools/acp/arch", FieldPart::Key), "arch");
        assert_eq!(at("/spec/list/0", FieldPart::Value), "a");
        assert_eq!(at("/spec/pools", FieldPart::Value), "acp: {arch: amd64}");
    }

    #[test]
    fn a_missing_field_is_shown_at_the_nearest_key_above() {
        assert_eq!(at("/spec/pools/acp/nodes/x", FieldPart::Value), "acp");
        assert_eq!(at("/spec/missing", FieldPart::Key), "spec");
        assert_eq!(at("/missing", FieldPart::Value), "spec");
    }

    #[test]
    fn documents_are_counted_as_kustomize_counts_them() {
        let text = "# first\na: 1\n---\n---\n# third\na: é\n--- # comment\na: 4\n";
        let value = |number: usize| {
            let spans = Spans::of_document(text, number);
            &text[spans.find(text, &Pointer::parse("/a"), FieldPart::Value)]
        };
        assert_eq!((value(0), value(2), value(3)), ("1", "é", "4"));
        let beyond = Spans::of_document(text, 9);
        assert_eq!(
            beyond.find(text, &Pointer::parse("/a"), FieldPart::Value),
            0..7
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in [
            "",
            "\u{fffd}",
            "a: [",
            "é",
            "\u{feff}a: é",
            "a: b: c",
            "- - - \n\t",
            "*x",
            "\r\n",
        ] {
            for part in [
                FieldPart::Key,
                FieldPart::Value,
                FieldPart::Bytes { start: 1, end: 900 },
            ] {
                let range = find_span(text, &Pointer::parse("/a/0/b"), part);
                assert!(text.get(range).is_some(), "{text:?}");
            }
        }
    }
}
