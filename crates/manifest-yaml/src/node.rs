//! A YAML document as it was written: values with their style, tag and place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A range of bytes of the text that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextRange {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl TextRange {
    /// Makes a range from byte offsets; offsets past 4 GiB are cut.
    pub fn new(start: usize, end: usize) -> Self {
        let cut = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: cut(start),
            end: cut(end.max(start)),
        }
    }

    /// Returns the range for slicing.
    pub fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Checks for a range without bytes.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A value of a YAML document. Aliases are already replaced by what they point to.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlNode {
    /// The scalar, sequence or mapping.
    pub data: NodeData,
    /// The tag that was written, shortened (`!!int`, `!custom`, `!`).
    pub tag: Option<Box<str>>,
    /// The bytes of the text that it was read from.
    pub span: TextRange,
}

/// The content of a [`YamlNode`].
#[derive(Debug, Clone, PartialEq)]
pub enum NodeData {
    /// Text in some notation; what it means depends on style and tag.
    Scalar {
        /// The text, with escapes and line folding resolved.
        text: Arc<str>,
        /// The notation.
        style: ScalarStyle,
    },
    /// A list.
    Sequence {
        /// The elements.
        items: Vec<YamlNode>,
        /// True for a sequence in brackets.
        flow: bool,
    },
    /// Keys and values, in the order in which they were written; keys may repeat.
    Mapping {
        /// The pairs of key and value.
        entries: Vec<(YamlNode, YamlNode)>,
        /// True for a mapping in braces.
        flow: bool,
    },
}

/// The notation of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes; may be a number, a boolean, null or text.
    Plain,
    /// `'text'`
    Single,
    /// `"text"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A problem that keeps a text from being read, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The bytes that are meant.
    pub range: TextRange,
    /// A lower-case phrase without a full stop.
    pub message: String,
}

impl ReadError {
    /// Makes an error about a range of the text.
    pub fn new(range: TextRange, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl YamlNode {
    /// Returns the text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            NodeData::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the elements of a sequence.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.data {
            NodeData::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// Returns the pairs of a mapping.
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        match &self.data {
            NodeData::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// Returns the value of the first key with the text.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?
            .iter()
            .find(|(k, _)| k.text() == Some(key))
            .map(|(_, value)| value)
    }
}
