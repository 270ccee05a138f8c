//! The part of YAML that nearly every manifest keeps to, read in one pass.
//!
//! Block mappings and sequences, scalars on one line, literal blocks, collections in braces on one line. Whatever else a text
//! contains (or gets wrong), [`read_quickly`] gives up and the full reader decides: what is read here is read exactly as it reads it, which a
//! test holds both to.

mod inline;

use std::sync::Arc;

use super::limits::ReadLimits;
use super::node::{NodeData, ScalarStyle, TextRange, YamlNode};

/// Reads the only document of a text. `None`: the full reader must look at it.
pub(super) fn read_quickly(text: &str, limits: &ReadLimits) -> Option<YamlNode> {
    // Without an early end, so that many bytes are looked at at once.
    let usual = text.bytes().fold(true, |usual, b| {
        usual & matches!(b, b' '..=b'~' | b'\n' | b'\t')
    });
    if text.len() > limits.bytes || !usual {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        indent: 0,
        depth: limits.depth,
        nodes: limits.nodes,
    };
    if text.starts_with("---\n") {
        reader.at = 4;
    }
    reader.find_line()?;
    if reader.is_done() {
        return None;
    }
    let root = reader.block(reader.indent)?;
    reader.is_done().then_some(root)
}

/// The cursor. Between values it stands on the first character of a line, after its indentation.
struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// The column of the cursor's line at which its content starts.
    indent: usize,
    /// Levels that may still be opened.
    depth: usize,
    /// Values that may still be read.
    nodes: usize,
}

