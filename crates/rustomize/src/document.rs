//! Resource files: from bytes to the objects in them, as kustomize takes them apart.

use std::sync::Arc;

use serde_json::Value;

use super::meaning;
use super::problem::{Outcome, of_file};
use super::resource::{Resource, Source};
use super::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use crate::rules;
use manifest_yaml::{
    ReadError, ReadLimits, ScalarStyle, expand_merge_keys, print_float, read_first_document,
};
use pointer_diagnostics::Diagnostic;

/// From this many bytes on, documents are parsed on all cores.
const LARGE: usize = 1 << 16;

/// The objects of a file: lists are taken apart, empty documents are skipped.
pub(super) fn resources(file: &str, bytes: &[u8]) -> Outcome<Vec<Resource>> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        of_file(
            &rules::MALFORMED_RESOURCE,
            file,
            "the file is not UTF-8 text",
        )
    })?;
    if let Some(at) = schema_comment(text) {
        let message = "a comment with an OpenAPI schema would change how patches merge";
        let found = rules::UNSUPPORTED_KUSTOMIZATION
            .report(message)
            .primary_bytes(file, at..at + 1, "");
        return Err(Box::new(found.help("remove the comment")));
    }
    let nodes = documents(text).map_err(|e| malformed(file, bytes, &e))?;
    let file: Arc<str> = Arc::from(file);
    let mut queue: Vec<(usize, Node)> = Vec::with_capacity(nodes.len());
    for (document, node) in nodes {
        queue.extend(checked(&file, document, node)?);
    }
    let mut found = Vec::with_capacity(queue.len());
    let mut next = 0;
    while let Some((document, node)) = queue.get(next).cloned() {
        next += 1;
        match list_items(&file, &node)? {
            None => found.push(Resource::new(
                node,
                Source {
                    file: Arc::clone(&file),
                    document,
                },
            )),
            Some(items) => {
                for item in items {
                    queue.extend(checked(&file, document, item)?);
                }
            }
        }
        if queue.len() > ReadLimits::MANIFEST.nodes {
            return Err(of_file(
                &rules::MALFORMED_RESOURCE,
                &file,
                "too many objects in lists",
            ));
        }
    }
    Ok(found)
}

/// An error of the YAML reader, with its place in the original text.
fn malformed(file: &str, bytes: &[u8], error: &ReadError) -> Box<Diagnostic> {
    let range = error.range.bytes();
    let range = range.start.min(bytes.len())..range.end.min(bytes.len());
    Box::new(
        rules::MALFORMED_RESOURCE
            .report(error.message.clone())
            .primary_bytes(file, range, "reading stopped here"),
    )
}

/// A comment that kustomize would read as a schema.
fn schema_comment(text: &str) -> Option<usize> {
    let at = text.find("x-kubernetes-")?;
    let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[line..at]
        .find("# {")
        .or_else(|| text[line..at].find("#{"))
        .map(|i| line + i)
}

