//! From text to [`YamlNode`]s, within limits, with aliases replaced by what they point to.

use std::collections::BTreeMap;

use granit_parser::{
    Event, Options, Parser, ScalarStyle as ParserStyle, ScanError, Span, StructureStyle, Tag,
};

use super::limits::ReadLimits;
use super::node::{NodeData, ReadError, ScalarStyle, TextRange, YamlNode};
use super::{expand_merge_keys, quick};

/// Values that the aliases of one text may repeat.
const REPEATED: usize = 200_000;

/// Reads all documents of a text, with anchors and merge keys expanded. Empty documents are null.
pub fn read_documents(text: &str, limits: &ReadLimits) -> Result<Vec<YamlNode>, ReadError> {
    let mut found = parse_documents(text, limits)?.documents;
    for document in &mut found {
        expand_merge_keys(document)?;
    }
    Ok(found)
}

/// Reads the first document of a text and ignores what follows it, as go-yaml does; merge keys stay as written.
pub fn read_first_document(text: &str, limits: &ReadLimits) -> Result<Option<YamlNode>, ReadError> {
    if let Some(node) = quick::read_quickly(text, limits) {
        return Ok(Some(node));
    }
    let mut builder = NodeBuilder::start(text, limits)?;
    for event in Parser::new_from_str_with_options(text, parser_options(limits)) {
        let (event, span) = event.map_err(|e| syntax_error(text, &e))?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        builder.take(event, &span)?;
    }
    Ok(builder.documents.pop())
}

/// A text read whole: its documents, and the places of what plain data does not contain.
#[derive(Debug, Default)]
pub struct ParsedText {
    /// The documents in order.
    pub documents: Vec<YamlNode>,
    /// Places of anchors.
    pub anchors: Vec<TextRange>,
    /// Places of aliases.
    pub aliases: Vec<TextRange>,
    /// Places of tags.
    pub tags: Vec<TextRange>,
}

/// Reads all documents of a text and notes anchors, aliases and tags.
pub fn parse_documents(text: &str, limits: &ReadLimits) -> Result<ParsedText, ReadError> {
    match quick::read_quickly(text, limits) {
        Some(node) => Ok(ParsedText {
            documents: vec![node],
            ..ParsedText::default()
        }),
        None => parse_fully(text, limits),
    }
}

/// Reads all documents of a text with the full reader.
pub(crate) fn parse_fully(text: &str, limits: &ReadLimits) -> Result<ParsedText, ReadError> {
    let mut builder = NodeBuilder::start(text, limits)?;
    for event in Parser::new_from_str_with_options(text, parser_options(limits)) {
        let (event, span) = event.map_err(|e| syntax_error(text, &e))?;
        builder.take(event, &span)?;
    }
    let NodeBuilder {
        documents,
        anchors,
        aliases,
        tags,
        ..
    } = builder;
    Ok(ParsedText {
        documents,
        anchors,
        aliases,
        tags,
    })
}

fn parser_options(limits: &ReadLimits) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_anchor_events = true;
    options.flow_nesting_limit = limits.depth;
    options.block_nesting_limit = limits.depth;
    options
}

fn syntax_error(text: &str, error: &ScanError) -> ReadError {
    let start = error.marker().byte_offset().unwrap_or(0).min(text.len());
    ReadError::new(char_at(text, start), error.info())
}

/// Returns the range of what follows the last line break.
fn last_line(text: &str) -> TextRange {
    let start = text.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    TextRange::new(start, text.len())
}

/// Returns the range of the character at an offset; empty at the end of the text.
fn char_at(text: &str, start: usize) -> TextRange {
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    TextRange::new(start, start + length)
}

/// Finds the first character that readers of YAML do not agree on or do not allow.
pub fn find_forbidden_character(text: &str) -> Option<(TextRange, char)> {
    let bytes = text.as_bytes();
    let suspect = |i: usize| match bytes[i] {
        0..=8 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F => true,
        0xC2 => bytes.get(i + 1).is_some_and(|b| *b < 0xA0),
        0xE2 => bytes.get(i + 1) == Some(&0x80) && matches!(bytes.get(i + 2), Some(0xA8 | 0xA9)),
        0xEF => bytes.get(i + 1) == Some(&0xBF) && matches!(bytes.get(i + 2), Some(0xBE | 0xBF)),
        _ => false,
    };
    let at = (0..bytes.len()).find(|i| suspect(*i))?;
    let found = text.get(at..)?.chars().next()?;
    Some((char_at(text, at), found))
}

/// A collection whose end has not come yet.
struct OpenCollection {
    node: YamlNode,
    anchor: usize,
    key: Option<YamlNode>,
    /// The deepest level below, counted from this collection.
    height: usize,
    /// The size of what was built before it.
    before: NodeSize,
}

