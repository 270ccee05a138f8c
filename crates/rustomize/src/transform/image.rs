//! Images of containers.

use std::sync::Arc;

use regex::Regex;

use super::change_fields;
use crate::field::{FieldSpec, Make, replaced_scalar};
use crate::kustomization::ImageEntry;
use crate::resource::Resource;
use crate::tree::{Mapping, Node, Sequence, Tag};

/// Sets an image in all objects: in every list of containers wherever it stands, and then again in the known fields.
pub(crate) fn set_image(
    resources: &mut [Resource],
    image: &ImageEntry,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let pattern = format!(
        "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
        image.name
    );
    let pattern = Regex::new(&pattern)
        .map_err(|_| format!("`{}` is not a regular expression", image.name))?;
    let mut replace = |old: &Node| match old {
        Node::Scalar(scalar) if pattern.is_match(&scalar.text) => {
            replaced_scalar(old, &replaced(&scalar.text, image), Tag::None)
        }
        Node::Scalar(_) => Ok(None),
        other => Err(format!(
            "an image is expected, but {} is there",
            other.kind()
        )),
    };
    for resource in resources {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        let changed = anywhere(resource.root(), &mut replace)
            .map_err(|e| format!("{}: {e}", resource.id()))?;
        if let Some(root) = changed {
            resource.set_root(root);
        }
        change_fields(resource, specs, Make::Never, &mut replace)?;
    }
    Ok(())
}

type Replace<'r> = dyn FnMut(&Node) -> Result<Option<Node>, String> + 'r;

fn anywhere(node: &Node, replace: &mut Replace<'_>) -> Result<Option<Node>, String> {
    match node {
        Node::Scalar(_) => Ok(None),
        Node::Sequence(sequence) => each_item(sequence, &mut |item| anywhere(item, replace)),
        Node::Mapping(mapping) => {
            let mut changed: Option<Mapping> = None;
            for (at, (key, value)) in mapping.entries.iter().enumerate() {
                let mut new = anywhere(value, replace)?;
                if let (Node::Sequence(list), "containers" | "initContainers") =
                    (new.as_ref().unwrap_or(value), &*key.text)
                {
                    new =
                        each_item(list, &mut |container| in_container(container, replace))?.or(new);
                }
                if let Some(new) = new {
                    let mapping = changed.get_or_insert_with(|| mapping.clone());
                    Arc::make_mut(&mut mapping.entries)[at].1 = new;
                }
            }
            Ok(changed.map(Node::Mapping))
        }
    }
}

fn each_item(sequence: &Sequence, each: &mut Replace<'_>) -> Result<Option<Node>, String> {
    let mut changed: Option<Vec<Node>> = None;
    for (at, item) in sequence.items.iter().enumerate() {
        if let Some(new) = each(item)? {
            changed.get_or_insert_with(|| sequence.items.to_vec())[at] = new;
        }
    }
    Ok(changed.map(|items| {
        Node::Sequence(Sequence {
            items: Arc::new(items),
            flow: sequence.flow,
        })
    }))
}

fn in_container(container: &Node, replace: &mut Replace<'_>) -> Result<Option<Node>, String> {
    match container {
        Node::Mapping(mapping) => {
            let Some(image) = mapping.get("image") else {
                return Ok(None);
            };
            Ok(replace(image)?.map(|image| {
                let mut mapping = mapping.clone();
                mapping.put("image", image);
                Node::Mapping(mapping)
            }))
        }
        null if null.is_null() => Ok(None),
        other => Err(format!(
            "a container is expected, but {} is there",
            other.kind()
        )),
    }
}

fn replaced(old: &str, image: &ImageEntry) -> String {
    let (name, tag, digest) = parts(old);
    let new_tag = image.new_tag.as_deref();
    let (tag, digest) = match (new_tag, image.digest.as_deref(), &image.tag_suffix) {
        (None, None, None) => (tag.to_owned(), digest),
        (None, None, Some(suffix)) => (format!("{tag}{suffix}"), ""),
        (None, Some(new), _) => (String::new(), new),
        (Some(new), digest, _) => (new.to_owned(), digest.unwrap_or_default()),
    };
    let mut result = image.new_name.clone().unwrap_or_else(|| name.to_owned());
    if !tag.is_empty() {
        result.push(':');
        result.push_str(&tag);
    }
    if !digest.is_empty() {
        result.push('@');
        result.push_str(digest);
    }
    result
}

/// Name, tag and digest. A colon before the first slash belongs to the registry's port.
fn parts(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').unwrap_or(0);
    let at = image[from..].find('@').map(|i| from + i);
    let colon = image[from..].find(':').map(|i| from + i);
    match (at, colon) {
        (None, None) => (image, "", ""),
        (Some(at), Some(colon)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (Some(at), _) => (&image[..at], "", &image[at + 1..]),
        (None, Some(colon)) => (&image[..colon], &image[colon + 1..], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        assert_eq!(
            parts("host:5000/a/b:1.2@sha256:ff"),
            ("host:5000/a/b", "1.2", "sha256:ff")
        );
        assert_eq!(parts("nginx"), ("nginx", "", ""));
        assert_eq!(parts("a@sha256:ff"), ("a", "", "sha256:ff"));
    }

    #[test]
    fn what_is_not_given_stays() {
        let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        let image = |tag: &str, name: &str| ImageEntry {
            new_tag: text(tag),
            new_name: text(name),
            ..ImageEntry::default()
        };
        assert_eq!(replaced("a:1", &image("", "b")), "b:1");
        assert_eq!(replaced("a:1@sha256:f", &image("2", "")), "a:2");
    }
}
