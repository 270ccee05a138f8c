//! Strings: which notation each needs, and how it is written.

use std::fmt::Write as _;

use crate::ambiguity::could_be_other_than_text;
use crate::{Dialect, ResolvedScalar, ScalarStyle, resolve_scalar};

/// The column after which a line is broken at the next space.
const WIDTH: usize = 80;

/// The readers that quotes protect from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Exactly what kustomize prints.
    Kustomize,
    /// Quotes wherever any YAML reader could see something else than the text.
    Portable,
}

/// The position of a string, on which its notation depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPlace {
    /// A value of a mapping or an element.
    Value,
    /// A document of its own.
    Document,
    /// `key:`
    SimpleKey,
    /// `? key`
    LongKey,
}

/// The notation of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Plain,
    Single,
    Double,
    Literal,
}

/// The cursor before a string, and the folding of long lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStart {
    pub(super) column: usize,
    pub(super) indent: usize,
    pub(super) folding: LineFolding,
}

/// The treatment of lines past column 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineFolding {
    /// They are broken at a space.
    AtSpaces,
    /// They stay: a key is on one line.
    Never,
}

/// Checks that a key fits before a colon on one line.
pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= 128 && !key.chars().any(is_break)
}

/// Chooses the notation.
pub(super) fn choose_notation(text: &str, place: TextPlace, spelling: Spelling) -> Notation {
    if is_plain_word(text) {
        return Notation::Plain;
    }
    // One line of printable ASCII, as most texts are: it has no breaks and needs no escapes.
    let is_usual = text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let needs_escapes = !is_usual && needs_escapes(text, spelling);
    if text.contains('\n') {
        let literal = !needs_escapes
            && !text.ends_with(' ')
            && !has_pair(text, |a, b| a == ' ' && is_break(b))
            && matches!(place, TextPlace::Value | TextPlace::LongKey);
        return if literal {
            Notation::Literal
        } else {
            Notation::Double
        };
    }
    let is_text =
        resolve_scalar(text, Dialect::Configuration) == ResolvedScalar::Text && !is_base_60(text);
    let could_be_other = spelling == Spelling::Portable && could_be_other_than_text(text);
    let has_space_at_break = !is_usual
        && has_pair(text, |a, b| {
            (a == ' ' && is_break(b)) || (is_break(a) && b == ' ')
        });
    if !is_text || could_be_other || needs_escapes || has_space_at_break {
        return Notation::Double;
    }
    let has_edge_space = text.starts_with(' ') || text.ends_with(' ');
    if has_indicators(text) || has_edge_space || text.contains(is_break) {
        return Notation::Single;
    }
    Notation::Plain
}

/// Checks for a word that every reader takes for text: the common case, without a closer look.
fn is_plain_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|b| WORD[usize::from(*b)])
        && (bytes.len() > 5 || resolve_scalar(text, Dialect::Configuration) == ResolvedScalar::Text)
}

/// The bytes that words are made of.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        word[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        byte += 1;
    }
    word
};

/// Appends spaces.
pub(super) fn write_indentation(out: &mut String, columns: usize) {
    const SPACES: &str = "                                                                ";
    match SPACES.get(..columns) {
        Some(spaces) => out.push_str(spaces),
        None => out.extend(std::iter::repeat_n(' ', columns)),
    }
}

/// Chooses the notation in which Go's libraries write a text.
pub fn choose_text_style(text: &str) -> ScalarStyle {
    match choose_notation(text, TextPlace::Value, Spelling::Kustomize) {
        Notation::Plain => ScalarStyle::Plain,
        Notation::Single => ScalarStyle::Single,
        Notation::Double => ScalarStyle::Double,
        Notation::Literal => ScalarStyle::Literal,
    }
}

/// Matches sexagesimal numbers (`12:30:45`), which kustomize quotes although it reads them as text.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned
        .split_once('.')
        .map_or((unsigned, None), |(w, f)| (w, Some(f)));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let digit = |c: char| c.is_ascii_digit() || c == '_';
    let sixty = |part: &str| match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => matches!(ten, b'0'..=b'5') && one.is_ascii_digit(),
        _ => false,
    };
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(digit)
        && parts.all(sixty)
        && fraction.is_none_or(|f| f.chars().all(digit))
}