/// The documents of a text, with their numbers. A list that stands alone in its file is taken apart.
fn documents(text: &str) -> Result<Vec<(usize, Node)>, ReadError> {
    let pieces = split(text)?;
    let alone = pieces.len() == 1;
    let parsed = if text.len() > LARGE {
        parse_in_parallel(&pieces)?
    } else {
        parse_all(&pieces)?
    };
    let parsed = parsed
        .into_iter()
        .enumerate()
        .filter_map(|(i, node)| Some((i, node?)));
    let mut found = Vec::new();
    for (index, node) in parsed.filter(|(_, node)| !node.is_null()) {
        let kind = node.get("kind").map_or("", Node::text);
        let items = node
            .get("items")
            .filter(|_| alone && matches!(kind, "List" | "ResourceList"));
        match items {
            None => found.push((index, node)),
            Some(Node::Sequence(items)) => {
                found.extend(items.items.iter().map(|item| (index, item.clone())));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

fn parse_all(pieces: &[(usize, &str)]) -> Result<Vec<Option<Node>>, ReadError> {
    pieces
        .iter()
        .map(|(offset, piece)| parse(*offset, piece))
        .collect()
}

/// Parses with as many threads as the run has, but with threads of its own: callers may hold locks, which a shared pool could ask for
/// again. The share of a thread that cannot be started is parsed by the caller.
fn parse_in_parallel(pieces: &[(usize, &str)]) -> Result<Vec<Option<Node>>, ReadError> {
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return parse_all(pieces);
    }
    let share = pieces.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut parts = Vec::new();
        for part in pieces.chunks(share) {
            let thread = std::thread::Builder::new();
            let started = thread.spawn_scoped(scope, move || parse_all(part));
            parts.push(started.map_err(|_| part));
        }
        let mut parsed = Vec::with_capacity(pieces.len());
        for part in parts {
            parsed.extend(match part {
                Ok(thread) => match thread.join() {
                    Ok(nodes) => nodes?,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(part) => parse_all(part)?,
            });
        }
        Ok(parsed)
    })
}

fn parse(offset: usize, piece: &str) -> Result<Option<Node>, ReadError> {
    let text = piece.strip_prefix('\u{FEFF}').unwrap_or(piece);
    let offset = offset + (piece.len() - text.len());
    let shift = |mut error: ReadError| {
        let shift = u32::try_from(offset).unwrap_or(u32::MAX);
        error.range.start = error.range.start.saturating_add(shift);
        error.range.end = error.range.end.saturating_add(shift);
        error
    };
    let Some(mut node) = read_first_document(text, &ReadLimits::MANIFEST).map_err(shift)? else {
        return Ok(None);
    };
    expand_merge_keys(&mut node).map_err(shift)?;
    Node::read(node).map(Some).map_err(shift)
}

/// Splits at lines that start with `---` (but not at the first line), whatever they stand in.
fn split(text: &str) -> Result<Vec<(usize, &str)>, ReadError> {
    let mut pieces = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(at) = text[from..].find("\n---").map(|i| from + i) {
        let Some(end) = text[at + 4..].find('\n').map(|i| at + 4 + i) else {
            break;
        };
        let rest = text[at + 4..end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let range = manifest_yaml::TextRange::new(at + 1, end);
            return Err(ReadError {
                range,
                message: "text after the document separator `---`".to_owned(),
            });
        }
        pieces.push((start, &text[start..=at]));
        (start, from) = (end + 1, end + 1);
    }
    pieces.push((start, &text[start..]));
    Ok(pieces)
}

/// An object that has what every object needs; `None` for an empty one.
fn checked(file: &str, document: usize, node: Node) -> Outcome<Option<(usize, Node)>> {
    if node.is_null_or_empty() {
        return Ok(None);
    }
    let kind = node
        .get("kind")
        .filter(|n| !n.is_null_or_empty())
        .map_or("", Node::text);
    let name = node
        .at(&["metadata", "name"])
        .filter(|n| !n.is_null_or_empty())
        .map_or("", Node::text);
    let missing = match (kind, name) {
        _ if node.as_mapping().is_none() => "a map is expected",
        ("", _) => "`kind` is missing",
        (kind, "") if !kind.ends_with("List") => "`metadata.name` is missing",
        _ => return Ok(Some((document, node))),
    };
    let message = format!("document {} is not an object: {missing}", document + 1);
    Err(of_file(&rules::MALFORMED_RESOURCE, file, message))
}

/// The items of an object that is a list by its kind.
fn list_items(file: &str, node: &Node) -> Outcome<Option<Vec<Node>>> {
    let kind = node.get("kind").map_or("", Node::text);
    let Some(items) = node.get("items").filter(|_| kind.ends_with("List")) else {
        return Ok(None);
    };
    let wrong = |reason: String| {
        of_file(
            &rules::MALFORMED_RESOURCE,
            file,
            format!("`items` of a {kind}: {reason}"),
        )
    };
    match items {
        Node::Sequence(sequence) => {
            let item =
                |item: &Node| meaning::value(&decoded(item), false).map(|value| from_json(&value));
            sequence
                .items
                .iter()
                .map(item)
                .collect::<Result<_, _>>()
                .map(Some)
                .map_err(|e| wrong(e.reason))
        }
        other if other.is_null() => Ok(Some(Vec::new())),
        other => Err(wrong(format!(
            "a list is expected, but {} is there",
            other.kind()
        ))),
    }
}

/// A tree as Go's decoder sees it: nothing depends on braces or on folding.
fn decoded(node: &Node) -> Node {
    match node {
        Node::Scalar(scalar) if scalar.style == ScalarStyle::Folded => Node::Scalar(Scalar {
            style: ScalarStyle::Literal,
            ..scalar.clone()
        }),
        Node::Scalar(_) => node.clone(),
        Node::Sequence(sequence) => Node::sequence(sequence.items.iter().map(decoded).collect()),
        Node::Mapping(mapping) => Node::mapping(
            mapping
                .entries
                .iter()
                .map(|(key, value)| (key.clone(), decoded(value)))
                .collect(),
        ),
    }
}

/// A value as it is read from JSON text.
fn from_json(value: &Value) -> Node {
    match value {
        Value::Array(items) => Node::Sequence(Sequence {
            items: Arc::new(items.iter().map(from_json).collect()),
            flow: true,
        }),
        Value::Object(map) => {
            let key = |key: &str| Scalar {
                style: ScalarStyle::Double,
                ..Scalar::text(key)
            };
            let entries = map
                .iter()
                .map(|(name, value)| (key(name), from_json(value)))
                .collect();
            Node::Mapping(Mapping {
                entries: Arc::new(entries),
                flow: true,
            })
        }
        Value::String(text) => Node::Scalar(Scalar {
            style: ScalarStyle::Double,
            ..Scalar::text(text)
        }),
        Value::Number(number) => {
            let text = number
                .as_f64()
                .filter(|_| number.is_f64())
                .map_or_else(|| number.to_string(), print_float);
            Node::Scalar(Scalar {
                tag: implicit(&text),
                ..Scalar::untyped(&text)
            })
        }
        Value::Bool(bool) => Node::Scalar(Scalar {
            tag: Tag::Bool,
            ..Scalar::untyped(&bool.to_string())
        }),
        Value::Null => Node::Scalar(Scalar {
            tag: Tag::Null,
            ..Scalar::untyped("null")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, String> {
        let found = resources("a.yaml", text.as_bytes()).map_err(|d| d.message)?;
        Ok(found
            .iter()
            .map(|r| format!("{}/{}", r.kind(), r.name()))
            .collect())
    }

    #[test]
    fn empty_documents_are_skipped_and_lists_go_to_the_end() {
        let text = "---\n# nothing\n---\nkind: XList\nitems:\n- {kind: A, metadata: {name: a}}\n---\nkind: B\nmetadata: {name: b}\n--- # x\n{}\n";
        assert_eq!(names(text), Ok(vec!["B/b".to_owned(), "A/a".to_owned()]));
    }

    #[test]
    fn an_object_needs_a_kind_and_a_name() {
        assert!(names("metadata: {name: a}\n").is_err_and(|m| m.contains("`kind` is missing")));
        assert!(
            names("kind: A\nmetadata: {generateName: a}\n")
                .is_err_and(|m| m.contains("`metadata.name`"))
        );
        assert!(names("- a\n").is_err_and(|m| m.contains("a map is expected")));
        assert!(
            names("kind: A\nmetadata: {name: a}\n--- x\n").is_err_and(|m| m.contains("separator"))
        );
    }

    #[test]
    fn the_place_of_a_syntax_error_is_that_in_the_file() {
        let text = "kind: A\nmetadata: {name: a}\n---\na: [\n";
        let found = resources("a.yaml", text.as_bytes()).unwrap_err();
        let pointer_diagnostics::FieldPart::Bytes { start, .. } = found.labels[0].part else {
            panic!("bytes")
        };
        assert!(start > 28, "{start}");
    }
}