/// The size of a value with all that is below it.
#[derive(Debug, Clone, Copy, Default)]
struct NodeSize {
    values: usize,
    /// Bytes of text.
    bytes: usize,
}

/// The value that an alias repeats, and its cost.
struct AnchoredNode {
    node: YamlNode,
    height: usize,
    size: NodeSize,
}

struct NodeBuilder<'l> {
    text: &'l str,
    limits: &'l ReadLimits,
    /// The last line of a text that does not end in a line break.
    unended: Option<TextRange>,
    open: Vec<OpenCollection>,
    anchored: BTreeMap<usize, AnchoredNode>,
    documents: Vec<YamlNode>,
    anchors: Vec<TextRange>,
    aliases: Vec<TextRange>,
    tags: Vec<TextRange>,
    /// The size of everything so far.
    size: NodeSize,
    /// Values that aliases repeated.
    repeated: usize,
}

impl<'l> NodeBuilder<'l> {
    fn start(text: &'l str, limits: &'l ReadLimits) -> Result<Self, ReadError> {
        if text.len() > limits.bytes {
            let message = format!(
                "the file has {} bytes; at most {} are read",
                text.len(),
                limits.bytes
            );
            return Err(ReadError::new(TextRange::default(), message));
        }
        if let Some((range, found)) = find_forbidden_character(text) {
            let message = format!("the character U+{:04X} is not allowed", u32::from(found));
            return Err(ReadError::new(range, message));
        }
        Ok(Self {
            limits,
            unended: Some(last_line(text)).filter(|line| !line.is_empty()),
            text,
            open: Vec::new(),
            anchored: BTreeMap::new(),
            documents: Vec::new(),
            anchors: Vec::new(),
            aliases: Vec::new(),
            tags: Vec::new(),
            repeated: 0,
            size: NodeSize::default(),
        })
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), ReadError> {
        let range = text_range(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span);
                let data = scalar_data(self.unended(&text, style, range), style, range);
                self.size.bytes += text.len();
                self.finish(
                    YamlNode {
                        data,
                        tag,
                        span: range,
                    },
                    anchor,
                    0,
                    NodeSize {
                        values: 1,
                        bytes: text.len(),
                    },
                )
            }
            Event::SequenceStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span);
                let data = NodeData::Sequence {
                    items: Vec::new(),
                    flow: style == StructureStyle::Flow,
                };
                self.push(
                    YamlNode {
                        data,
                        tag,
                        span: range,
                    },
                    anchor,
                )
            }
            Event::MappingStart(style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span);
                let data = NodeData::Mapping {
                    entries: Vec::new(),
                    flow: style == StructureStyle::Flow,
                };
                self.push(
                    YamlNode {
                        data,
                        tag,
                        span: range,
                    },
                    anchor,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.pop(range),
            Event::Alias(id) => self.alias(id, range),
            Event::Anchor(..) => {
                self.anchors.push(range);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Removes the last line break of a block scalar that the end of the file ended: the parser adds one.
    fn unended<'s>(&self, text: &'s str, style: ParserStyle, range: TextRange) -> &'s str {
        let is_block = matches!(style, ParserStyle::Literal | ParserStyle::Folded);
        let Some(last) = self.unended.filter(|_| is_block).map(TextRange::bytes) else {
            return text;
        };
        // The range of a block begins behind the indentation of its first line.
        let start = range.bytes().start;
        let before = self.text.get(..start).unwrap_or_default();
        let indentation = last_line(before).bytes().len();
        if range.bytes().end >= last.end && last.len() > indentation {
            text.strip_suffix('\n').unwrap_or(text)
        } else {
            text
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, span: &Span) -> Option<Box<str>> {
        let tag = tag?;
        self.tags.push(
            span.tag_span()
                .map_or_else(|| text_range(span), |s| text_range(&s)),
        );
        let full = format!("{}{}", tag.handle(), tag.suffix());
        Some(match full.strip_prefix("tag:yaml.org,2002:") {
            Some(short) => format!("!!{short}").into(),
            None => full.into(),
        })
    }

    fn push(&mut self, node: YamlNode, anchor: usize) -> Result<(), ReadError> {
        if self.open.len() >= self.limits.depth {
            return Err(too_deep(node.span, self.limits));
        }
        let before = self.size;
        self.open.push(OpenCollection {
            node,
            anchor,
            key: None,
            height: 0,
            before,
        });
        Ok(())
    }

    fn pop(&mut self, end: TextRange) -> Result<(), ReadError> {
        let Some(OpenCollection {
            mut node,
            anchor,
            height,
            before,
            ..
        }) = self.open.pop()
        else {
            return Ok(());
        };
        node.span = match &node.data {
            NodeData::Sequence { items, flow: false } => {
                extend_range(node.span, items.last().map(|n| n.span))
            }
            NodeData::Mapping {
                entries,
                flow: false,
            } => extend_range(node.span, entries.last().map(|(_, n)| n.span)),
            _ => TextRange {
                start: node.span.start,
                end: end.end,
            },
        };
        let size = NodeSize {
            values: self.size.values - before.values + 1,
            bytes: self.size.bytes - before.bytes,
        };
        self.finish(node, anchor, height + 1, size)
    }

    fn alias(&mut self, id: usize, range: TextRange) -> Result<(), ReadError> {
        self.aliases.push(range);
        let Some(found) = self.anchored.get(&id) else {
            return Err(ReadError::new(range, "the anchor's value contains itself"));
        };
        let (size, height) = (found.size, found.height);
        self.size.values += size.values - 1;
        self.size.bytes += size.bytes;
        self.repeated += size.values;
        if self.open.len() + height > self.limits.depth {
            return Err(too_deep(range, self.limits));
        }
        if self.repeated > REPEATED || self.size.bytes > self.limits.bytes {
            return Err(ReadError::new(
                range,
                "aliases repeat more than a file may hold",
            ));
        }
        let node = YamlNode {
            span: range,
            ..found.node.clone()
        };
        self.finish(node, 0, height, size)
    }

    /// Puts a finished value into the collection around it. `self.size` already counts what is below it.
    fn finish(
        &mut self,
        node: YamlNode,
        anchor: usize,
        height: usize,
        size: NodeSize,
    ) -> Result<(), ReadError> {
        self.size.values += 1;
        if self.size.values > self.limits.nodes {
            return Err(ReadError::new(
                node.span,
                format!("more than {} values in one file", self.limits.nodes),
            ));
        }
        if anchor != 0 {
            self.anchored.insert(
                anchor,
                AnchoredNode {
                    node: node.clone(),
                    height,
                    size,
                },
            );
        }
        let Some(parent) = self.open.last_mut() else {
            self.anchored.clear();
            self.documents.push(node);
            return Ok(());
        };
        parent.height = parent.height.max(height);
        match &mut parent.node.data {
            NodeData::Sequence { items, .. } => items.push(node),
            NodeData::Mapping { entries, .. } => match parent.key.take() {
                Some(key) => entries.push((key, node)),
                None => parent.key = Some(node),
            },
            NodeData::Scalar { .. } => {}
        }
        Ok(())
    }
}

