//! JSON patches (RFC 6902) with the library quirks that kustomize has: `replace` adds, negative indexes count from the end, the first
//! token of a path is dropped.

use std::sync::Arc;

use serde_json::Value;

use crate::budget::{LARGEST_OBJECT, measure_node};
use crate::meaning::{Unprintable, choose_style_between_steps, meaning};
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use crate::yaml::read_document;
use manifest_yaml::{
    Dialect, Meaning, ResolvedScalar, ScalarStyle, choose_text_style, print_general_float,
    resolve_scalar,
};

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

    /// The keys on the way and the last one.
    fn split(&self) -> Result<(&[String], &str), String> {
        match self.tokens.split_last() {
            Some((last, way)) => Ok((way, last)),
            None => Err(format!("the path `{}` names no field", self.text)),
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
    fn copied_size(&self, document: &Node) -> Result<usize, String> {
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

    /// The field that it changes, for messages.
    pub(crate) fn path(&self) -> &str {
        self.path.as_ref().map_or("", |path| &path.text)
    }
}

/// Reads a patch: JSON where it starts with `[`, else YAML 1.1.
pub(crate) fn read(text: &str) -> Result<Vec<Operation>, String> {
    if text.starts_with('[') {
        let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        return operations(&Meaning::from(&value));
    }
    let Some(node) = read_document(text).map_err(|e| e.message)? else {
        return Ok(Vec::new());
    };
    operations(&node.configuration().map_err(|e| e.message)?)
}

fn operations(list: &Meaning<'_>) -> Result<Vec<Operation>, String> {
    match list {
        Meaning::Null => Ok(Vec::new()),
        Meaning::Sequence(items) => items.iter().map(operation).collect(),
        _ => Err("a list of operations is expected".to_owned()),
    }
}

fn operation(operation: &Meaning<'_>) -> Result<Operation, String> {
    if !matches!(operation, Meaning::Mapping(_) | Meaning::Null) {
        return Err("an operation is not a map".to_owned());
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

/// Why an operation cannot be applied.
#[derive(Debug)]
pub(crate) struct OperationFailure {
    /// The operation's number, from 0.
    pub(crate) index: usize,
    pub(crate) reason: String,
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
                return Err(fail(format!(
                    "with what is copied the object would have more than {LARGEST_OBJECT} bytes"
                )));
            }
        }
        document = apply_operation(&document, operation).map_err(fail)?;
    }
    match document {
        Node::Mapping(_) => Ok(document),
        other => Err(OperationFailure {
            index: operations.len().saturating_sub(1),
            reason: format!("the object became {}", other.kind()),
        }),
    }
}

fn apply_operation(document: &Node, operation: &Operation) -> Result<Node, String> {
    let value = || operation.value.clone().unwrap_or_else(null);
    let path = || {
        operation
            .path
            .as_ref()
            .ok_or_else(|| "`path` is missing".to_owned())
    };
    let from = || {
        operation
            .from
            .as_ref()
            .ok_or_else(|| "`from` is missing".to_owned())
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
        "" => Err("`op` is missing".to_owned()),
        other => Err(format!("`{other}` is not an operation")),
    }
}

fn null() -> Node {
    Node::Scalar(Scalar {
        tag: Tag::Null,
        ..Scalar::untyped("null")
    })
}

/// The value at a path. `None`: its parent is there, but not the value.
fn find<'n>(document: &'n Node, path: &Path) -> Result<Option<&'n Node>, String> {
    let (way, last) = path.split()?;
    let mut node = document;
    for token in way {
        node = child(node, token)
            .ok()
            .flatten()
            .ok_or_else(|| format!("nothing is at `{}`", path.text))?;
    }
    child(node, last)
}

fn child<'n>(node: &'n Node, token: &str) -> Result<Option<&'n Node>, String> {
    match node {
        Node::Mapping(mapping) => Ok(mapping.get(token).filter(|n| !n.is_null())),
        Node::Sequence(sequence) => {
            let at = index(token, sequence.items.len(), sequence.items.len())?;
            Ok(sequence.items.get(at).filter(|n| !n.is_null()))
        }
        Node::Scalar(_) => Err("a scalar has no fields".to_owned()),
    }
}

