//! The text of every file that was read, and the lookup of a [`Label`] in it.
//!
//! Comes in: paths and texts from `load`. Goes out: byte ranges, lines and columns for `report`. The model carries no positions; they are
//! looked up here, when something is printed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::{FieldPart, Label, Origin};
use manifest_yaml as yaml;

/// The files that were read, by path from the root of the repository, with `/`.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: BTreeMap<Arc<str>, Arc<SourceText>>,
}

#[derive(Debug)]
struct SourceText {
    text: Arc<str>,
    /// The first document, read when the first field of it is looked up.
    spans: OnceLock<yaml::Spans>,
}

/// A place in a file as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Sources {
    /// Makes an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces its text.
    pub fn insert(&mut self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) {
        self.files.insert(
            path.into(),
            Arc::new(SourceText {
                text: text.into(),
                spans: OnceLock::new(),
            }),
        );
    }

    /// Returns the text of a file; `None` if it was not read.
    pub fn text(&self, path: &str) -> Option<&Arc<str>> {
        self.files.get(path).map(|file| &file.text)
    }

    /// Returns all files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.files.iter().map(|(path, file)| (path, &file.text))
    }

    /// Adds all files of another collection.
    pub fn append(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
    }

    /// Returns the bytes that a label marks: always inside the text and on character boundaries. Empty at the start of a file that was not read.
    pub fn span(&self, label: &Label) -> Range<usize> {
        self.bytes(&label.origin, label.part)
    }

    /// Returns the bytes of a field or of a part of it. For a field that is missing: the nearest key above it that is written.
    pub fn bytes(&self, origin: &Origin, part: FieldPart) -> Range<usize> {
        let Some(file) = self.files.get(&origin.file) else {
            return 0..0;
        };
        let text = file.text.as_ref();
        let found = match part {
            FieldPart::Bytes { start, end } => start..end,
            FieldPart::Key | FieldPart::Value if origin.document == 0 => file
                .spans
                .get_or_init(|| yaml::Spans::of_document(text, 0))
                .find(text, &origin.pointer, part),
            FieldPart::Key | FieldPart::Value => {
                yaml::Spans::of_document(text, origin.document).find(text, &origin.pointer, part)
            }
        };
        let start = boundary_below(text, found.start);
        start..boundary_below(text, found.end).max(start)
    }

    /// Returns the line and column of a byte of a file; the first ones if it was not read.
    pub fn position(&self, path: &str, byte: usize) -> Position {
        self.text(path)
            .map_or(Position { line: 1, column: 1 }, |text| {
                find_position(text, byte)
            })
    }
}

/// Returns the line and column of a byte.
pub(crate) fn find_position(text: &str, byte: usize) -> Position {
    let before = &text[..boundary_below(text, byte)];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    Position {
        line: 1 + before.matches('\n').count(),
        column: 1 + before[line_start..].chars().count(),
    }
}

/// Returns the nearest character boundary at or below `byte` that is inside the text.
fn boundary_below(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pointer;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::new();
        sources.insert("a.yaml", text);
        sources
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(
            find_position("ä: ö\nü: x", 9),
            Position { line: 2, column: 2 }
        );
        assert_eq!(find_position("ä: ö", 6), Position { line: 1, column: 5 });
    }

    #[test]
    fn a_byte_inside_a_character_or_behind_the_end_is_moved_back() {
        assert_eq!(find_position("äö", 1), Position { line: 1, column: 1 });
        assert_eq!(find_position("äö", 99), Position { line: 1, column: 3 });
        let label = Label {
            origin: Origin::file("a.yaml"),
            part: FieldPart::Bytes { start: 1, end: 999 },
            text: String::new(),
        };
        assert_eq!(sources("äö").span(&label), 0..4);
    }

    #[test]
    fn a_reversed_range_becomes_empty() {
        let origin = Origin::file("a.yaml");
        assert_eq!(
            sources("abcdef").bytes(&origin, FieldPart::Bytes { start: 4, end: 2 }),
            4..4
        );
    }

    #[test]
    fn a_file_that_was_not_read_has_an_empty_span() {
        let origin = Origin {
            file: Arc::from("b.yaml"),
            document: 0,
            pointer: Pointer::root().at("x"),
        };
        assert_eq!(sources("a: 1").bytes(&origin, FieldPart::Value), 0..0);
    }
}
