//! The builtin plugin `ValueAddTransformer`: puts a text into fields, also into the middle of paths.

use std::sync::Arc;

use super::namespace::{NamespaceStep, set_in_object};
use crate::patch::select::ObjectFilter;
use crate::resource::Resource;
use crate::tree::{Mapping, Node, Scalar, Tag};

/// A text and the fields that it is put into.
#[derive(Debug)]
pub(crate) struct ValueAdd {
    pub(crate) value: String,
    pub(crate) targets: Vec<ValueTarget>,
}

/// A field of some objects.
#[derive(Debug)]
pub(crate) struct ValueTarget {
    /// The objects; `None` means all.
    pub(crate) filter: Option<ObjectFilter>,
    /// The keys on the way, separated by `/`.
    pub(crate) field_path: String,
    /// The position in a file path at which the text is inserted, from 1; 0 replaces the field.
    pub(crate) position: usize,
}

/// Puts a text into the fields of all targets.
pub(crate) fn add_value(resources: &mut [Resource], add: &ValueAdd) -> Result<(), String> {
    for target in &add.targets {
        for resource in resources.iter_mut() {
            if target.filter.as_ref().is_none_or(|f| f.accepts(resource)) {
                add_to_object(resource, add, target)?;
            }
        }
    }
    Ok(())
}

fn add_to_object(
    resource: &mut Resource,
    add: &ValueAdd,
    target: &ValueTarget,
) -> Result<(), String> {
    if target.field_path == "metadata/namespace" {
        return set_in_object(resource, &NamespaceStep::of_field(&add.value), &[]);
    }
    let keys = split_keys(&target.field_path);
    let root = with_value(resource.root(), &keys, add, target)
        .map_err(|e| format!("{}: field `{}`: {e}", resource.id(), target.field_path))?;
    resource.set_root(root);
    Ok(())
}

/// Splits at `/`; `\/` is a slash in a key.
fn split_keys(path: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for part in path.split('/') {
        match keys.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => keys.push(part.to_owned()),
        }
    }
    keys
}

fn with_value(
    node: &Node,
    keys: &[String],
    add: &ValueAdd,
    target: &ValueTarget,
) -> Result<Node, String> {
    let Some((key, rest)) = keys.split_first() else {
        let Node::Scalar(old) = node else {
            return Err(format!(
                "a scalar is expected, but {} is there",
                node.kind()
            ));
        };
        let text = match target.position {
            0 => add.value.clone(),
            position => insert_path_part(&old.text, position - 1, &add.value),
        };
        return Ok(Node::Scalar(Scalar {
            text: Arc::from(text),
            tag: Tag::None,
            ..old.clone()
        }));
    };
    let mut mapping = match node {
        Node::Mapping(mapping) => mapping.clone(),
        other if other.is_null() => Mapping::default(),
        other => return Err(format!("a map is expected, but {} is there", other.kind())),
    };
    let empty = if rest.is_empty() {
        Node::Scalar(Scalar::untyped(""))
    } else {
        Node::mapping(Vec::new())
    };
    let below = mapping.get(key).filter(|below| !below.is_null());
    let new = with_value(below.unwrap_or(&empty), rest, add, target)?;
    mapping.put(key, new);
    Ok(Node::Mapping(mapping))
}

/// Inserts a part into a path; a path that is absolute stays so.
fn insert_path_part(path: &str, position: usize, part: &str) -> String {
    if part.is_empty() {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 {
        let is_absolute = parts[0].is_empty();
        parts.retain(|p| !p.is_empty());
        if is_absolute {
            parts.insert(0, "");
        }
    } else if path.is_empty() {
        parts.clear();
    }
    let mut at = position.min(parts.len());
    if parts.first().is_some_and(|first| first.is_empty()) && at < parts.len() {
        at += 1;
    }
    parts.insert(at, part);
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::insert_path_part;

    #[test]
    fn a_part_is_inserted_and_absolute_paths_stay_absolute() {
        assert_eq!(insert_path_part("", 3, "P"), "P");
        assert_eq!(insert_path_part("/", 0, "P"), "/P");
        assert_eq!(insert_path_part("pie", 0, "P"), "P/pie");
        assert_eq!(insert_path_part("/raw", 1, "P"), "/raw/P");
        assert_eq!(insert_path_part("/a/nice/pie", 2, "P"), "/a/nice/P/pie");
        assert_eq!(insert_path_part("a/b", 99, "P"), "a/b/P");
    }
}