/// An index; negative ones count back from `end`. It is less than `limit`.
fn index(token: &str, end: usize, limit: usize) -> Result<usize, String> {
    let number: i64 = token
        .parse()
        .map_err(|_| format!("`{token}` is not an index of a list"))?;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let at = if number < 0 {
        number + count(end)
    } else {
        number
    };
    let at = usize::try_from(at).ok().filter(|at| *at < limit);
    at.ok_or_else(|| format!("the list has no index {token}"))
}

/// Changes the collection that holds the value at a path.
fn change(
    document: &Node,
    path: &Path,
    edit: &mut dyn FnMut(&Node, &str) -> Result<Node, String>,
) -> Result<Node, String> {
    let (way, last) = path.split()?;
    change_below(document, way, last, edit).map_err(|e| format!("`{}`: {e}", path.text))
}

fn change_below(
    node: &Node,
    way: &[String],
    last: &str,
    edit: &mut dyn FnMut(&Node, &str) -> Result<Node, String>,
) -> Result<Node, String> {
    let Some((token, rest)) = way.split_first() else {
        return edit(node, last);
    };
    let missing = || format!("nothing is at `{token}`, on the way");
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

fn add(parent: &Node, key: &str, value: Node) -> Result<Node, String> {
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
        Node::Scalar(_) => Err("a scalar has no fields".to_owned()),
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

fn remove(parent: &Node, key: &str) -> Result<Node, String> {
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
        _ => Err(format!("the field `{key}` is not there")),
    }
}

fn replace(parent: &Node, key: &str, value: Node) -> Result<Node, String> {
    match parent {
        Node::Mapping(mapping) => Ok(with_entry(mapping, key, value)),
        Node::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            let at = index(key, sequence.items.len(), sequence.items.len())?;
            Arc::make_mut(&mut sequence.items)[at] = value;
            Ok(Node::Sequence(sequence))
        }
        Node::Scalar(_) => Err("a scalar has no fields".to_owned()),
    }
}

fn test(document: &Node, path: &Path, expected: Option<&Node>) -> Result<(), String> {
    let Some(expected) = expected else {
        return Err(format!("`{}`: a test without a value", path.text));
    };
    let found = if path.text.is_empty() {
        Some(document)
    } else {
        find(document, path)?
    };
    match found {
        None if expected.is_null() => Ok(()),
        Some(found) if equal(found, expected) => Ok(()),
        _ => Err(format!(
            "`{}` does not have the value that the patch tests for",
            path.text
        )),
    }
}

/// Returns whether two trees mean the same; the order of keys does not matter.
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

/// Normalizes a tree as Go's `encoding/json` would: styles and tags dropped, numbers as f64. Shares unchanged subtrees.
pub(crate) fn normalize(root: &Node) -> Result<Node, Unprintable> {
    Ok(normalize_node(root, false)?.unwrap_or_else(|| root.clone()))
}

/// `None` where nothing changes.
fn normalize_node(node: &Node, flow: bool) -> Result<Option<Node>, Unprintable> {
    match node {
        Node::Scalar(scalar) if is_normal(scalar) => Ok(None),
        Node::Scalar(scalar) => {
            let negative_zero = scalar.tag == Tag::Float
                && matches!(resolve_scalar(&scalar.text, Dialect::Manifest), ResolvedScalar::Float(f) if f == 0.0 && f.is_sign_negative());
            let normal = match meaning(node, flow)? {
                Meaning::Number(_) if negative_zero => Node::Scalar(Scalar {
                    tag: Tag::Int,
                    ..Scalar::untyped("-0")
                }),
                Meaning::Text(text) if *text == *scalar.text => Node::Scalar(as_text(&scalar.text)),
                other => from_meaning(&other),
            };
            let same = matches!(&normal, Node::Scalar(n) if n == scalar);
            Ok((!same).then_some(normal))
        }
        Node::Sequence(sequence) => normalize_sequence(sequence, flow),
        Node::Mapping(mapping) => normalize_mapping(mapping, flow),
    }
}