/// Checks for characters that only a double-quoted string can hold.
fn needs_escapes(text: &str, spelling: Spelling) -> bool {
    // To Go, line and paragraph separators are printable line breaks.
    let is_go_break =
        |c: char| spelling == Spelling::Kustomize && matches!(c, '\u{2028}' | '\u{2029}');
    !text.chars().all(|c| is_printable(c) || is_go_break(c))
}

/// Checks for two neighbouring characters of a kind.
fn has_pair(text: &str, matches: impl Fn(char, char) -> bool) -> bool {
    text.chars()
        .zip(text.chars().skip(1))
        .any(|(a, b)| matches(a, b))
}

fn has_indicators(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blank_at = |i: usize| matches!(bytes.get(i), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
    let first = match bytes.first() {
        Some(first) if b"#,[]{}&*!|>'\"%@`".contains(first) => true,
        Some(b'?' | b':' | b'-') => blank_at(1),
        _ => false,
    };
    let inner = || {
        (1..bytes.len()).any(|i| match bytes[i] {
            b':' => blank_at(i + 1),
            b'#' => blank_at(i - 1),
            _ => false,
        })
    };
    first || text.starts_with("---") || text.starts_with("...") || inner()
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Checks for characters that are written as they are. Line and paragraph separators are printable to Go but break lines to some readers.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
        && !matches!(c, '\u{FEFF}' | '\u{2028}' | '\u{2029}')
}

/// Writes characters and counts columns.
struct Pen<'o> {
    out: &'o mut String,
    column: usize,
    indent: usize,
}

impl Pen<'_> {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.indentation();
    }

    fn indentation(&mut self) {
        write_indentation(self.out, self.indent);
        self.column = self.indent;
    }
}

/// Writes a string without quotes.
pub(super) fn write_plain(out: &mut String, text: &str, start: TextStart) {
    let mut pen = Pen {
        out,
        column: start.column,
        indent: start.indent,
    };
    put_folded(&mut pen, text, start.folding, 0..text.len(), |pen, c| {
        pen.put(c);
    });
}

/// Writes a string in single quotes.
pub(super) fn write_single_quoted(out: &mut String, text: &str, start: TextStart) {
    let mut pen = Pen {
        out,
        column: start.column,
        indent: start.indent,
    };
    pen.put('\'');
    let mut breaks = false;
    put_folded(
        &mut pen,
        text,
        start.folding,
        1..text.len().saturating_sub(1),
        |pen, c| {
            if is_break(c) {
                pen.out.push(c);
                pen.column = 0;
            } else if breaks {
                pen.indentation();
            }
            if c == '\'' {
                pen.put(c);
            }
            if !is_break(c) {
                pen.put(c);
            }
            breaks = is_break(c);
        },
    );
    pen.put('\'');
}

/// Breaks a long line at single spaces between the given offsets.
fn put_folded(
    pen: &mut Pen<'_>,
    text: &str,
    folding: LineFolding,
    within: std::ops::Range<usize>,
    mut put: impl FnMut(&mut Pen<'_>, char),
) {
    let bytes = text.as_bytes();
    let mut spaces = false;
    for (at, c) in text.char_indices() {
        if c == ' ' {
            let alone = !spaces && bytes.get(at + 1) != Some(&b' ');
            if folding == LineFolding::AtSpaces
                && alone
                && pen.column > WIDTH
                && within.contains(&at)
            {
                pen.newline();
            } else {
                pen.put(c);
            }
            spaces = true;
        } else {
            put(pen, c);
            spaces = false;
        }
    }
}

/// Writes a string in double quotes.
pub(super) fn write_double_quoted(out: &mut String, text: &str, start: TextStart) {
    let mut pen = Pen {
        out,
        column: start.column,
        indent: start.indent,
    };
    // Go takes a byte order mark at the beginning for one at every place.
    let escape_all = text.starts_with('\u{FEFF}');
    let mut spaces = false;
    pen.put('"');
    for (at, c) in text.char_indices() {
        if c == ' ' && !escape_all {
            if start.folding == LineFolding::AtSpaces
                && !spaces
                && pen.column > WIDTH
                && at > 0
                && at + 1 < text.len()
            {
                pen.newline();
                if text.as_bytes().get(at + 1) == Some(&b' ') {
                    pen.put('\\');
                }
            } else {
                pen.put(c);
            }
            spaces = true;
        } else {
            if escape_all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                put_escaped(&mut pen, c);
            } else {
                pen.put(c);
            }
            spaces = false;
        }
    }
    pen.put('"');
}