impl Reader<'_> {
    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Checks for a blank, a line break or the end.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    /// Returns the offset of the next line break, or of the end.
    fn line_end(&self, from: usize) -> usize {
        self.bytes[from..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(self.bytes.len(), |length| from + length)
    }

    fn skip_spaces(&self, from: usize) -> usize {
        self.bytes[from..]
            .iter()
            .position(|b| *b != b' ')
            .map_or(self.bytes.len(), |length| from + length)
    }

    /// Moves from the beginning of a line to the next content; lines without any are skipped.
    fn find_line(&mut self) -> Option<()> {
        loop {
            let content = self.skip_spaces(self.at);
            match self.byte(content) {
                None => {
                    (self.at, self.indent) = (content, 0);
                    return Some(());
                }
                Some(b'\n') => self.at = content + 1,
                Some(b'#') => self.at = (self.line_end(content) + 1).min(self.bytes.len()),
                Some(b'\t') => return None,
                Some(b'%') if content == self.at => return None,
                Some(b'-' | b'.') if content == self.at && is_marker(&self.bytes[content..]) => {
                    return None;
                }
                Some(_) => {
                    (self.indent, self.at) = (content - self.at, content);
                    return Some(());
                }
            }
        }
    }

    /// Moves to the next line; nothing but a comment may follow on this one.
    fn finish_line(&mut self, from: usize) -> Option<()> {
        let end = self.skip_spaces(from);
        match self.byte(end) {
            None => {
                (self.at, self.indent) = (end, 0);
                Some(())
            }
            Some(b'\n') => {
                self.at = end + 1;
                self.find_line()
            }
            Some(b'#') if end > from => {
                self.at = (self.line_end(end) + 1).min(self.bytes.len());
                self.find_line()
            }
            Some(_) => None,
        }
    }

    /// Checks that the cursor is on a line of its own with this indentation.
    fn is_at(&self, indent: usize) -> bool {
        !self.is_done() && self.indent == indent
    }

    fn starts_item(&self) -> bool {
        self.byte(self.at) == Some(b'-') && self.is_blank(self.at + 1)
    }

    fn node(&mut self, data: NodeData, start: usize, end: usize) -> Option<YamlNode> {
        self.nodes = self.nodes.checked_sub(1)?;
        Some(YamlNode {
            data,
            tag: None,
            span: TextRange::new(start, end),
        })
    }

    fn text_node(
        &mut self,
        text: impl Into<Arc<str>>,
        style: ScalarStyle,
        start: usize,
        end: usize,
    ) -> Option<YamlNode> {
        self.node(
            NodeData::Scalar {
                text: text.into(),
                style,
            },
            start,
            end,
        )
    }

    /// Reads a collection whose content starts at the cursor, at a column.
    fn block(&mut self, column: usize) -> Option<YamlNode> {
        self.depth = self.depth.checked_sub(1)?;
        let node = if self.starts_item() {
            self.sequence(column, self.at)
        } else {
            self.mapping(column)
        };
        self.depth += 1;
        node
    }

    /// Reads the elements whose dashes are at a column, as a sequence that starts at an offset.
    fn sequence(&mut self, column: usize, start: usize) -> Option<YamlNode> {
        let items = self.items(column)?;
        let end = items.last().map_or(start, |item| item.span.end as usize);
        self.node(
            NodeData::Sequence { items, flow: false },
            start,
            end.max(start),
        )
    }

    /// Reads a sequence that is not indented more than its key. To the full reader it starts after the first dash.
    fn level_sequence(&mut self, column: usize) -> Option<YamlNode> {
        let content = self.skip_spaces(self.at + 1);
        if self.byte(content)? == b'#' || (self.byte(content)? == b'\n' && content > self.at + 1) {
            return None;
        }
        self.depth = self.depth.checked_sub(1)?;
        let node = self.sequence(column, content);
        self.depth += 1;
        node
    }

    fn items(&mut self, column: usize) -> Option<Vec<YamlNode>> {
        let mut items: Vec<YamlNode> = Vec::new();
        loop {
            items.push(self.item(column)?);
            if self.is_done() || self.indent < column {
                break;
            }
            if self.indent > column {
                return None;
            }
            if !self.starts_item() {
                break;
            }
        }
        Some(items)
    }

    /// Reads an element; the cursor is on its dash.
    fn item(&mut self, column: usize) -> Option<YamlNode> {
        let dash = self.at;
        let content = self.skip_spaces(dash + 1);
        match self.byte(content) {
            None | Some(b'\n' | b'#') => {
                self.finish_line(dash + 1)?;
                if !self.is_done() && self.indent > column {
                    return self.block(self.indent);
                }
                if content > dash + 1 || self.is_done() {
                    return None;
                }
                self.text_node("", ScalarStyle::Plain, dash + 1, dash + 1)
            }
            Some(_) => {
                let inner = column + (content - dash);
                self.at = content;
                if self.starts_item() || self.key_end(content).is_some() {
                    return self.block(inner);
                }
                self.inline(content, column)
            }
        }
    }

    fn mapping(&mut self, column: usize) -> Option<YamlNode> {
        let start = self.at;
        let mut entries: Vec<(YamlNode, YamlNode)> = Vec::new();
        loop {
            let key_start = self.at;
            let key_end = self.key_end(key_start)?;
            let key = self.key(key_start, key_end)?;
            let value = self.field(key_end, column)?;
            entries.push((key, value));
            if self.is_done() || self.indent < column {
                break;
            }
            if self.indent > column || self.starts_item() {
                return None;
            }
        }
        let end = entries
            .last()
            .map_or(start, |(_, value)| value.span.end as usize);
        self.node(
            NodeData::Mapping {
                entries,
                flow: false,
            },
            start,
            end.max(start),
        )
    }

    /// Returns the offset of the colon after the key that starts here.
    fn key_end(&self, start: usize) -> Option<usize> {
        match self.byte(start)? {
            quote @ (b'\'' | b'"') => {
                let close = self.closing_quote(start, quote)?;
                let colon = self.skip_spaces(close + 1);
                return (self.byte(colon) == Some(b':') && self.is_blank(colon + 1))
                    .then_some(colon);
            }
            _ if !self.starts_plain(start) => return None,
            _ => {}
        }
        let mut end = start;
        loop {
            match self.byte(end)? {
                b':' if self.is_blank(end + 1) => break,
                b'\n' | b'\t' => return None,
                b'#' if self.bytes[end - 1] == b' ' => return None,
                _ => end += 1,
            }
        }
        // The full reader takes no longer ones for keys.
        (end - start <= 1000).then_some(end)
    }

    fn key(&mut self, start: usize, colon: usize) -> Option<YamlNode> {
        if matches!(self.byte(start), Some(b'\'' | b'"')) {
            return self.quoted(start).map(|(node, _)| node);
        }
        let text = self.text[start..colon].trim_end_matches(' ');
        self.text_node(text, ScalarStyle::Plain, start, start + text.len())
    }

    /// Reads the value of a field of the mapping at a column; the offset is that of the colon.
    fn field(&mut self, colon: usize, column: usize) -> Option<YamlNode> {
        let content = self.skip_spaces(colon + 1);
        if !matches!(self.byte(content), None | Some(b'\n' | b'#')) {
            return self.inline(content, column);
        }
        self.finish_line(colon + 1)?;
        if self.is_at(column) && self.starts_item() {
            return self.level_sequence(column);
        }
        if !self.is_done() && self.indent > column {
            return self.block(self.indent);
        }
        self.text_node("", ScalarStyle::Plain, colon, colon)
    }

    /// Reads a value that starts on the line of its key or dash, inside a collection at a column. The cursor moves to the next line.
    fn inline(&mut self, start: usize, column: usize) -> Option<YamlNode> {
        let (node, end) = match self.byte(start)? {
            b'\'' | b'"' => self.quoted(start)?,
            b'{' | b'[' => self.flow(start)?,
            b'|' => return self.literal(start, column),
            _ => self.plain(start)?,
        };
        self.finish_line(end)?;
        // What is indented more would continue the value.
        (self.is_done() || self.indent <= column).then_some(node)
    }
}

/// Matches `---` or `...` at the beginning of a line.
fn is_marker(line: &[u8]) -> bool {
    (line.starts_with(b"---") || line.starts_with(b"..."))
        && matches!(line.get(3), None | Some(b' ' | b'\n' | b'\t'))
}

#[cfg(test)]
mod tests;
