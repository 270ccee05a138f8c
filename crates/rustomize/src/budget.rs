//! Bounds of what a kustomization may make of the files that it names.
//!
//! A few lines can ask for any amount: operations that copy an object into itself, bases that name the next one twice. Trees share what
//! is alike, so such an object is small until it is written out. Its size is therefore counted before.

use crate::resource::Resource;
use crate::rules;
use crate::tree::Node;
use pointer_diagnostics::{Diagnostics, Origin, Reported};

/// Objects that a build may have.
pub(crate) const MOST_OBJECTS: usize = 10_000;

/// Bytes that one object may have, as [`measure_node`] counts them. An API server takes some 1.5 MiB.
pub(crate) const LARGEST_OBJECT: usize = 16 << 20;

/// Bytes that all objects of a build may have together.
pub(crate) const LARGEST_BUILD: usize = 128 << 20;

/// Collections inside of each other that an object may have.
const DEEPEST: usize = 1_000;

/// Bytes that each value counts for besides its text.
const EACH: usize = 8;

/// Returns the size of a value as it is written out, in bytes, or `limit` and a little more as soon as it is known to be above. A value
/// that is nested too deeply is above every limit.
pub(crate) fn measure_node(node: &Node, limit: usize) -> usize {
    let mut size = 0;
    add_size(node, limit, DEEPEST, &mut size);
    size
}

fn add_size(node: &Node, limit: usize, levels: usize, size: &mut usize) {
    *size = size.saturating_add(EACH);
    if levels == 0 {
        *size = usize::MAX;
    }
    if *size > limit {
        return;
    }
    match node {
        Node::Scalar(scalar) => *size = size.saturating_add(scalar.text.len()),
        Node::Sequence(sequence) => {
            for item in sequence.items.iter() {
                add_size(item, limit, levels - 1, size);
            }
        }
        Node::Mapping(mapping) => {
            for (key, value) in mapping.entries.iter() {
                *size = size.saturating_add(key.text.len());
                add_size(value, limit, levels - 1, size);
            }
        }
    }
}

/// Returns why an object cannot be made, if it is too large.
pub(crate) fn check_object(root: &Node) -> Result<(), String> {
    if measure_node(root, LARGEST_OBJECT) <= LARGEST_OBJECT {
        return Ok(());
    }
    Err(format!(
        "the object would have more than {LARGEST_OBJECT} bytes, or more than {DEEPEST} levels"
    ))
}

/// Reports a build whose objects are too large together.
pub(crate) fn check_build(
    resources: &[Resource],
    file: &str,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let mut size = 0;
    for resource in resources {
        size += measure_node(resource.root(), LARGEST_BUILD - size);
        if size > LARGEST_BUILD {
            let message = format!("the objects would have more than {LARGEST_BUILD} bytes in all");
            let problem = rules::KUSTOMIZATION_TOO_LARGE.report(message);
            return Err(problems.report(problem.primary(Origin::file(file), "")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_OBJECT, measure_node};
    use crate::tree::{Node, Scalar};

    fn doubled(times: usize) -> Node {
        let mut node = Node::Scalar(Scalar::text("text"));
        for _ in 0..times {
            node = Node::sequence(vec![node.clone(), node]);
        }
        node
    }

    #[test]
    fn a_shared_value_counts_each_time_that_it_is_written() {
        assert_eq!(measure_node(&doubled(0), 1_000), 12);
        assert_eq!(measure_node(&doubled(1), 1_000), 8 + 2 * 12);
    }

    #[test]
    fn counting_ends_at_the_limit() {
        let size = measure_node(&doubled(900), LARGEST_OBJECT);
        assert!(size > LARGEST_OBJECT);
        // Each level above notices it by itself.
        assert!(size < LARGEST_OBJECT + 900 * 100, "{size}");
    }

    #[test]
    fn a_value_that_is_too_deep_is_too_large() {
        let mut node = Node::Scalar(Scalar::text("text"));
        for _ in 0..2_000 {
            node = Node::sequence(vec![node]);
        }
        assert!(measure_node(&node, LARGEST_OBJECT) > LARGEST_OBJECT);
    }
}
