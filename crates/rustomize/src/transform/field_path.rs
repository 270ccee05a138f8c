//! Paths of fields as `replacements` and `vars` write them: with dots, indexes and `[key=value]`.

use std::sync::Arc;

use regex::Regex;

use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};
use manifest_yaml::ScalarStyle;

/// Reason why a path leads to nothing, or its value cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DottedPathError {
    #[error("`{0}` is negative")]
    NegativeIndex(String),
    #[error("`{0}` is not an index")]
    NoIndex(String),
    #[error("the list has {length} elements, but the index is {index}")]
    IndexBeyond { index: usize, length: usize },
    #[error("`*` cannot be used in a source")]
    WildcardInSource,
    #[error("`{part}` needs {expected}, but {found} is there")]
    Mismatch {
        part: String,
        expected: &'static str,
        found: &'static str,
    },
    #[error("`{0}` is not of the form `[key=value]`")]
    NoPair(String),
    #[error("`{0}` is not a regular expression")]
    Pattern(String),
    #[error("`delimiter` needs a scalar")]
    Delimiter,
}

impl DottedPathError {
    fn mismatch(part: &str, expected: &'static str, found: &Node) -> Self {
        Self::Mismatch {
            part: part.to_owned(),
            expected,
            found: found.kind(),
        }
    }
}

/// Returns the field at a path; `None` where it is missing.
pub(crate) fn find_value<'n>(
    node: &'n Node,
    path: &[String],
) -> Result<Option<&'n Node>, DottedPathError> {
    let mut node = node;
    for part in path.iter().map(|p| p.trim()).filter(|p| !p.is_empty()) {
        if node.is_null() {
            return Ok(None);
        }
        let found = match (part.parse::<i64>(), element(part)) {
            (Ok(at), _) => items(node, part)?.get(
                usize::try_from(at).map_err(|_| DottedPathError::NegativeIndex(part.to_owned()))?,
            ),
            (_, _) if part == "-" => items(node, part)?.last(),
            (_, _) if part == "*" => return Err(DottedPathError::WildcardInSource),
            (_, Some(ElementPair { key, value })) => {
                items(node, part)?.iter().find(|item| match key {
                    "" => item.text() == value,
                    key => item.get(key).is_some_and(|n| n.text() == value),
                })
            }
            _ => match node {
                Node::Mapping(mapping) => mapping.get(part),
                other => return Err(DottedPathError::mismatch(part, "a map", other)),
            },
        };
        match found {
            Some(found) => node = found,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn items<'n>(node: &'n Node, part: &str) -> Result<&'n [Node], DottedPathError> {
    match node {
        Node::Sequence(sequence) => Ok(&sequence.items),
        other if other.is_null() => Ok(&[]),
        other => Err(DottedPathError::mismatch(part, "a list", other)),
    }
}

/// Takes `[key=value]` apart.
fn element(part: &str) -> Option<ElementPair<'_>> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    let (key, value) = inner.split_once('=')?;
    Some(ElementPair { key, value })
}

/// The key and the value that tell an element of a list from others; no key: the element itself is compared.
#[derive(Debug, Clone, Copy)]
struct ElementPair<'p> {
    key: &'p str,
    value: &'p str,
}

/// Splits a path at dots, except escaped ones and those in brackets.
pub(crate) fn split_path(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let whole = path
        .strip_prefix('.')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(path);
    for piece in whole.split('.') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    let mut joined: Vec<String> = Vec::new();
    let mut pieces = parts.into_iter();
    while let Some(mut part) = pieces.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for piece in pieces.by_ref() {
                part.push('.');
                part.push_str(&piece);
                if piece.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part.retain(|c| !matches!(c, '[' | ']'));
            }
        }
        joined.push(part);
    }
    joined
}

/// Returns the value that is set in the place of another.
pub(crate) type Set<'s> = dyn FnMut(&Node) -> Result<Node, DottedPathError> + 's;

