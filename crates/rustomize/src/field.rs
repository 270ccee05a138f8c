//! Fields that transformers set: which kinds of objects have them, and how to reach them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};

/// Group, version and kind; an empty part means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KindFilter {
    pub(crate) group: Cow<'static, str>,
    pub(crate) version: Cow<'static, str>,
    pub(crate) kind: Cow<'static, str>,
}

impl KindFilter {
    /// Returns whether the parts that are given are equal.
    pub(crate) fn accepts(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.kind.is_empty() || self.kind == kind)
            && (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
    }
}

/// A field of some kinds of objects.
#[derive(Debug, Clone)]
pub(crate) struct FieldSpec {
    pub(crate) kinds: KindFilter,
    /// As it is written in configurations, with `/`.
    pub(crate) path: Cow<'static, str>,
    /// Set if a missing field is made.
    pub(crate) create: bool,
    /// The path taken apart, when it was first followed: of the hundreds of specs, a build follows few.
    steps: OnceLock<Box<[Step]>>,
}

/// One level of a path. Lists on the way are entered without a step of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    key: String,
    /// Written as `key[]`: the field is an existing list.
    list: bool,
}

impl PartialEq for FieldSpec {
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds && self.path == other.path && self.create == other.create
    }
}

impl Eq for FieldSpec {}

impl FieldSpec {
    pub(crate) fn new(kinds: KindFilter, path: impl Into<Cow<'static, str>>, create: bool) -> Self {
        Self {
            kinds,
            path: path.into(),
            create,
            steps: OnceLock::new(),
        }
    }

    fn steps(&self) -> &[Step] {
        self.steps.get_or_init(|| split_steps(&self.path))
    }

    /// Returns whether this spec means the same path of at least the same kinds as another.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.path == other.path
            && self
                .kinds
                .accepts(&other.kinds.group, &other.kinds.version, &other.kinds.kind)
    }
}

/// Splits at `/`; `\/` is a slash in a key.
fn split_steps(path: &str) -> Box<[Step]> {
    let mut keys = vec![String::new()];
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'/') => {
                chars.next();
                keys.last_mut().into_iter().for_each(|k| k.push('/'));
            }
            '/' => keys.push(String::new()),
            c => keys.last_mut().into_iter().for_each(|k| k.push(c)),
        }
    }
    if keys.len() > 1 && keys[0].is_empty() {
        keys.remove(0);
    }
    keys.into_iter()
        .map(|key| match key.strip_suffix("[]") {
            Some(short) => Step {
                key: short.to_owned(),
                list: true,
            },
            None => Step { key, list: false },
        })
        .collect()
}

/// Value that a missing last field gets before it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    /// Nothing; the field must exist.
    Never,
    /// An empty scalar.
    Scalar,
    /// An empty map.
    Map,
}

/// Changes a value; `None` leaves it as it is.
pub(crate) type Change<'c> = dyn FnMut(&Node) -> Result<Option<Node>, String> + 'c;

/// Changes the fields at a path; `None` when nothing changed.
pub(crate) fn change(
    root: &Node,
    spec: &FieldSpec,
    make: Make,
    set: &mut Change<'_>,
) -> Result<Option<Node>, String> {
    let make = if spec.create { make } else { Make::Never };
    walk(root, spec.steps(), make, set).map_err(|e| format!("field `{}`: {e}", spec.path))
}

fn walk(
    node: &Node,
    steps: &[Step],
    make: Make,
    set: &mut Change<'_>,
) -> Result<Option<Node>, String> {
    let Some((step, rest)) = steps.split_first() else {
        return set(node);
    };
    match node {
        _ if node.is_null() => Ok(None),
        Node::Mapping(mapping) => into_mapping(mapping, step, rest, make, set),
        Node::Sequence(sequence) => into_sequence(sequence, steps, make, set),
        Node::Scalar(_) => Err("a list or a map is expected, but a scalar is there".to_owned()),
    }
}

fn into_sequence(
    sequence: &Sequence,
    steps: &[Step],
    make: Make,
    set: &mut Change<'_>,
) -> Result<Option<Node>, String> {
    let mut changed: Option<Vec<Node>> = None;
    for (index, item) in sequence.items.iter().enumerate() {
        if let Some(new) = walk(item, steps, make, set)? {
            changed.get_or_insert_with(|| sequence.items.to_vec())[index] = new;
        }
    }
    Ok(changed.map(|items| {
        Node::Sequence(Sequence {
            items: Arc::new(items),
            flow: sequence.flow,
        })
    }))
}

