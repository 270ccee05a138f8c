//! Scalars, and collections in braces or brackets that end on their line.

use super::Reader;
use crate::node::{NodeData, ScalarStyle, YamlNode};

impl Reader<'_> {
    /// Checks for a character that can begin a plain scalar, in braces as well as outside.
    pub(super) fn starts_plain(&self, at: usize) -> bool {
        match self.byte(at) {
            Some(
                b'A'..=b'Z'
                | b'a'..=b'z'
                | b'0'..=b'9'
                | b'/'
                | b'.'
                | b'_'
                | b'~'
                | b'$'
                | b'('
                | b'<'
                | b'='
                | b'+'
                | b'^'
                | b'\\',
            ) => true,
            Some(b'-') => matches!(
                self.byte(at + 1),
                Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')
            ),
            _ => false,
        }
    }

    /// Reads a plain scalar up to the end of the line or a comment.
    pub(super) fn plain(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        if !self.starts_plain(start) {
            return None;
        }
        let mut end = start;
        while let Some(byte) = self.byte(end) {
            match byte {
                b'\n' => break,
                b'\t' => return None,
                b':' if self.is_blank(end + 1) => return None,
                b'#' if self.bytes[end - 1] == b' ' => break,
                _ => end += 1,
            }
        }
        let text = self.text[start..end].trim_end_matches(' ');
        let end = start + text.len();
        Some((self.text_node(text, ScalarStyle::Plain, start, end)?, end))
    }

    /// Returns the offset of the quote that ends a quoted scalar on its line.
    pub(super) fn closing_quote(&self, start: usize, quote: u8) -> Option<usize> {
        let mut at = start + 1;
        loop {
            match self.byte(at)? {
                b'\n' | b'\t' => return None,
                b'\\' if quote == b'"' => at += 2,
                byte if byte == quote && quote == b'\'' && self.byte(at + 1) == Some(b'\'') => {
                    at += 2;
                }
                byte if byte == quote => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// Reads a quoted scalar; returns it and the offset after it.
    pub(super) fn quoted(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        let quote = self.byte(start)?;
        let close = self.closing_quote(start, quote)?;
        let inner = &self.text[start + 1..close];
        let node = match quote {
            b'\'' if inner.contains("''") => self.text_node(
                inner.replace("''", "'"),
                ScalarStyle::Single,
                start,
                close + 1,
            )?,
            b'\'' => self.text_node(inner, ScalarStyle::Single, start, close + 1)?,
            _ if inner.contains('\\') => self.text_node(
                unescape_quoted(inner)?,
                ScalarStyle::Double,
                start,
                close + 1,
            )?,
            _ => self.text_node(inner, ScalarStyle::Double, start, close + 1)?,
        };
        Some((node, close + 1))
    }

    /// Reads `|`, `|-` or `|+`, and the lines after it.
    pub(super) fn literal(&mut self, start: usize, column: usize) -> Option<YamlNode> {
        let header = self.text[start..self.line_end(start)].trim_end_matches(' ');
        if !matches!(header, "|" | "|-" | "|+") {
            return None;
        }
        let first = self.line_end(start) + 1;
        let content = self.skip_spaces(first.min(self.bytes.len()));
        let indent = content.checked_sub(first)?;
        // Empty ones, and those that begin with a blank line, are for the full reader.
        if indent <= column || matches!(self.byte(content), None | Some(b'\n' | b'\t')) {
            return None;
        }
        let (mut text, mut at, mut blank) = (String::new(), first, 0);
        loop {
            if at >= self.bytes.len() {
                break;
            }
            let from = self.skip_spaces(at);
            let line_end = self.line_end(from);
            if from == line_end && from - at <= indent {
                blank += 1;
            } else if from - at < indent {
                break;
            } else {
                text.extend(std::iter::repeat_n('\n', blank));
                blank = 0;
                text.push_str(&self.text[at + indent..line_end]);
                text.push('\n');
            }
            // A last line without a line break, and blanks at the end of the file, are for the full reader.
            if line_end >= self.bytes.len() {
                return None;
            }
            at = line_end + 1;
        }
        match header {
            "|-" => _ = text.pop(),
            "|+" => text.extend(std::iter::repeat_n('\n', blank)),
            _ => {}
        }
        self.at = at;
        self.find_line()?;
        if !self.is_done() && self.indent > column {
            return None;
        }
        // To the full reader, blank lines and the indentation after the text belong to it.
        let end = self.skip_spaces(at);
        self.text_node(text, ScalarStyle::Literal, content, end)
    }

    /// Reads a collection in braces or brackets that ends on its line; returns it and the offset after it.
    pub(super) fn flow(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        self.depth = self.depth.checked_sub(1)?;
        let found = if self.byte(start) == Some(b'[') {
            self.flow_sequence(start)
        } else {
            self.flow_mapping(start)
        };
        self.depth += 1;
        found
    }

    fn flow_sequence(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        let mut items = Vec::new();
        let mut at = self.skip_spaces(start + 1);
        while self.byte(at)? != b']' {
            let (item, end) = self.flow_value(at)?;
            items.push(item);
            at = self.next_in_flow(end, b']')?;
        }
        Some((
            self.node(NodeData::Sequence { items, flow: true }, start, at + 1)?,
            at + 1,
        ))
    }

    fn flow_mapping(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        let mut entries = Vec::new();
        let mut at = self.skip_spaces(start + 1);
        while self.byte(at)? != b'}' {
            let (key, end) = match self.byte(at)? {
                b'\'' | b'"' => self.quoted(at)?,
                _ => self.flow_plain(at)?,
            };
            let colon = self.skip_spaces(end);
            if colon != end || self.byte(colon) != Some(b':') || self.byte(colon + 1) != Some(b' ')
            {
                return None;
            }
            let value = self.skip_spaces(colon + 1);
            let (value, end) = self.flow_value(value)?;
            entries.push((key, value));
            at = self.next_in_flow(end, b'}')?;
        }
        Some((
            self.node(
                NodeData::Mapping {
                    entries,
                    flow: true,
                },
                start,
                at + 1,
            )?,
            at + 1,
        ))
    }

    /// Returns the offset of the next element, or of the bracket that ends the collection.
    fn next_in_flow(&self, from: usize, close: u8) -> Option<usize> {
        let at = self.skip_spaces(from);
        match self.byte(at)? {
            b',' => {
                let next = self.skip_spaces(at + 1);
                // `[a,]` and `[a,,b]` are for the full reader.
                (!matches!(self.byte(next)?, b',' | b']' | b'}' | b'\n' | b'#')).then_some(next)
            }
            byte if byte == close => Some(at),
            _ => None,
        }
    }

    fn flow_value(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        match self.byte(start)? {
            b'{' | b'[' => self.flow(start),
            b'\'' | b'"' => self.quoted(start),
            _ => self.flow_plain(start),
        }
    }

    /// Reads a plain scalar in braces or brackets.
    fn flow_plain(&mut self, start: usize) -> Option<(YamlNode, usize)> {
        if !self.starts_plain(start) {
            return None;
        }
        let mut end = start;
        loop {
            match self.byte(end)? {
                b',' | b']' | b'}' => break,
                b':' if self.byte(end + 1) == Some(b' ') => break,
                b':' if !matches!(
                    self.byte(end + 1),
                    Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/')
                ) =>
                {
                    return None;
                }
                b'\n' | b'\t' | b'#' | b'[' | b'{' | b'"' | b'\'' | b'?' => return None,
                _ => end += 1,
            }
        }
        let text = self.text[start..end].trim_end_matches(' ');
        let end = start + text.len();
        Some((self.text_node(text, ScalarStyle::Plain, start, end)?, end))
    }
}

/// Resolves the usual escapes of a double-quoted scalar.
fn unescape_quoted(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                c @ ('"' | '\\' | '/') => c,
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}
