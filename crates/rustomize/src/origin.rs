//! The annotation that says where an object came from (`buildMetadata: [originAnnotations]`).

use crate::meaning::ORIGIN;
use crate::resource::{ObjectOrigin, PluginOrigin, Resource};
use crate::tree::{Mapping, Node, Scalar};

/// Writes the origin into an object. Paths are relative to the directory that is built.
pub(crate) fn annotate(resource: &mut Resource, root: &str) {
    let text = match &resource.origin {
        ObjectOrigin::Plugin(plugin) => describe_plugin(plugin, root),
        ObjectOrigin::File | ObjectOrigin::Lost => {
            format!("path: {}\n", relative(&resource.source.file, root))
        }
    };
    let Node::Mapping(mapping) = resource.root() else {
        return;
    };
    let mut mapping = mapping.clone();
    let mut metadata = mapping
        .get("metadata")
        .and_then(Node::as_mapping)
        .cloned()
        .unwrap_or_default();
    let mut annotations = metadata
        .get("annotations")
        .and_then(Node::as_mapping)
        .cloned()
        .unwrap_or_else(Mapping::default);
    annotations.put(ORIGIN, Node::Scalar(Scalar::text(&text)));
    metadata.put("annotations", Node::Mapping(annotations));
    mapping.put("metadata", Node::Mapping(metadata));
    resource.keeps_origin = true;
    resource.set_root(Node::Mapping(mapping));
}

/// Returns the text of the annotation for what a plugin made.
fn describe_plugin(plugin: &PluginOrigin, root: &str) -> String {
    let mut text = format!(
        "configuredIn: {}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {}\n",
        relative(&plugin.file, root),
        plugin.kind
    );
    for (field, value) in [("name", &plugin.name), ("namespace", &plugin.namespace)] {
        if !value.is_empty() {
            text.push_str(&format!("  {field}: {value}\n"));
        }
    }
    text
}

/// A path from a directory.
fn relative(path: &str, directory: &str) -> String {
    let split = |text: &str| {
        text.split('/')
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (path, directory) = (split(path), split(directory));
    let common = path
        .iter()
        .zip(&directory)
        .take_while(|(a, b)| a == b)
        .count();
    let up = std::iter::repeat_n("..".to_owned(), directory.len() - common);
    up.chain(path[common..].iter().cloned())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn paths_are_relative_to_what_is_built() {
        assert_eq!(
            relative("base/x/a.yaml", "out/site/x"),
            "../../../base/x/a.yaml"
        );
        assert_eq!(relative("a.yaml", ""), "a.yaml");
    }
}
