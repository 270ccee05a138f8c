//! Labels that kustomize sets in several places of an object at once are one value for it: a later change of one place changes all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::tree::{Mapping, Node, Scalar, Sequence};

/// Brings the places that share a value with a changed one up to date. `None` where nothing is to be done.
pub(crate) fn follow(before: &Node, after: &Node) -> Option<Node> {
    let mut old = BTreeMap::new();
    collect(before, &mut |scalar| {
        _ = old.insert(scalar.alias, scalar.clone());
    });
    if old.is_empty() {
        return None;
    }
    let mut new: BTreeMap<u32, Scalar> = BTreeMap::new();
    collect(after, &mut |scalar| {
        if old
            .get(&scalar.alias)
            .is_some_and(|was| was.text != scalar.text || was.tag != scalar.tag)
        {
            new.insert(scalar.alias, scalar.clone());
        }
    });
    if new.is_empty() {
        None
    } else {
        Some(replaced(after, &new))
    }
}

/// A tree whose values are its own.
pub(crate) fn separate(node: &Node) -> Node {
    match node {
        Node::Scalar(scalar) => Node::Scalar(Scalar {
            alias: 0,
            ..scalar.clone()
        }),
        Node::Sequence(sequence) => {
            let items = sequence.items.iter().map(separate).collect();
            Node::Sequence(Sequence {
                items: Arc::new(items),
                flow: sequence.flow,
            })
        }
        Node::Mapping(mapping) => {
            let entries = mapping
                .entries
                .iter()
                .map(|(key, value)| (key.clone(), separate(value)))
                .collect();
            Node::Mapping(Mapping {
                entries: Arc::new(entries),
                flow: mapping.flow,
            })
        }
    }
}

/// Visits the shared values, keys in their sorted order.
fn collect(node: &Node, visit: &mut dyn FnMut(&Scalar)) {
    match node {
        Node::Scalar(scalar) if scalar.alias != 0 => visit(scalar),
        Node::Scalar(_) => {}
        Node::Sequence(sequence) => sequence.items.iter().for_each(|item| collect(item, visit)),
        Node::Mapping(mapping) => {
            let mut entries: Vec<_> = mapping.entries.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
            for (_, value) in entries {
                collect(value, visit);
            }
        }
    }
}

fn replaced(node: &Node, new: &BTreeMap<u32, Scalar>) -> Node {
    match node {
        Node::Scalar(scalar) => Node::Scalar(new.get(&scalar.alias).unwrap_or(scalar).clone()),
        Node::Sequence(sequence) => {
            let items = sequence
                .items
                .iter()
                .map(|item| replaced(item, new))
                .collect();
            Node::Sequence(Sequence {
                items: Arc::new(items),
                flow: sequence.flow,
            })
        }
        Node::Mapping(mapping) => {
            let entries = mapping
                .entries
                .iter()
                .map(|(key, value)| (key.clone(), replaced(value, new)))
                .collect();
            Node::Mapping(Mapping {
                entries: Arc::new(entries),
                flow: mapping.flow,
            })
        }
    }
}
