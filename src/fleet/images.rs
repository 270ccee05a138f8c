//! The images that sites use.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::compile::CompiledSite;

/// Returns the images of a site, each once: those that its final manifests name, and those that its apps say operators choose.
pub fn list_site_images(site: &CompiledSite) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    for object in site.rendered.values().flatten() {
        for pointer in Catalogue::built_in().image_pointers(object) {
            let value = object.get(pointer.as_str());
            let text =
                value.and_then(|v| v.as_str().or_else(|| v.get("name").and_then(Value::as_str)));
            images.extend(
                text.filter(|text| !text.trim().is_empty())
                    .map(str::to_owned),
            );
        }
    }
    let chosen = site
        .plan
        .instances
        .iter()
        .filter_map(|instance| instance.images.as_ref());
    images.extend(chosen.flat_map(|plan| plan.names.iter().cloned()));
    images
}
