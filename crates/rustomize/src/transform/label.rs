//! Labels and annotations.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::{FieldChoice, change_fields};
use crate::config::{Config, merge_specs};
use crate::field::{FieldSpec, KindFilter, Make, with_entry};
use crate::kustomization::{LabelEntry, LabelReach};
use crate::resource::Resource;
use crate::tree::Scalar;

/// Sets texts in all objects, at all fields of the specs.
pub(crate) fn set_texts(
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

/// Labels to set, and where.
#[derive(Debug)]
pub(crate) struct LabelStep {
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) fields: FieldChoice,
    /// The reach and the own fields of an entry of `labels`; `None` for `commonLabels` and plugins.
    pub(crate) entry: Option<(LabelReach, Vec<FieldSpec>)>,
}

impl LabelStep {
    /// Returns the step of an entry of `labels`.
    pub(crate) fn of_entry(entry: &LabelEntry) -> Self {
        Self {
            pairs: entry.pairs.clone(),
            fields: FieldChoice::Configured,
            entry: Some((entry.reach, entry.fields.clone())),
        }
    }

    /// Returns the step of `commonLabels`.
    pub(crate) fn of_common_labels(pairs: &[(String, String)]) -> Self {
        Self {
            pairs: pairs.to_vec(),
            fields: FieldChoice::Configured,
            entry: None,
        }
    }
}

/// Sets labels in all objects.
pub(crate) fn set_labels(
    resources: &mut [Resource],
    step: &LabelStep,
    config: &Config,
) -> Result<(), String> {
    match &step.entry {
        None => set_texts(
            resources,
            &step.pairs,
            step.fields.specs(&config.common_labels),
        ),
        Some((reach, fields)) => {
            let specs = entry_specs(*reach, fields, config)?;
            set_texts(resources, &step.pairs, &specs)
        }
    }
}

/// Returns the fields of an entry of `labels`.
fn entry_specs<'c>(
    reach: LabelReach,
    fields: &[FieldSpec],
    config: &'c Config,
) -> Result<Cow<'c, [FieldSpec]>, String> {
    if fields.is_empty() && config.labels.is_empty() {
        match reach {
            LabelReach::Selectors => return Ok(Cow::Borrowed(&config.common_labels)),
            LabelReach::Metadata => return Ok(Cow::Borrowed(std::slice::from_ref(&*OWN_LABELS))),
            LabelReach::Templates => {}
        }
    }
    let mut specs = fields.to_vec();
    merge_specs(&mut specs, &config.labels)?;
    match reach {
        LabelReach::Selectors => {
            merge_specs(&mut specs, &config.common_labels)?;
            return Ok(Cow::Owned(specs));
        }
        LabelReach::Templates => merge_specs(&mut specs, &config.template_labels)?,
        LabelReach::Metadata => {}
    }
    merge_specs(&mut specs, std::slice::from_ref(&*OWN_LABELS))?;
    Ok(Cow::Owned(specs))
}
