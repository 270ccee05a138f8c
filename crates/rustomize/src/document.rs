//! Resource files: from bytes to the objects in them, as kustomize takes them apart.

use std::sync::Arc;

use serde_json::Value;

use crate::meaning;
use crate::problem::file_problem;
use crate::resource::{DocumentEnd, Resource, Source};
use crate::rules;
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use crate::version::KustomizeVersion;
use crate::yaml::read_document;
use manifest_yaml::{NodeData, ReadError, ReadLimits, ScalarStyle, YamlNode, print_float};
use pointer_diagnostics::{Diagnostic, Diagnostics, Reported};

/// From this many bytes on, documents are parsed on all cores.
const LARGE: usize = 1 << 16;

/// A document of a file, or an object of a list in it.
#[derive(Debug, Clone)]
struct NumberedNode {
    /// The document's number in the file, from 0.
    document: usize,
    node: Node,
    end: DocumentEnd,
}

impl NumberedNode {
    /// Makes an object of a list: the end of the document is none of its own.
    fn of_list(document: usize, node: Node) -> Self {
        Self {
            document,
            node,
            end: DocumentEnd::Bare,
        }
    }
}

/// Reads the objects of a file: lists are taken apart, empty documents are skipped.
pub(crate) fn read_resources(
    file: &str,
    bytes: &[u8],
    version: KustomizeVersion,
    problems: &mut Diagnostics,
) -> Result<Vec<Resource>, Reported> {
    read_objects(file, bytes, version).map_err(|problem| problems.report(*problem))
}

/// Reads the objects of a text that may be something else, such as the path of a file.
pub(crate) fn read_inline_resources(
    file: &str,
    text: &str,
    version: KustomizeVersion,
) -> Option<Vec<Resource>> {
    read_objects(file, text.as_bytes(), version).ok()
}

fn read_objects(
    file: &str,
    bytes: &[u8],
    version: KustomizeVersion,
) -> Result<Vec<Resource>, Box<Diagnostic>> {
    let malformed = &rules::MALFORMED_RESOURCE;
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Box::new(file_problem(malformed, file, "the file is not UTF-8 text")))?;
    if let Some(at) = schema_comment(text) {
        let message = "a comment with an OpenAPI schema would change how patches merge";
        let problem = rules::UNSUPPORTED_KUSTOMIZATION
            .report(message)
            .primary_bytes(file, at..at + 1, "");
        return Err(Box::new(problem.help("remove the comment")));
    }
    let nodes = read_documents(text).map_err(|e| syntax_problem(file, bytes, &e))?;
    let file: Arc<str> = Arc::from(file);
    let mut queue: Vec<NumberedNode> = Vec::with_capacity(nodes.len());
    for node in nodes {
        queue.extend(check_object(&file, node)?);
    }
    let mut resources = Vec::with_capacity(queue.len());
    let mut next = 0;
    while let Some(NumberedNode {
        document,
        node,
        end,
    }) = queue.get(next).cloned()
    {
        next += 1;
        let Some(items) = list_items(&file, &node, version)? else {
            let source = Source {
                file: Arc::clone(&file),
                document,
            };
            let mut resource = Resource::new(node, source);
            resource.end = end;
            resources.push(resource);
            continue;
        };
        for node in items {
            queue.extend(check_object(&file, NumberedNode::of_list(document, node))?);
        }
        if queue.len() > ReadLimits::MANIFEST.nodes {
            let message = "too many objects in lists";
            return Err(Box::new(file_problem(malformed, &file, message)));
        }
    }
    Ok(resources)
}

/// Builds the problem of a YAML error, with its place in the original text.
fn syntax_problem(file: &str, bytes: &[u8], error: &ReadError) -> Box<Diagnostic> {
    let text = String::from_utf8_lossy(bytes);
    Box::new(rules::MALFORMED_RESOURCE.report_unreadable(file, &text, error))
}