/// Changes every field that a path leads to. `create`: the value for which missing fields are made.
pub(crate) fn edit_fields(
    node: &Node,
    path: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, DottedPathError> {
    let Some((part, rest)) = path.split_first() else {
        return set(node).map(Some);
    };
    if part.parse::<u64>().is_ok() {
        return edit_index(node, part, rest, create, set);
    }
    if part.starts_with('[') && part.ends_with(']') {
        let pair = element(part).ok_or_else(|| DottedPathError::NoPair(part.clone()))?;
        return edit_matching(node, pair, rest, create, set);
    }
    if part == "*" {
        return edit_items(node, part, &mut |item| edit_fields(item, rest, create, set));
    }
    let mapping = match node {
        Node::Mapping(mapping) => mapping,
        other if other.is_null() => return Ok(None),
        other => return Err(DottedPathError::mismatch(part, "a map", other)),
    };
    let made = match (mapping.get(part), create) {
        (Some(_), _) => None,
        (None, None) => return Ok(None),
        (None, Some(value)) => Some(empty_for(rest, value)),
    };
    let found = mapping.get(part).or(made.as_ref());
    let Some(new) = found
        .map(|found| edit_fields(found, rest, create, set))
        .transpose()?
        .flatten()
        .or(made)
    else {
        return Ok(None);
    };
    let mut mapping = mapping.clone();
    mapping.put(part, new);
    Ok(Some(Node::Mapping(mapping)))
}

/// Returns what a missing field becomes, by what follows in the path.
fn empty_for(rest: &[String], value: &Node) -> Node {
    match rest.first() {
        Some(next) if next.parse::<u64>().is_ok() || next.starts_with('[') => {
            Node::sequence(Vec::new())
        }
        Some(_) => Node::mapping(Vec::new()),
        None => match value {
            Node::Scalar(_) => Node::Scalar(Scalar::untyped("")),
            Node::Sequence(_) => Node::sequence(Vec::new()),
            Node::Mapping(_) => Node::mapping(Vec::new()),
        },
    }
}

type Each<'e> = dyn FnMut(&Node) -> Result<Option<Node>, DottedPathError> + 'e;

fn edit_items(
    node: &Node,
    part: &str,
    each: &mut Each<'_>,
) -> Result<Option<Node>, DottedPathError> {
    let mut changed: Option<Vec<Node>> = None;
    let list = items(node, part)?;
    for (at, item) in list.iter().enumerate() {
        if let Some(new) = each(item)? {
            changed.get_or_insert_with(|| list.to_vec())[at] = new;
        }
    }
    Ok(changed.map(|items| {
        Node::Sequence(Sequence {
            items: Arc::new(items),
            flow: node.is_flow(),
        })
    }))
}

fn edit_index(
    node: &Node,
    part: &str,
    rest: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, DottedPathError> {
    let at: usize = part
        .parse()
        .map_err(|_| DottedPathError::NoIndex(part.to_owned()))?;
    let mut list = items(node, part)?.to_vec();
    if let Some(value) = create.filter(|_| at == list.len()) {
        list.push(empty_for(rest, value));
    }
    let Some(found) = list.get(at) else {
        let length = list.len();
        return Err(DottedPathError::IndexBeyond { index: at, length });
    };
    let Some(new) = edit_fields(found, rest, create, set)? else {
        return Ok(None);
    };
    list[at] = new;
    Ok(Some(Node::Sequence(Sequence {
        items: Arc::new(list),
        flow: node.is_flow(),
    })))
}

fn edit_matching(
    node: &Node,
    pair: ElementPair<'_>,
    rest: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, DottedPathError> {
    let ElementPair {
        key,
        value: pattern,
    } = pair;
    let regex = Regex::new(pattern).map_err(|_| DottedPathError::Pattern(pattern.to_owned()))?;
    let part = format!("[{key}={pattern}]");
    let mut matched = false;
    let changed = edit_items(node, &part, &mut |item| {
        let compared = if key.is_empty() {
            Some(item)
        } else {
            item.get(key)
        };
        if !compared.is_some_and(|n| regex.is_match(written(n).trim())) {
            return Ok(None);
        }
        matched = true;
        if key.is_empty() {
            set(item).map(Some)
        } else {
            edit_fields(item, rest, create, set)
        }
    })?;
    if matched || create.is_none() {
        return Ok(changed);
    }
    // Nothing matches: such an element is made.
    let scalar = Node::Scalar(Scalar::untyped(pattern));
    let made = if key.is_empty() {
        scalar
    } else {
        let mut mapping = Mapping::default();
        mapping.put(key, scalar);
        Node::Mapping(mapping)
    };
    let made = if key.is_empty() {
        set(&made)?
    } else {
        edit_fields(&made, rest, create, set)?.unwrap_or(made)
    };
    let mut list = items(node, &part)?.to_vec();
    list.push(made);
    Ok(Some(Node::Sequence(Sequence {
        items: Arc::new(list),
        flow: node.is_flow(),
    })))
}

/// Returns a scalar as it is written, with its quotes: that is what patterns are compared with.
fn written(node: &Node) -> String {
    match node {
        Node::Scalar(scalar) if scalar.style == ScalarStyle::Double && scalar.tag != Tag::None => {
            format!("\"{}\"", scalar.text)
        }
        Node::Scalar(scalar) if scalar.style == ScalarStyle::Single => format!("'{}'", scalar.text),
        other => other.text().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::split_path;

    #[test]
    fn paths_are_split_at_dots_outside_brackets() {
        assert_eq!(
            split_path("a.b\\.c.[d.e].[f=g.h].*.0"),
            ["a", "b.c", "d.e", "[f=g.h]", "*", "0"]
        );
        assert_eq!(split_path(".a.b"), ["a", "b"]);
    }
}