fn scalar_data(text: &str, style: ParserStyle, range: TextRange) -> NodeData {
    let style = match style {
        ParserStyle::SingleQuoted => ScalarStyle::Single,
        ParserStyle::DoubleQuoted => ScalarStyle::Double,
        ParserStyle::Literal => ScalarStyle::Literal,
        ParserStyle::Folded => ScalarStyle::Folded,
        ParserStyle::Plain => ScalarStyle::Plain,
    };
    // The parser words a value that was not written as `~`.
    let text = if style == ScalarStyle::Plain && range.is_empty() {
        ""
    } else {
        text
    };
    NodeData::Scalar {
        text: text.into(),
        style,
    }
}

fn extend_range(start: TextRange, last: Option<TextRange>) -> TextRange {
    TextRange {
        start: start.start,
        end: last.map_or(start.end, |l| l.end.max(start.end)),
    }
}

fn text_range(span: &Span) -> TextRange {
    span.byte_range()
        .map_or_else(TextRange::default, |r| TextRange::new(r.start, r.end))
}

fn too_deep(range: TextRange, limits: &ReadLimits) -> ReadError {
    ReadError::new(range, format!("nested more than {} levels", limits.depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_aliases_are_bounded() {
        let level = |n: usize| {
            let below = if n == 0 {
                "x".to_owned()
            } else {
                format!("*a{}", n - 1)
            };
            format!("a{n}: &a{n} [{}]\n", vec![below; 9].join(", "))
        };
        let bomb: String = (0..10).map(level).collect();
        assert!(
            read_documents(&bomb, &ReadLimits::MANIFEST)
                .is_err_and(|e| e.message.contains("aliases repeat"))
        );
        assert!(
            read_documents("a: &a [*a]\n", &ReadLimits::MANIFEST)
                .is_err_and(|e| e.message.contains("contains itself"))
        );
        let deep = "[".repeat(101);
        assert!(read_documents(&deep, &ReadLimits::MANIFEST).is_err());
    }

    #[test]
    fn a_block_scalar_that_ends_with_the_file_has_no_line_break() {
        let text = |yaml: &str| {
            read_documents(yaml, &ReadLimits::MANIFEST).unwrap()[0]
                .get("a")
                .unwrap()
                .text()
                .unwrap()
                .to_owned()
        };
        assert_eq!(
            (text("a: |\n  x"), text("a: |\n  x\n"), text("a: |\n  x\n ")),
            ("x".into(), "x\n".into(), "x\n".into())
        );
    }
}