/// Returns the place of a comment that kustomize would read as a schema.
fn schema_comment(text: &str) -> Option<usize> {
    let at = text.find("x-kubernetes-")?;
    let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[line..at]
        .find("# {")
        .or_else(|| text[line..at].find("#{"))
        .map(|i| line + i)
}

/// Reads the documents of a text. A list that stands alone in its file is taken apart.
fn read_documents(text: &str) -> Result<Vec<NumberedNode>, ReadError> {
    let pieces = split_documents(text)?;
    let alone = pieces.len() == 1;
    let parsed = if text.len() > LARGE {
        parse_on_threads(&pieces)?
    } else {
        parse_pieces(&pieces)?
    };
    let mut documents = Vec::with_capacity(parsed.len());
    for (document, parsed) in parsed.into_iter().enumerate() {
        let Some(ParsedDocument { node, end }) = parsed.filter(|parsed| !parsed.node.is_null())
        else {
            continue;
        };
        match wrapped_items(&node).filter(|_| alone) {
            None => documents.push(NumberedNode {
                document,
                node,
                end,
            }),
            Some(items) => {
                for node in items {
                    documents.push(NumberedNode::of_list(document, node.clone()));
                }
            }
        }
    }
    Ok(documents)
}

/// Returns the items of a `List` or `ResourceList`, which the reader itself takes apart.
fn wrapped_items(node: &Node) -> Option<&[Node]> {
    let kind = node.get("kind").map_or("", Node::text);
    let items = node
        .get("items")
        .filter(|_| matches!(kind, "List" | "ResourceList"))?;
    Some(items.as_sequence().map_or(&[], |list| &**list.items))
}

/// A document's text and where it begins.
#[derive(Debug, Clone, Copy)]
struct DocumentText<'t> {
    offset: usize,
    text: &'t str,
}

/// A document that was read.
#[derive(Debug)]
struct ParsedDocument {
    node: Node,
    end: DocumentEnd,
}

fn parse_pieces(pieces: &[DocumentText<'_>]) -> Result<Vec<Option<ParsedDocument>>, ReadError> {
    pieces.iter().map(|piece| parse_piece(*piece)).collect()
}

/// Parses with as many threads as the run has, but with threads of its own: callers may hold locks, which a shared pool could ask for
/// again. The share of a thread that cannot be started is parsed by the caller.
fn parse_on_threads(pieces: &[DocumentText<'_>]) -> Result<Vec<Option<ParsedDocument>>, ReadError> {
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return parse_pieces(pieces);
    }
    let share = pieces.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut parts = Vec::new();
        for part in pieces.chunks(share) {
            let thread = std::thread::Builder::new();
            let started = thread.spawn_scoped(scope, move || parse_pieces(part));
            parts.push(started.map_err(|_| part));
        }
        let mut parsed = Vec::with_capacity(pieces.len());
        for part in parts {
            parsed.extend(match part {
                Ok(thread) => match thread.join() {
                    Ok(nodes) => nodes?,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err(part) => parse_pieces(part)?,
            });
        }
        Ok(parsed)
    })
}

fn parse_piece(piece: DocumentText<'_>) -> Result<Option<ParsedDocument>, ReadError> {
    let text = piece.text.strip_prefix('\u{FEFF}').unwrap_or(piece.text);
    let offset = piece.offset + (piece.text.len() - text.len());
    let shift = |mut error: ReadError| {
        let shift = u32::try_from(offset).unwrap_or(u32::MAX);
        error.range.start = error.range.start.saturating_add(shift);
        error.range.end = error.range.end.saturating_add(shift);
        error
    };
    let Some(node) = read_document(text).map_err(shift)? else {
        return Ok(None);
    };
    let end = find_end(text, &node);
    let node = Node::read(node).map_err(shift)?;
    Ok(Some(ParsedDocument { node, end }))
}

