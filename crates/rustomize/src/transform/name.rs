//! Prefixes and suffixes of names.

use std::sync::Arc;

use super::change_fields;
use crate::field::{FieldSpec, Make, replaced_scalar};
use crate::resource::{Resource, ResourceId};
use crate::tree::{Node, Tag};

/// An end of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameEnd {
    Prefix,
    Suffix,
}

/// Adds a text to the names of all objects that may be renamed.
pub(crate) fn extend_names(
    resources: &mut [Resource],
    end: NameEnd,
    text: &Arc<str>,
    specs: &[FieldSpec],
) -> Result<(), String> {
    for resource in resources {
        let original = resource.original_id();
        if keeps_name(&original) {
            continue;
        }
        for spec in specs.iter().filter(|s| {
            s.kinds
                .accepts(&original.group, &original.version, &original.kind)
        }) {
            if spec.path == "metadata/name" {
                let history = Arc::make_mut(&mut resource.history);
                match end {
                    NameEnd::Prefix => history.prefixes.push(Arc::clone(text)),
                    NameEnd::Suffix => history.suffixes.push(Arc::clone(text)),
                }
                if !text.is_empty() {
                    resource.store_previous();
                }
            }
            change_fields(resource, [spec], Make::Scalar, &mut |old: &Node| {
                let new = match end {
                    NameEnd::Prefix => format!("{text}{}", old.text()),
                    NameEnd::Suffix => format!("{}{text}", old.text()),
                };
                replaced_scalar(old, &new, Tag::None)
            })?;
        }
    }
    Ok(())
}

/// Returns whether an object keeps its name, because the name means something.
fn keeps_name(id: &ResourceId) -> bool {
    matches!(id.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (id.kind == "APIService" && id.group == "apiregistration.k8s.io")
}
