//! Labels and annotations.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::change_fields;
use crate::config::{Config, merge_specs};
use crate::field::{FieldSpec, KindFilter, Make, with_entry};
use crate::kustomization::Labels;
use crate::resource::Resource;
use crate::tree::Scalar;

/// Sets texts in all objects, at all fields of the specs.
pub(crate) fn set_all(
    resources: &mut [Resource],
    pairs: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<(), String> {
    let pairs: Vec<(Scalar, Scalar)> = pairs
        .iter()
        .map(|(key, text)| (Scalar::untyped(key), Scalar::text(text)))
        .collect();
    for resource in resources {
        for (key, text) in &pairs {
            let alias = if specs.len() > 1 {
                resource.next_alias()
            } else {
                0
            };
            let text = Scalar {
                alias,
                ..text.clone()
            };
            change_fields(resource, specs, Make::Map, &mut |old| {
                with_entry(old, key, &text)
            })?;
        }
    }
    Ok(())
}

/// The labels of the object itself.
static OWN_LABELS: LazyLock<FieldSpec> =
    LazyLock::new(|| FieldSpec::new(KindFilter::default(), "metadata/labels", true));

/// The fields of an entry of `labels`.
pub(crate) fn specs<'c>(
    entry: &Labels,
    config: &'c Config,
) -> Result<Cow<'c, [FieldSpec]>, String> {
    let nothing_else =
        entry.fields.is_empty() && config.labels.is_empty() && !entry.include_templates;
    match entry.include_selectors {
        true if nothing_else => return Ok(Cow::Borrowed(&config.common_labels)),
        false if nothing_else => return Ok(Cow::Borrowed(std::slice::from_ref(&*OWN_LABELS))),
        _ => {}
    }
    let mut specs = entry.fields.clone();
    merge_specs(&mut specs, &config.labels)?;
    if entry.include_selectors {
        merge_specs(&mut specs, &config.common_labels)?;
        return Ok(Cow::Owned(specs));
    }
    if entry.include_templates {
        merge_specs(&mut specs, &config.template_labels)?;
    }
    merge_specs(&mut specs, std::slice::from_ref(&*OWN_LABELS))?;
    Ok(Cow::Owned(specs))
}
