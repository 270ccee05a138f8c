//! Prefixes and suffixes of names.

use std::sync::Arc;

use super::change_fields;
use crate::field::{FieldSpec, Make, replaced_scalar};
use crate::resource::{Id, Resource};
use crate::tree::{Node, Tag};

/// Which end of a name is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Adds a text to the names of all objects that may be renamed.
pub(crate) fn extend(
    resources: &mut [Resource],
    end: End,
    text: &str,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let text: Arc<str> = Arc::from(text);
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
                    End::Prefix => history.prefixes.push(Arc::clone(&text)),
                    End::Suffix => history.suffixes.push(Arc::clone(&text)),
                }
                resource.store_previous();
            }
            change_fields(resource, [spec], Make::Scalar, &mut |old: &Node| {
                let new = match end {
                    End::Prefix => format!("{text}{}", old.text()),
                    End::Suffix => format!("{}{text}", old.text()),
                };
                replaced_scalar(old, &new, Tag::None)
            })?;
        }
    }
    Ok(())
}

/// Objects whose names mean something.
fn keeps_name(id: &Id) -> bool {
    matches!(id.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (id.kind == "APIService" && id.group == "apiregistration.k8s.io")
}