fn put_escaped(pen: &mut Pen<'_>, c: char) {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{B}' => 'v',
        '\u{C}' => 'f',
        '\r' => 'r',
        '\u{1B}' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{A0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(c);
            let mut long = String::new();
            let written = match code {
                0..=0xFF => write!(long, "\\x{code:02X}"),
                0x100..=0xFFFF => write!(long, "\\u{code:04X}"),
                _ => write!(long, "\\U{code:08X}"),
            };
            debug_assert!(written.is_ok());
            long.chars().for_each(|c| pen.put(c));
            return;
        }
    };
    pen.put('\\');
    pen.put(short);
}

/// Writes a literal block (`|`).
pub(super) fn write_literal(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        out.push('2');
    }
    let mut from_end = text.chars().rev();
    match (from_end.next().is_some_and(is_break), from_end.next()) {
        (false, _) => out.push('-'),
        (true, before) if before.is_none_or(is_break) => out.push('+'),
        (true, _) => {}
    }
    out.push('\n');
    let mut breaks = true;
    for c in text.chars() {
        if breaks && !is_break(c) {
            write_indentation(out, indent);
        }
        out.push(c);
        breaks = is_break(c);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{write_as_kustomize, write_document};

    #[test]
    fn strings_are_quoted_where_a_reader_would_see_something_else() {
        for (text, expected) in [
            ("yes", "\"yes\""),
            ("1_000", "\"1_000\""),
            ("12:30:45", "\"12:30:45\""),
            ("2024-02-30", "\"2024-02-30\""),
            ("=", "\"=\""),
            ("", "\"\""),
            ("a: b", "'a: b'"),
            ("#x", "'#x'"),
            ("it's", "it's"),
            ("a\tb", "\"a\\tb\""),
            ("plain text", "plain text"),
            ("1Gi", "1Gi"),
            ("\u{1F600}", "\"\\U0001F600\""),
        ] {
            assert_eq!(
                write_document(&json!({"a": text})),
                format!("a: {expected}\n")
            );
        }
        assert_eq!(
            write_as_kustomize(&json!({"a": "=", "b": "2024-02-30"})),
            "a: =\nb: 2024-02-30\n"
        );
    }

    #[test]
    fn multi_line_text_is_literal_with_the_header_that_it_needs() {
        let value = json!({"a": "x\ny\n", "b": "x\ny", "c": "x\n\n", "d": " x\ny\n", "e": "\n", "f": "x \ny"});
        let expected = "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n  y\ne: |2+\n\nf: \"x \\ny\"\n";
        assert_eq!(write_document(&value), expected);
    }

    #[test]
    fn collections_are_laid_out_as_kustomize_lays_them_out() {
        let value = json!({"a": [{"b": 1, "c": [[1, 2], []]}, {}, "x"], "d": {"e": null}});
        let expected = "a:\n- b: 1\n  c:\n  - - 1\n    - 2\n  - []\n- {}\n- x\nd:\n  e: null\n";
        assert_eq!(write_document(&value), expected);
    }

    #[test]
    fn long_lines_are_folded_at_spaces_after_column_80() {
        let long = "word ".repeat(20);
        let written = write_document(&json!({"a": long.trim_end()}));
        assert_eq!(
            written,
            format!(
                "a: {}word\n  {}word\n",
                "word ".repeat(15),
                "word ".repeat(3)
            )
        );
    }
}