/// Returns what follows a document's last value, where that is a block of lines: only there it matters.
fn find_end(text: &str, node: &YamlNode) -> DocumentEnd {
    let mut last = node;
    loop {
        let below = match &last.data {
            NodeData::Sequence { items, .. } => items.last(),
            NodeData::Mapping { entries, .. } => entries.last().map(|(_, value)| value),
            NodeData::Scalar { .. } => None,
        };
        match below {
            Some(below) => last = below,
            None => break,
        }
    }
    let is_block = matches!(
        last.data,
        NodeData::Scalar {
            style: ScalarStyle::Literal | ScalarStyle::Folded,
            ..
        }
    );
    let rest = text.get(last.span.bytes().end..).filter(|_| is_block);
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    if rest.is_some_and(|rest| rest.lines().any(is_comment)) {
        DocumentEnd::Comment
    } else {
        DocumentEnd::Bare
    }
}

/// Splits at lines that start with `---` (but not at the first line), whatever they stand in.
fn split_documents(text: &str) -> Result<Vec<DocumentText<'_>>, ReadError> {
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
        pieces.push(DocumentText {
            offset: start,
            text: &text[start..=at],
        });
        (start, from) = (end + 1, end + 1);
    }
    pieces.push(DocumentText {
        offset: start,
        text: &text[start..],
    });
    Ok(pieces)
}

/// Checks that an object has what every object needs; an empty one is dropped.
fn check_object(file: &str, object: NumberedNode) -> Result<Option<NumberedNode>, Box<Diagnostic>> {
    let NumberedNode { document, node, .. } = &object;
    if node.is_null_or_empty() {
        return Ok(None);
    }
    let text = |node: Option<&'_ Node>| {
        let node = node.filter(|n| !n.is_null_or_empty());
        node.map_or(String::new(), |n| n.text().to_owned())
    };
    let kind = text(node.get("kind"));
    let name = text(node.at(&["metadata", "name"]));
    let missing = if node.as_mapping().is_none() {
        "a map is expected"
    } else if kind.is_empty() {
        "`kind` is missing"
    } else if name.is_empty() && !kind.ends_with("List") {
        "`metadata.name` is missing"
    } else {
        return Ok(Some(object));
    };
    let message = format!("document {} is not an object: {missing}", document + 1);
    let rule = &rules::MALFORMED_RESOURCE;
    Err(Box::new(file_problem(rule, file, message)))
}

/// Returns the items of an object that is a list by its kind.
fn list_items(
    file: &str,
    node: &Node,
    version: KustomizeVersion,
) -> Result<Option<Vec<Node>>, Box<Diagnostic>> {
    let kind = node.get("kind").map_or("", Node::text);
    if !kind.ends_with("List") {
        return Ok(None);
    }
    let wrong = |reason: String| {
        let message = format!("`items` of a {kind}: {reason}");
        Box::new(file_problem(&rules::MALFORMED_RESOURCE, file, message))
    };
    let sequence = match node.get("items") {
        // Before 5.5, a list without items was an empty one.
        None if version == KustomizeVersion::V5_4 => return Ok(Some(Vec::new())),
        None => return Ok(None),
        Some(Node::Sequence(sequence)) => sequence,
        Some(other) if other.is_null() => return Ok(Some(Vec::new())),
        Some(other) => {
            let reason = format!("a list is expected, but {} is there", other.kind());
            return Err(wrong(reason));
        }
    };
    let mut items = Vec::with_capacity(sequence.items.len());
    for item in sequence.items.iter() {
        let value = meaning::value(&decoded(item), false).map_err(|e| wrong(e.reason))?;
        let item = from_json(&value);
        match wrapped_items(&item) {
            // Each item is read as a file of its own.
            Some(inner) => items.extend_from_slice(inner),
            None => items.push(item),
        }
    }
    Ok(Some(items))
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
        let version = KustomizeVersion::default();
        let found = read_objects("a.yaml", text.as_bytes(), version).map_err(|d| d.message)?;
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
        let version = KustomizeVersion::default();
        let found = read_objects("a.yaml", text.as_bytes(), version).unwrap_err();
        let pointer_diagnostics::FieldPart::Bytes { start, .. } = found.labels[0].part else {
            panic!("bytes")
        };
        assert!(start > 28, "{start}");
    }
}