/// Returns whether a scalar certainly is as Go's library would write it.
fn is_normal(scalar: &Scalar) -> bool {
    let plain = scalar.style == ScalarStyle::Plain && !scalar.explicit && scalar.alias == 0;
    let text = &*scalar.text;
    match scalar.tag {
        Tag::Text => plain && choose_text_style(text) == ScalarStyle::Plain,
        Tag::Bool => plain && matches!(text, "true" | "false"),
        Tag::Int => {
            plain
                && text.len() < 7
                && !text.starts_with('0')
                && text.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

fn normalize_sequence(sequence: &Sequence, flow: bool) -> Result<Option<Node>, Unprintable> {
    let mut items: Option<Vec<Node>> = None;
    for (at, item) in sequence.items.iter().enumerate() {
        if let Some(normal) =
            normalize_node(item, flow || sequence.flow).map_err(|e| e.below(at))?
        {
            items.get_or_insert_with(|| sequence.items.to_vec())[at] = normal;
        }
    }
    let restyled = sequence.flow != sequence.items.is_empty();
    let changed = restyled || items.is_some();
    let items = items.map_or_else(|| Arc::clone(&sequence.items), Arc::new);
    Ok(changed.then(|| {
        Node::Sequence(Sequence {
            flow: items.is_empty(),
            items,
        })
    }))
}

fn normalize_mapping(mapping: &Mapping, flow: bool) -> Result<Option<Node>, Unprintable> {
    let mut entries: Option<Vec<(Scalar, Node)>> = None;
    for (at, (key, value)) in mapping.entries.iter().enumerate() {
        let normal_key = key.tag == Tag::Text && is_normal(key);
        let name = if normal_key {
            key.text.to_string()
        } else {
            key_name(key, flow || mapping.flow)?
        };
        if mapping.entries[..at]
            .iter()
            .any(|(k, _)| k.text == key.text)
        {
            return Err(Unprintable::new(format!("the key `{name}` is repeated")));
        }
        let changed = || {
            name != *key.text
                || key.tag != Tag::Text
                || key.explicit
                || key.style != choose_text_style(&name)
        };
        if !normal_key && changed() {
            entries.get_or_insert_with(|| mapping.entries.to_vec())[at].0 = text_scalar(&name);
        }
        if let Some(normal) =
            normalize_node(value, flow || mapping.flow).map_err(|e| e.below(&name))?
        {
            entries.get_or_insert_with(|| mapping.entries.to_vec())[at].1 = normal;
        }
    }
    let restyled = mapping.flow != mapping.entries.is_empty();
    let changed = restyled || entries.is_some();
    let entries = entries.map_or_else(|| Arc::clone(&mapping.entries), Arc::new);
    Ok(changed.then(|| {
        Node::Mapping(Mapping {
            flow: entries.is_empty(),
            entries,
        })
    }))
}

fn key_name(key: &Scalar, flow: bool) -> Result<String, Unprintable> {
    match meaning(&Node::Scalar(key.clone()), flow)? {
        Meaning::Text(text) => Ok(text.into_owned()),
        _ => Err(Unprintable::new(format!(
            "the key `{}` is not text",
            key.text
        ))),
    }
}

/// A text as Go's library writes it.
fn text_scalar(text: &str) -> Scalar {
    as_text(&Arc::from(text))
}

fn as_text(text: &Arc<str>) -> Scalar {
    Scalar {
        text: Arc::clone(text),
        tag: Tag::Text,
        style: choose_style_between_steps(text),
        explicit: false,
        alias: 0,
    }
}

/// A value as Go's library writes it.
fn from_meaning(value: &Meaning<'_>) -> Node {
    match value {
        Meaning::Null => null(),
        Meaning::Bool(bool) => Node::Scalar(Scalar {
            tag: Tag::Bool,
            ..Scalar::untyped(if *bool { "true" } else { "false" })
        }),
        Meaning::Number(number) => {
            let text = print_general_float(number.as_f64().unwrap_or_default());
            Node::Scalar(Scalar {
                tag: implicit(&text),
                ..Scalar::untyped(&text)
            })
        }
        Meaning::Text(text) => Node::Scalar(text_scalar(text)),
        Meaning::Written(text) => Node::Scalar(as_text(text)),
        Meaning::Sequence(items) => {
            let items = Arc::new(items.iter().map(from_meaning).collect::<Vec<_>>());
            Node::Sequence(Sequence {
                flow: items.is_empty(),
                items,
            })
        }
        Meaning::Mapping(map) => {
            let entries = Arc::new(
                map.iter()
                    .map(|(k, v)| (text_scalar(k), from_meaning(v)))
                    .collect::<Vec<_>>(),
            );
            Node::Mapping(Mapping {
                flow: entries.is_empty(),
                entries,
            })
        }
    }
}
