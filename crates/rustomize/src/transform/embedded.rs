//! Replacements inside a text that is JSON or YAML itself, which kustomize makes since 5.8.

use std::sync::Arc;

use serde_json::Value;

use super::embedded_yaml::{has_more_than_values, print_styled};
use super::field_path::{Set, edit_fields, find_value};
use crate::go_json::{GoLayout, write_go_json};
use crate::meaning::value;
use crate::tree::{Node, Scalar, Tag};
use crate::yaml::read_document;

/// The outcome of a replacement inside a text.
#[derive(Debug, PartialEq)]
pub(super) enum TextChange {
    /// The object with the changed text.
    Made(Node),
    /// The result is not JSON, such as a text in the place of a number without quotes: kustomize leaves the text as it is.
    Unprintable,
    /// The path does not lead into a text.
    None,
    /// The path leads into a text of YAML with comments, anchors or tags, which is not written anew here.
    Yaml,
}

/// A text in a field that can be read as YAML or JSON.
struct EmbeddedText<'n> {
    scalar: &'n Scalar,
    root: Node,
    /// So many parts of the path lead to the field.
    depth: usize,
}

/// Sets what a path leads to where the first part of the path leads to a text, and the rest into what the text means.
pub(super) fn set_in_text(
    root: &Node,
    path: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> TextChange {
    let Some(embedded) = find_text(root, path) else {
        return TextChange::None;
    };
    let mut found = 0;
    let mut is_emptied = false;
    let mut counted = |old: &Node| {
        found += 1;
        let new = set(old)?;
        is_emptied |= has_type(old) && new.text().is_empty();
        Ok(new)
    };
    let edited = edit_fields(
        &embedded.root,
        &path[embedded.depth..],
        create,
        &mut counted,
    );
    let Some(edited) = edited.ok().flatten().filter(|_| found > 0) else {
        return TextChange::None;
    };
    let original = &*embedded.scalar.text;
    let text = if original.trim_start().starts_with(['{', '[']) {
        let Some(edited) = value(&edited, false).ok().filter(|_| !is_emptied) else {
            return TextChange::Unprintable;
        };
        print_like(original, &edited)
    } else {
        let printed = Some(&edited).filter(|_| !has_more_than_values(original));
        match printed.and_then(print_styled) {
            Some(text) => text,
            None => return TextChange::Yaml,
        }
    };
    let mut put = |_: &Node| {
        Ok(Node::Scalar(Scalar {
            text: Arc::from(text.as_str()),
            ..embedded.scalar.clone()
        }))
    };
    match edit_fields(root, &path[..embedded.depth], None, &mut put) {
        Ok(Some(root)) => TextChange::Made(root),
        _ => TextChange::None,
    }
}

/// Returns whether a value is a number, a boolean or a time, which no text is empty of.
fn has_type(node: &Node) -> bool {
    let Node::Scalar(scalar) = node else {
        return false;
    };
    matches!(
        scalar.tag,
        Tag::Int | Tag::Float | Tag::Bool | Tag::Timestamp
    )
}

/// Finds the first field on a path that is a text with a meaning of its own, before the end of the path.
fn find_text<'n>(root: &'n Node, path: &[String]) -> Option<EmbeddedText<'n>> {
    for depth in 1..path.len() {
        let Ok(Some(Node::Scalar(scalar))) = find_value(root, &path[..depth]) else {
            continue;
        };
        if let Ok(Some(node)) = read_document(&scalar.text)
            && let Ok(root) = Node::read(node)
        {
            return Some(EmbeddedText {
                scalar,
                root,
                depth,
            });
        }
    }
    None
}

/// Prints JSON in the layout of a text: on one line, or indented where that has lines and indentation.
fn print_like(original: &str, value: &Value) -> String {
    let layout = if original.contains('\n') && original.contains("  ") {
        GoLayout::Indented
    } else {
        GoLayout::Compact
    };
    let mut text = String::new();
    write_go_json(&mut text, value, layout);
    text
}
