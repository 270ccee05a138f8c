//! The difference of two texts, line by line.
//!
//! Bounded by size, never by time: the same two texts give the same answer on every machine. What is too large to be
//! compared is counted instead. Control characters come out escaped, so that a file cannot talk to a terminal.

use std::fmt;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use pointer_diagnostics::report::escape_text;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// Texts longer than this, in bytes, are counted and not compared.
const MAX_BYTES: usize = 1 << 20;
/// Texts of more lines than this are counted and not compared: the time grows with the square of the lines that differ.
const MAX_LINES: usize = 20_000;

/// Differences between two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The places where they differ; none if they are equal.
    Hunks(Vec<Hunk>),
    /// They are too large to be compared, or no texts.
    Replaced {
        /// Lines of the old text.
        old: usize,
        /// Lines of the new text.
        new: usize,
    },
}

/// One place where two texts differ, with the lines around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// The first line in the old text, counted from 1; 0 if the old text is empty.
    pub old_start: usize,
    /// The first line in the new text, counted from 1; 0 if the new text is empty.
    pub new_start: usize,
    /// The lines, in the order in which they are shown.
    pub lines: Vec<Line>,
}

/// A line of a [`Hunk`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Text that the line is in.
    pub side: Side,
    /// Its text without the line feed; control characters are escaped.
    pub text: String,
    /// Set if it is the last line and lacks its line feed.
    pub unfinished: bool,
}

/// The two texts of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// In both.
    Both,
    /// In the old one only.
    Old,
    /// In the new one only.
    New,
}

/// Compares two texts.
pub fn difference(old: &[u8], new: &[u8]) -> Difference {
    let replaced = Difference::Replaced {
        old: count_lines(old),
        new: count_lines(new),
    };
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return replaced;
    };
    let large = |text: &str| text.len() > MAX_BYTES || count_lines(text.as_bytes()) > MAX_LINES;
    if large(old) || large(new) {
        return replaced;
    }
    let diff = TextDiff::from_lines(old, new);
    let hunks = diff.grouped_ops(CONTEXT).into_iter().map(|ops| {
        let lines: Vec<_> = ops.iter().flat_map(|op| diff.iter_changes(op)).collect();
        Hunk {
            old_start: lines
                .iter()
                .find_map(similar::Change::old_index)
                .map_or(0, |index| index + 1),
            new_start: lines
                .iter()
                .find_map(similar::Change::new_index)
                .map_or(0, |index| index + 1),
            lines: lines.iter().map(line).collect(),
        }
    });
    Difference::Hunks(hunks.collect())
}

impl fmt::Display for Difference {
    /// The unified format, without the two lines that name the files.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hunks(hunks) => hunks.iter().try_for_each(|hunk| hunk.fmt(f)),
            Self::Replaced { old, new } => writeln!(f, "{old} lines replaced by {new} lines"),
        }
    }
}

impl fmt::Display for Hunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |other: Side| self.lines.iter().filter(|line| line.side != other).count();
        writeln!(
            f,
            "@@ -{},{} +{},{} @@",
            self.old_start,
            count(Side::New),
            self.new_start,
            count(Side::Old)
        )?;
        self.lines.iter().try_for_each(|line| line.fmt(f))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.side {
            Side::Both => ' ',
            Side::Old => '-',
            Side::New => '+',
        };
        writeln!(f, "{mark}{}", self.text)?;
        if self.unfinished {
            writeln!(f, "\\ No newline at end of file")
        } else {
            Ok(())
        }
    }
}

fn line(change: &similar::Change<&str>) -> Line {
    let text = change.value();
    let side = match change.tag() {
        ChangeTag::Equal => Side::Both,
        ChangeTag::Delete => Side::Old,
        ChangeTag::Insert => Side::New,
    };
    let finished = text.strip_suffix('\n');
    Line {
        side,
        text: harmless(side, finished.unwrap_or(text)),
        unfinished: finished.is_none(),
    }
}

fn count_lines(text: &[u8]) -> usize {
    text.split_inclusive(|byte| *byte == b'\n').count()
}

/// Escapes a line. A line that both texts have is shown behind a space, which would let GitHub take it for a command.
fn harmless(side: Side, text: &str) -> String {
    let text = escape_text(text);
    let start = text.trim_start();
    if side == Side::Both && (start.starts_with("::") || start.starts_with("##[")) {
        return format!("\\{text}");
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(old: &str, new: &str) -> String {
        difference(old.as_bytes(), new.as_bytes()).to_string()
    }

    #[test]
    fn equal_texts_have_no_hunks() {
        assert_eq!(
            difference(b"a\nb\n", b"a\nb\n"),
            Difference::Hunks(Vec::new())
        );
    }

    #[test]
    fn shows_changes_with_three_lines_around_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = old.replace("5\n", "five\n");
        assert_eq!(
            show(old, &new),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn shows_new_and_old_files_whole() {
        assert_eq!(show("", "a\n"), "@@ -0,0 +1,1 @@\n+a\n");
        assert_eq!(show("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
    }

    #[test]
    fn names_a_missing_line_feed() {
        assert_eq!(
            show("a", "a\n"),
            "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"
        );
    }

    #[test]
    fn counts_what_is_too_large_or_no_text() {
        let long = "x\n".repeat(MAX_LINES + 1);
        assert_eq!(show("a\n", &long), "1 lines replaced by 20001 lines\n");
        assert_eq!(
            difference(b"\xff\n", b"a"),
            Difference::Replaced { old: 1, new: 1 }
        );
        let wide = "x".repeat(MAX_BYTES + 1);
        assert_eq!(
            difference(wide.as_bytes(), b""),
            Difference::Replaced { old: 1, new: 0 }
        );
    }

    #[test]
    fn escapes_what_a_terminal_or_github_would_obey() {
        assert!(show("", "\u{1b}]0;x\u{7}\n").contains("+\\u{1b}]0;x\\u{7}\n"));
        assert!(show("::error::x\n", "::error::x\ny\n").contains("\n \\::error::x\n"));
    }
}
