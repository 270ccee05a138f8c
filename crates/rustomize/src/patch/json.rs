//! JSON patches (RFC 6902) with the library quirks that kustomize has: `replace` adds, negative indexes count from the end, the first
//! token of a path is dropped.

use std::sync::Arc;

use serde_json::Value;

use crate::budget::{LARGEST_OBJECT, measure_node};
use crate::patch::normalize::{from_meaning, null, text_scalar};
use crate::tree::{Mapping, Node, Scalar, Sequence};
use crate::yaml::read_document;
use manifest_yaml::Meaning;

/// Reason why a text is no list of operations, or an operation cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperationError {
    #[error("the patch is empty")]
    Empty,
    /// The words of the reader of JSON or YAML.
    #[error("{0}")]
    Syntax(String),
    #[error("a list of operations is expected")]
    NotList,
    #[error("an operation is not a map")]
    NotMap,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` is not an operation")]
    UnknownOperation(String),
    #[error("the path `{0}` names no field")]
    PathOfRoot(String),
    #[error("nothing is at `{0}`")]
    NothingAt(String),
    #[error("nothing is at `{0}`, on the way")]
    NothingOnTheWay(String),
    #[error("a scalar has no fields")]
    Scalar,
    #[error("`{0}` is not an index of a list")]
    NotIndex(String),
    #[error("the list has no index {0}")]
    NoIndex(String),
    #[error("the field `{0}` is not there")]
    NoField(String),
    #[error("`{path}`: {reason}")]
    At { path: String, reason: Box<Self> },
    #[error("`{0}`: a test without a value")]
    TestWithoutValue(String),
    #[error("`{0}` does not have the value that the patch tests for")]
    TestFailed(String),
    #[error("with what is copied the object would have more than {LARGEST_OBJECT} bytes")]
    TooLarge,
    #[error("the object became {0}")]
    NoObject(&'static str),
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    op: String,
    path: Option<Path>,
    from: Option<Path>,
    value: Option<Node>,
}

/// A JSON pointer, taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Path {
    text: String,
    /// The keys and indexes, without the first token.
    tokens: Vec<String>,
}

impl Path {
    fn new(text: &str) -> Self {
        let decoded = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Self {
            text: text.to_owned(),
            tokens: text.split('/').skip(1).map(decoded).collect(),
        }
    }

    /// Returns the keys on the way and the last one.
    fn split(&self) -> Result<(&[String], &str), OperationError> {
        match self.tokens.split_last() {
            Some((last, way)) => Ok((way, last)),
            None => Err(OperationError::PathOfRoot(self.text.clone())),
        }
    }
}

/// The way to the annotations of an object.
const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

impl Operation {
    /// Returns whether the operation looks at all annotations of an object at once.
    pub(crate) fn reads_all_annotations(&self) -> bool {
        let read = match self.op.as_str() {
            "test" => &self.path,
            "copy" | "move" => &self.from,
            _ => return false,
        };
        let tokens = read.as_ref().map(|path| path.tokens.as_slice());
        tokens.is_some_and(|tokens| ANNOTATIONS.iter().take(tokens.len()).eq(tokens))
    }

    fn is_copy(&self) -> bool {
        self.op == "copy"
    }

    /// Returns how many bytes the operation copies.
    fn copied_size(&self, document: &Node) -> Result<usize, OperationError> {
        let Some(from) = &self.from else {
            return Ok(0);
        };
        let copied = find(document, from)?;
        Ok(copied.map_or(0, |value| measure_node(value, LARGEST_OBJECT)))
    }

    /// Returns whether the operation puts something else in the place of all annotations of an object.
    pub(crate) fn replaces_annotations(&self) -> bool {
        let changed = match self.op.as_str() {
            "add" | "replace" | "remove" => &self.path,
            "move" => &self.from,
            _ => return false,
        };
        let tokens = changed.as_ref().map(|path| path.tokens.as_slice());
        tokens.is_some_and(|tokens| ANNOTATIONS.iter().take(tokens.len()).eq(tokens))
    }

    /// Returns the field that it changes, for messages.
    pub(crate) fn path(&self) -> &str {
        self.path.as_ref().map_or("", |path| &path.text)
    }
}

/// Reads a patch: JSON where it starts with `[`, else YAML 1.1.
pub(crate) fn read(text: &str) -> Result<Vec<Operation>, OperationError> {
    if text.starts_with('[') {
        let value: Value =
            serde_json::from_str(text).map_err(|e| OperationError::Syntax(e.to_string()))?;
        return operations(&Meaning::from(&value));
    }
    let syntax = |message| OperationError::Syntax(message);
    let Some(node) = read_document(text).map_err(|e| syntax(e.message))? else {
        return Ok(Vec::new());
    };
    operations(&node.configuration().map_err(|e| syntax(e.message))?)
}

fn operations(list: &Meaning<'_>) -> Result<Vec<Operation>, OperationError> {
    match list {
        Meaning::Null => Ok(Vec::new()),
        Meaning::Sequence(items) => items.iter().map(operation).collect(),
        _ => Err(OperationError::NotList),
    }
}

fn operation(operation: &Meaning<'_>) -> Result<Operation, OperationError> {
    if !matches!(operation, Meaning::Mapping(_) | Meaning::Null) {
        return Err(OperationError::NotMap);
    }
    let text = |key: &str| operation.get(key).and_then(Meaning::as_str);
    let op = text("op").unwrap_or_default().to_owned();
    let value = operation.get("value").map(from_meaning);
    Ok(Operation {
        op,
        path: text("path").map(Path::new),
        from: text("from").map(Path::new),
        value,
    })
}

/// The operation that cannot be applied, and the reason.
#[derive(Debug)]
pub(crate) struct OperationFailure {
    /// The operation's number, from 0.
    pub(crate) index: usize,
    pub(crate) reason: OperationError,
}

/// Applies the operations in their order.
pub(crate) fn apply_operations(
    document: &Node,
    operations: &[Operation],
) -> Result<Node, OperationFailure> {
    let mut document = document.clone();
    let mut size = match operations.iter().any(Operation::is_copy) {
        true => measure_node(&document, LARGEST_OBJECT),
        false => 0,
    };
    for (index, operation) in operations.iter().enumerate() {
        let fail = |reason| OperationFailure { index, reason };
        if operation.is_copy() {
            size = size.saturating_add(operation.copied_size(&document).map_err(fail)?);
            if size > LARGEST_OBJECT {
                return Err(fail(OperationError::TooLarge));
            }
        }
        document = apply_operation(&document, operation).map_err(fail)?;
    }
    match document {
        Node::Mapping(_) => Ok(document),
        other => Err(OperationFailure {
            index: operations.len().saturating_sub(1),
            reason: OperationError::NoObject(other.kind()),
        }),
    }
}

fn apply_operation(document: &Node, operation: &Operation) -> Result<Node, OperationError> {
    let value = || operation.value.clone().unwrap_or_else(null);
    let path = || {
        operation
            .path
            .as_ref()
            .ok_or(OperationError::Missing("path"))
    };
    let from = || {
        operation
            .from
            .as_ref()
            .ok_or(OperationError::Missing("from"))
    };
    match operation.op.as_str() {
        "add" => change(document, path()?, &mut |parent, key| {
            add(parent, key, value())
        }),
        "remove" => change(document, path()?, &mut remove),
        "replace" if path()?.text.is_empty() => Ok(value()),
        "replace" => change(document, path()?, &mut |parent, key| {
            replace(parent, key, value())
        }),
        "test" => test(document, path()?, operation.value.as_ref()).map(|()| document.clone()),
        "copy" => {
            let value = find(document, from()?)?.cloned().unwrap_or_else(null);
            change(document, path()?, &mut |parent, key| {
                add(parent, key, value.clone())
            })
        }
        "move" => {
            let value = find(document, from()?)?.cloned().unwrap_or_else(null);
            let without = change(document, from()?, &mut remove)?;
            change(&without, path()?, &mut |parent, key| {
                add(parent, key, value.clone())
            })
        }
        "" => Err(OperationError::Missing("op")),
        other => Err(OperationError::UnknownOperation(other.to_owned())),
    }
}

/// Returns the value at a path; `None` where its parent is there, but not the value.
fn find<'n>(document: &'n Node, path: &Path) -> Result<Option<&'n Node>, OperationError> {
    let (way, last) = path.split()?;
    let mut node = document;
    for token in way {
        node = child(node, token)
            .ok()
            .flatten()
            .ok_or_else(|| OperationError::NothingAt(path.text.clone()))?;
    }
    child(node, last)
}

fn child<'n>(node: &'n Node, token: &str) -> Result<Option<&'n Node>, OperationError> {
    match node {
        Node::Mapping(mapping) => Ok(mapping.get(token).filter(|n| !n.is_null())),
        Node::Sequence(sequence) => {
            let at = index(token, sequence.items.len(), sequence.items.len())?;
            Ok(sequence.items.get(at).filter(|n| !n.is_null()))
        }
        Node::Scalar(_) => Err(OperationError::Scalar),
    }
}

/// Returns an index; negative ones count back from `end`. It is less than `limit`.
fn index(token: &str, end: usize, limit: usize) -> Result<usize, OperationError> {
    let number: i64 = token
        .parse()
        .map_err(|_| OperationError::NotIndex(token.to_owned()))?;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let at = if number < 0 {
        number + count(end)
    } else {
        number
    };
    let at = usize::try_from(at).ok().filter(|at| *at < limit);
    at.ok_or_else(|| OperationError::NoIndex(token.to_owned()))
}

/// Changes the collection that holds the value at a path.
fn change(
    document: &Node,
    path: &Path,
    edit: &mut dyn FnMut(&Node, &str) -> Result<Node, OperationError>,
) -> Result<Node, OperationError> {
    let (way, last) = path.split()?;
    change_below(document, way, last, edit).map_err(|reason| OperationError::At {
        path: path.text.clone(),
        reason: Box::new(reason),
    })
}

fn change_below(
    node: &Node,
    way: &[String],
    last: &str,
    edit: &mut dyn FnMut(&Node, &str) -> Result<Node, OperationError>,
) -> Result<Node, OperationError> {
    let Some((token, rest)) = way.split_first() else {
        return edit(node, last);
    };
    let missing = || OperationError::NothingOnTheWay(token.clone());
    let below = child(node, token).ok().flatten().ok_or_else(missing)?;
    let below = change_below(below, rest, last, edit)?;
    match node {
        Node::Mapping(mapping) => {
            let mut mapping = mapping.clone();
            mapping.put(token, below);
            Ok(Node::Mapping(mapping))
        }
        Node::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            let at = index(token, sequence.items.len(), sequence.items.len())?;
            Arc::make_mut(&mut sequence.items)[at] = below;
            Ok(Node::Sequence(sequence))
        }
        Node::Scalar(_) => Err(missing()),
    }
}

fn add(parent: &Node, key: &str, value: Node) -> Result<Node, OperationError> {
    match parent {
        Node::Mapping(mapping) => Ok(with_entry(mapping, key, value)),
        Node::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            let length = sequence.items.len();
            let at = if key == "-" {
                length
            } else {
                index(key, length + 1, length + 1)?
            };
            Arc::make_mut(&mut sequence.items).insert(at, value);
            Ok(Node::Sequence(Sequence {
                flow: false,
                ..sequence
            }))
        }
        Node::Scalar(_) => Err(OperationError::Scalar),
    }
}

fn with_entry(mapping: &Mapping, key: &str, value: Node) -> Node {
    let mut mapping = Mapping {
        flow: false,
        ..mapping.clone()
    };
    match mapping.position(key) {
        Some(at) => Arc::make_mut(&mut mapping.entries)[at].1 = value,
        None => Arc::make_mut(&mut mapping.entries).push((text_scalar(key), value)),
    }
    Node::Mapping(mapping)
}

fn remove(parent: &Node, key: &str) -> Result<Node, OperationError> {
    match parent {
        Node::Mapping(mapping) if mapping.position(key).is_some() => {
            let mut mapping = mapping.clone();
            mapping.remove(key);
            Ok(Node::Mapping(mapping))
        }
        Node::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            let at = index(key, sequence.items.len(), sequence.items.len())?;
            Arc::make_mut(&mut sequence.items).remove(at);
            Ok(Node::Sequence(sequence))
        }
        _ => Err(OperationError::NoField(key.to_owned())),
    }
}

fn replace(parent: &Node, key: &str, value: Node) -> Result<Node, OperationError> {
    match parent {
        Node::Mapping(mapping) => Ok(with_entry(mapping, key, value)),
        Node::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            let at = index(key, sequence.items.len(), sequence.items.len())?;
            Arc::make_mut(&mut sequence.items)[at] = value;
            Ok(Node::Sequence(sequence))
        }
        Node::Scalar(_) => Err(OperationError::Scalar),
    }
}

fn test(document: &Node, path: &Path, expected: Option<&Node>) -> Result<(), OperationError> {
    let Some(expected) = expected else {
        return Err(OperationError::TestWithoutValue(path.text.clone()));
    };
    let found = if path.text.is_empty() {
        Some(document)
    } else {
        find(document, path)?
    };
    match found {
        None if expected.is_null() => Ok(()),
        Some(found) if equal(found, expected) => Ok(()),
        _ => Err(OperationError::TestFailed(path.text.clone())),
    }
}

/// Checks that two trees mean the same; the order of keys does not matter.
fn equal(left: &Node, right: &Node) -> bool {
    match (left, right) {
        (Node::Scalar(l), Node::Scalar(r)) => l.text == r.text && l.tag == r.tag,
        (Node::Sequence(l), Node::Sequence(r)) => {
            l.items.len() == r.items.len()
                && l.items.iter().zip(r.items.iter()).all(|(l, r)| equal(l, r))
        }
        (Node::Mapping(l), Node::Mapping(r)) => {
            let same = |(key, value): &(Scalar, Node)| {
                r.get(&key.text).is_some_and(|other| equal(value, other))
            };
            l.entries.len() == r.entries.len() && l.entries.iter().all(same)
        }
        _ => false,
    }
}
