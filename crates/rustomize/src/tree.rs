//! Manifests while they are being built: trees that remember how scalars were written, and share what nobody changed.
//!
//! Cloning a [`Node`] copies one pointer. A change copies the collections on the way from the root to the changed place.

use std::sync::Arc;

use manifest_yaml::{Dialect, NodeData, ResolvedScalar, ScalarStyle, resolve_scalar};

/// A value of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Scalar(Scalar),
    Sequence(Sequence),
    Mapping(Mapping),
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sequence {
    pub(crate) items: Arc<Vec<Node>>,
    /// Set if it is written with brackets: what is inside may then be read differently.
    pub(crate) flow: bool,
}

/// Keys and values. A key may occur twice until the manifest is printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mapping {
    pub(crate) entries: Arc<Vec<(Scalar, Node)>>,
    /// Set if it is written with braces.
    pub(crate) flow: bool,
}

/// A scalar or a key, as text with everything that decides what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: Arc<str>,
    pub(crate) tag: Tag,
    pub(crate) style: ScalarStyle,
    /// Set if the tag was written in the file.
    pub(crate) explicit: bool,
    /// Places of an object with the same number (not 0) are one: what changes one of them changes all.
    pub(crate) alias: u32,
}

/// The type of a scalar. `None`: the text decides when it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    None,
    Text,
    Int,
    Float,
    Bool,
    Null,
    Timestamp,
    Binary,
    /// One that says nothing about the type.
    Other,
}

impl Scalar {
    /// A scalar whose text decides what it means.
    pub(crate) fn untyped(text: &str) -> Self {
        Self {
            text: Arc::from(text),
            tag: Tag::None,
            style: ScalarStyle::Plain,
            explicit: false,
            alias: 0,
        }
    }

    /// A scalar that is text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            tag: Tag::Text,
            ..Self::untyped(text)
        }
    }

    /// Returns whether it is null, written or not.
    pub(crate) fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    fn read(text: Arc<str>, tag: Option<&str>, style: ScalarStyle) -> Self {
        let plain = style == ScalarStyle::Plain;
        let (tag, explicit) = match tag {
            None | Some("!") if plain => (implicit(&text), false),
            None | Some("!") => (Tag::Text, false),
            Some(tag) => (explicit_tag(tag), true),
        };
        Self {
            text,
            tag,
            style,
            explicit,
            alias: 0,
        }
    }
}

/// The type that a plain scalar has by its text.
pub(crate) fn implicit(text: &str) -> Tag {
    type_of(&resolve_scalar(text, Dialect::Manifest))
}

/// The type of what a plain scalar means.
pub(crate) fn type_of(resolved: &ResolvedScalar) -> Tag {
    match resolved {
        ResolvedScalar::Null => Tag::Null,
        ResolvedScalar::Bool(_) => Tag::Bool,
        ResolvedScalar::Int(_) | ResolvedScalar::Uint(_) => Tag::Int,
        ResolvedScalar::Float(_) => Tag::Float,
        ResolvedScalar::Timestamp(_) => Tag::Timestamp,
        ResolvedScalar::Text => Tag::Text,
    }
}

fn explicit_tag(tag: &str) -> Tag {
    match tag {
        "!!str" => Tag::Text,
        "!!int" => Tag::Int,
        "!!float" => Tag::Float,
        "!!bool" => Tag::Bool,
        "!!null" => Tag::Null,
        "!!timestamp" => Tag::Timestamp,
        "!!binary" => Tag::Binary,
        _ => Tag::Other,
    }
}

