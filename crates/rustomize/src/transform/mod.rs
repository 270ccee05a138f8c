//! What kustomizations do to all objects: names, namespaces, labels, annotations, images, replicas.

pub(super) mod image;
pub(super) mod label;
pub(super) mod name;
pub(super) mod namespace;
pub(super) mod reference;
pub(super) mod replacement;
pub(super) mod replica;

use super::field::{Change, FieldSpec, Make, change};
use super::resource::Resource;

/// Changes the fields that the specs name, one spec after the other. The error says which object.
fn change_fields<'s>(
    resource: &mut Resource,
    specs: impl IntoIterator<Item = &'s FieldSpec>,
    make: Make,
    set: &mut Change<'_>,
) -> Result<(), String> {
    let mut root = None;
    for spec in specs {
        if spec
            .kinds
            .accepts(resource.group(), resource.version(), resource.kind())
        {
            let before = root.as_ref().unwrap_or_else(|| resource.root());
            let changed =
                change(before, spec, make, set).map_err(|e| format!("{}: {e}", resource.id()))?;
            root = changed.or(root);
        }
    }
    if let Some(root) = root {
        resource.set_root(root);
    }
    Ok(())
}
