//! Transformers: changes to all objects of a build.

mod embedded;
mod embedded_yaml;
pub(crate) mod field_path;
pub(crate) mod image;
pub(crate) mod label;
pub(crate) mod name;
pub(crate) mod namespace;
pub(crate) mod reference;
pub(crate) mod replacement;
pub(crate) mod replica;
pub(crate) mod value_add;
pub(crate) mod variable;

use std::sync::Arc;

use crate::config::Config;
use crate::field::{Change, FieldSpec, Make, change};
use crate::hash::add_hashes;
use crate::kustomization::{ImageEntry, Replacement, ReplicaEntry};
use crate::patch::apply::apply_patch;
use crate::patch::content::{Patch, PatchField};
use crate::patch::schema::SchemaData;
use crate::resource::{ObjectOrigin, PluginOrigin, Resource};
use crate::rules;
use crate::version::KustomizeVersion;
use label::LabelStep;
use name::NameEnd;
use namespace::NamespaceStep;
use pointer_diagnostics::{Diagnostics, Origin, Reported, Rule};
use value_add::ValueAdd;

/// One transformer of a layer, and the place that asks for it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) origin: Origin,
    pub(crate) action: StepAction,
    /// The plugin that was configured by an object, if one was.
    pub(crate) plugin: Option<Arc<PluginOrigin>>,
}

impl Step {
    /// Returns the plugin that runs the step.
    fn plugin_origin(&self) -> Arc<PluginOrigin> {
        let field = || PluginOrigin::of_field(&self.origin.file, self.action.plugin());
        let configured = self.plugin.as_ref().map(Arc::clone);
        configured.unwrap_or_else(|| Arc::new(field()))
    }
}

/// The change that a transformer makes.
#[derive(Debug)]
pub(crate) enum StepAction {
    Patch(Patch),
    Namespace(NamespaceStep),
    Name(NameEnd, Arc<str>, FieldChoice),
    Labels(LabelStep),
    Annotations(Vec<(String, String)>, FieldChoice),
    Replicas(ReplicaEntry, FieldChoice),
    Image(ImageEntry, FieldChoice),
    Replacement(Replacement),
    ValueAdd(ValueAdd),
    Hash,
}

impl StepAction {
    /// Returns the name of kustomize's plugin for the change.
    fn plugin(&self) -> &'static str {
        match self {
            Self::Patch(patch) => match patch.field {
                PatchField::Patches => "PatchTransformer",
                PatchField::PatchesStrategicMerge => "PatchStrategicMergeTransformer",
                PatchField::PatchesJson6902 => "PatchJson6902Transformer",
            },
            Self::Namespace(_) => "NamespaceTransformer",
            Self::Name(NameEnd::Prefix, ..) => "PrefixTransformer",
            Self::Name(NameEnd::Suffix, ..) => "SuffixTransformer",
            Self::Labels(_) => "LabelTransformer",
            Self::Annotations(..) => "AnnotationsTransformer",
            Self::Replicas(..) => "ReplicaCountTransformer",
            Self::Image(..) => "ImageTagTransformer",
            Self::Replacement(_) => "ReplacementTransformer",
            Self::ValueAdd(_) => "ValueAddTransformer",
            Self::Hash => "HashTransformer",
        }
    }
}

/// The fields that a transformer sets.
#[derive(Debug, Clone)]
pub(crate) enum FieldChoice {
    /// Fields of kustomize and of `configurations`.
    Configured,
    /// Fields of the transformer's own configuration.
    Own(Vec<FieldSpec>),
}

impl FieldChoice {
    /// Returns the fields, given those that are configured.
    pub(crate) fn specs<'c>(&'c self, configured: &'c [FieldSpec]) -> &'c [FieldSpec] {
        match self {
            Self::Configured => configured,
            Self::Own(specs) => specs,
        }
    }
}

/// Effect of a step on ids: one changed, or an object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdEffect {
    Kept,
    Changed,
}

/// Tables of a build that transformers look things up in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepContext<'c> {
    pub(crate) config: &'c Config,
    pub(crate) schema: Option<&'c SchemaData>,
    pub(crate) version: KustomizeVersion,
}

/// Runs a transformer on the objects of a build.
pub(crate) fn apply_step(
    resources: &mut Vec<Resource>,
    step: &Step,
    context: StepContext<'_>,
    problems: &mut Diagnostics,
) -> Result<IdEffect, Reported> {
    let config = context.config;
    let mut rule: &Rule = &rules::KUSTOMIZATION_FIELD;
    let mut effect = IdEffect::Kept;
    let done = match &step.action {
        StepAction::Patch(patch) => {
            let patched = apply_patch(resources, patch, context, problems)?;
            record_origins(resources, step);
            return Ok(patched);
        }
        StepAction::Namespace(namespace) => {
            (rule, effect) = (&rules::DUPLICATE_RESOURCE, IdEffect::Changed);
            namespace::set_namespace(resources, namespace, &config.namespace)
        }
        StepAction::Name(end, text, specs) => {
            effect = IdEffect::Changed;
            let configured = match end {
                NameEnd::Prefix => &config.name_prefix,
                NameEnd::Suffix => &config.name_suffix,
            };
            name::extend_names(resources, *end, text, specs.specs(configured))
        }
        StepAction::Labels(labels) => label::set_labels(resources, labels, config),
        StepAction::Annotations(pairs, specs) => {
            label::set_texts(resources, pairs, specs.specs(&config.common_annotations))
        }
        StepAction::Replicas(entry, specs) => {
            replica::set_replicas(resources, entry, specs.specs(&config.replicas))
        }
        StepAction::Image(entry, specs) => {
            image::set_image(resources, entry, specs.specs(&config.images))
        }
        StepAction::Replacement(entry) => {
            (rule, effect) = (&rules::REPLACEMENT_DOES_NOT_APPLY, IdEffect::Changed);
            replacement::apply_replacement(resources, entry, context.version)
                .map_err(|e| e.to_string())
        }
        StepAction::ValueAdd(value) => {
            effect = IdEffect::Changed;
            value_add::add_value(resources, value)
        }
        StepAction::Hash => {
            return add_hashes(resources, problems).map(|()| IdEffect::Changed);
        }
    };
    match done {
        Ok(()) => Ok(effect),
        Err(message) => {
            let problem = rule.report(message).primary(step.origin.clone(), "");
            Err(problems.report(problem))
        }
    }
}

/// Names the plugin of a step as the origin of the objects whose record it removed, as kustomize does.
fn record_origins(resources: &mut [Resource], step: &Step) {
    let lost = resources
        .iter_mut()
        .filter(|resource| resource.origin == ObjectOrigin::Lost);
    for resource in lost {
        resource.origin = ObjectOrigin::Plugin(step.plugin_origin());
    }
}

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