impl Node {
    /// Takes over what was read from a file. The error is the place of a key that is not a scalar.
    pub(crate) fn read(node: manifest_yaml::YamlNode) -> Result<Self, manifest_yaml::ReadError> {
        Ok(match node.data {
            NodeData::Scalar { text, style } => {
                Self::Scalar(Scalar::read(text, node.tag.as_deref(), style))
            }
            NodeData::Sequence { items, flow } => {
                let items = items
                    .into_iter()
                    .map(Self::read)
                    .collect::<Result<Vec<_>, _>>()?;
                Self::Sequence(Sequence {
                    items: Arc::new(items),
                    flow,
                })
            }
            NodeData::Mapping { entries, flow } => {
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| Ok((read_key(key)?, Self::read(value)?)));
                let entries = entries.collect::<Result<Vec<_>, _>>()?;
                Self::Mapping(Mapping {
                    entries: Arc::new(entries),
                    flow,
                })
            }
        })
    }

    /// A mapping in block style.
    pub(crate) fn mapping(entries: Vec<(Scalar, Self)>) -> Self {
        Self::Mapping(Mapping {
            entries: Arc::new(entries),
            flow: false,
        })
    }

    /// A sequence in block style.
    pub(crate) fn sequence(items: Vec<Self>) -> Self {
        Self::Sequence(Sequence {
            items: Arc::new(items),
            flow: false,
        })
    }

    /// Returns whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.is_null())
    }

    /// Returns whether it is null or a collection without elements.
    pub(crate) fn is_null_or_empty(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.is_null(),
            Self::Sequence(sequence) => sequence.items.is_empty(),
            Self::Mapping(mapping) => mapping.entries.is_empty(),
        }
    }

    /// Returns whether it is null or a mapping without entries.
    pub(crate) fn is_null_or_empty_mapping(&self) -> bool {
        self.is_null() || matches!(self, Self::Mapping(mapping) if mapping.entries.is_empty())
    }

    /// The text of a scalar; empty for collections.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    pub(crate) fn as_mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    pub(crate) fn as_sequence(&self) -> Option<&Sequence> {
        match self {
            Self::Sequence(sequence) => Some(sequence),
            _ => None,
        }
    }

    /// The value of the first entry with the key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// The value below several keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns whether collections are written with braces or brackets.
    pub(crate) fn is_flow(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::Sequence(sequence) => sequence.flow,
            Self::Mapping(mapping) => mapping.flow,
        }
    }

    /// Returns whether it is text without quotes or a tag, that is read as text whatever decides about it.
    pub(crate) fn is_plain_text(&self) -> bool {
        matches!(self, Self::Scalar(s) if s.tag == Tag::Text && s.style == ScalarStyle::Plain && !s.explicit && implicit(&s.text) == Tag::Text)
    }

    /// Returns whether both are one and the same value, not only equal ones.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(a), Self::Scalar(b)) => Arc::ptr_eq(&a.text, &b.text) && a == b,
            (Self::Sequence(a), Self::Sequence(b)) => {
                a.flow == b.flow && Arc::ptr_eq(&a.items, &b.items)
            }
            (Self::Mapping(a), Self::Mapping(b)) => {
                a.flow == b.flow && Arc::ptr_eq(&a.entries, &b.entries)
            }
            _ => false,
        }
    }

    /// The word for its kind in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "a scalar",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a map",
        }
    }

    /// Puts a value in the place of another: it is written in the style of what stood there.
    #[must_use]
    pub(crate) fn in_style_of(self, before: &Self) -> Self {
        match self {
            Self::Scalar(scalar) => {
                let Self::Scalar(old) = before else {
                    return Self::Scalar(Scalar {
                        style: ScalarStyle::Plain,
                        explicit: false,
                        ..scalar
                    });
                };
                let explicit = old.explicit && scalar.tag != Tag::None;
                Self::Scalar(Scalar {
                    style: old.style,
                    explicit,
                    alias: old.alias,
                    ..scalar
                })
            }
            Self::Sequence(sequence) => Self::Sequence(Sequence {
                flow: before.is_flow(),
                ..sequence
            }),
            Self::Mapping(mapping) => Self::Mapping(Mapping {
                flow: before.is_flow(),
                ..mapping
            }),
        }
    }
}

/// A key; null keys and collections as keys cannot be printed by anyone.
fn read_key(key: manifest_yaml::YamlNode) -> Result<Scalar, manifest_yaml::ReadError> {
    match key.data {
        NodeData::Scalar { text, style } => Ok(Scalar::read(text, key.tag.as_deref(), style)),
        _ => Err(manifest_yaml::ReadError {
            range: key.span,
            message: "a key that is a list or a map".to_owned(),
        }),
    }
}

impl Mapping {
    /// The position of the first entry with the key.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(k, _)| &*k.text == key)
    }

    /// The value of the first entry with the key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// Removes the first entry with the key.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(at) = self.position(key) {
            Arc::make_mut(&mut self.entries).remove(at);
        }
    }

    /// Puts a value under a key, exactly as it is.
    pub(crate) fn put(&mut self, key: &str, value: Node) {
        let at = self.position(key);
        let entries = Arc::make_mut(&mut self.entries);
        match at {
            Some(at) => entries[at].1 = value,
            None => entries.push((Scalar::untyped(key), value)),
        }
    }

    /// Sets a field: in the style of what stood there, or as a new entry. Null removes it.
    pub(crate) fn set(&mut self, key: &str, value: Node, key_style: ScalarStyle) {
        self.set_under(
            &Scalar {
                style: key_style,
                ..Scalar::untyped(key)
            },
            value,
        );
    }

    /// The same, with a key to take over where there is none yet.
    pub(crate) fn set_under(&mut self, key: &Scalar, value: Node) {
        if value.is_null() {
            return self.remove(&key.text);
        }
        let at = self.position(&key.text);
        let entries = Arc::make_mut(&mut self.entries);
        match at {
            Some(at) => {
                let value = value.in_style_of(&entries[at].1);
                entries[at].1 = value;
            }
            // Text that a YAML 1.1 reader would take for something else is quoted.
            None => entries.push((key.clone(), quoted_if_needed(value))),
        }
    }
}

/// Quotes plain text (or an untyped scalar) that a YAML 1.1 reader would take for something else.
pub(crate) fn quoted_if_needed(value: Node) -> Node {
    match value {
        Node::Scalar(scalar)
            if matches!(scalar.tag, Tag::Text | Tag::None)
                && scalar.style == ScalarStyle::Plain
                && !scalar.text.is_empty()
                && !scalar.text.contains('\n')
                && !matches!(
                    resolve_scalar(&scalar.text, Dialect::Configuration),
                    ResolvedScalar::Text | ResolvedScalar::Timestamp(_)
                ) =>
        {
            Node::Scalar(Scalar {
                style: ScalarStyle::Double,
                ..scalar
            })
        }
        other => other,
    }
}