fn into_mapping(
    mapping: &Mapping,
    step: &Step,
    rest: &[Step],
    make: Make,
    set: &mut Change<'_>,
) -> Result<Option<Node>, String> {
    if step.key.is_empty() {
        return Err("a part of the path is empty".to_owned());
    }
    if step.key == "*" {
        return Err("`*` is not supported in the path of a field".to_owned());
    }
    let created = match (make, step.list, rest.is_empty()) {
        (Make::Never, false, _) => None,
        (_, true, _) => Some(Node::sequence(Vec::new())),
        (Make::Scalar, false, true) => Some(Node::Scalar(Scalar::untyped(""))),
        _ => Some(Node::mapping(Vec::new())),
    };
    let Some(at) = mapping.position(&step.key) else {
        let Some(empty) = created.filter(|_| make != Make::Never && !step.list) else {
            return Ok(None);
        };
        let value = walk(&empty, rest, make, set)?.unwrap_or(empty);
        let mut mapping = mapping.clone();
        mapping.put(&step.key, value);
        return Ok(Some(Node::Mapping(mapping)));
    };
    let found = &mapping.entries[at].1;
    // A null in the way becomes what is needed.
    let replaced = created.filter(|_| found.is_null()).map(|new| match new {
        Node::Scalar(scalar) => Node::Scalar(Scalar {
            text: Arc::from(found.text()),
            ..scalar
        }),
        other => other,
    });
    let below = walk(replaced.as_ref().unwrap_or(found), rest, make, set)?;
    let Some(value) = below.or(replaced) else {
        return Ok(None);
    };
    let mut mapping = mapping.clone();
    Arc::make_mut(&mut mapping.entries)[at].1 = value;
    Ok(Some(Node::Mapping(mapping)))
}

/// A scalar in the place of another: same style, new text.
pub(crate) fn replaced_scalar(old: &Node, text: &str, tag: Tag) -> Result<Option<Node>, String> {
    match old {
        Node::Scalar(_) => {
            let new = Node::Scalar(Scalar {
                tag,
                ..Scalar::untyped(text)
            });
            let new = new.in_style_of(old);
            Ok((new != *old).then_some(new))
        }
        other if other.is_null() => Ok(None),
        other => Err(format!(
            "a scalar is expected, but {} is there",
            other.kind()
        )),
    }
}

/// A map with one more or one replaced entry that is text.
pub(crate) fn with_entry(old: &Node, key: &Scalar, text: &Scalar) -> Result<Option<Node>, String> {
    let Node::Mapping(mapping) = old else {
        return Err(format!("a map is expected, but {} is there", old.kind()));
    };
    let mut new = mapping.clone();
    new.set_under(key, Node::Scalar(text.clone()));
    Ok(Some(Node::Mapping(new)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meaning::value;
    use manifest_yaml::{ReadLimits, read_first_document};

    fn set(text: &str, path: &str, create: bool, make: Make) -> Result<serde_json::Value, String> {
        let root = Node::read(
            read_first_document(text, &ReadLimits::MANIFEST)
                .unwrap()
                .unwrap(),
        )
        .unwrap();
        let spec = FieldSpec::new(KindFilter::default(), path.to_owned(), create);
        let changed = change(&root, &spec, make, &mut |old| match make {
            Make::Map => with_entry(old, &Scalar::untyped("k"), &Scalar::text("v")),
            _ => replaced_scalar(old, "new", Tag::Text),
        })?;
        value(&changed.unwrap_or(root), false).map_err(|e| e.reason)
    }

    #[test]
    fn lists_are_entered_and_missing_fields_are_made() {
        let text = "a:\n- b: 1\n- b: 2\n- c: 3\n";
        assert_eq!(
            set(text, "a/b", false, Make::Scalar),
            Ok(serde_json::json!({"a": [{"b": "new"}, {"b": "new"}, {"c": 3}]}))
        );
        assert_eq!(
            set("a: null\n", "a/b/c", true, Make::Map),
            Ok(serde_json::json!({"a": {"b": {"c": {"k": "v"}}}}))
        );
        assert_eq!(
            set("a: {}\n", "b[]/c", true, Make::Scalar),
            Ok(serde_json::json!({"a": {}}))
        );
        assert_eq!(
            set("a: {x/y: z}\n", "a/x\\/y", false, Make::Scalar),
            Ok(serde_json::json!({"a": {"x/y": "new"}}))
        );
    }

    #[test]
    fn a_scalar_in_the_way_is_an_error() {
        assert!(set("a: 1\n", "a/b", true, Make::Scalar).is_err());
    }
}
