//! Trees as Go's `encoding/json` leaves them: JSON patches take an object through it.

use std::sync::Arc;

use crate::meaning::{Unprintable, choose_style_between_steps, meaning};
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use manifest_yaml::{
    Dialect, Meaning, ResolvedScalar, ScalarStyle, choose_text_style, print_general_float,
    resolve_scalar,
};

/// Normalizes a tree as Go's `encoding/json` would: styles and tags dropped, numbers as f64. Shares unchanged subtrees.
pub(crate) fn normalize(root: &Node) -> Result<Node, Unprintable> {
    Ok(normalize_node(root, false)?.unwrap_or_else(|| root.clone()))
}

/// Normalizes a node; `None` where nothing changes.
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

/// Checks that a scalar certainly is as Go's library would write it.
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

/// Returns a text as Go's library writes it.
pub(super) fn text_scalar(text: &str) -> Scalar {
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

/// Returns a value as Go's library writes it.
pub(super) fn from_meaning(value: &Meaning<'_>) -> Node {
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

/// Returns a null.
pub(super) fn null() -> Node {
    Node::Scalar(Scalar {
        tag: Tag::Null,
        ..Scalar::untyped("null")
    })
}
