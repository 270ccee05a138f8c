//! From layers to objects: kustomize's order of everything.
//!
//! Resources and bases, configurations, generators, components, then the transformers in their order and the validators.

mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cache::LayerCache;
use crate::config::Config;
use crate::files::is_at_or_below;
use crate::kustomization::{DeprecatedField, KustomizationKind, Variable};
use crate::layer::{
    Layer, LayerDirectory, LayerEntry, LayerInputs, Loader, read_generator_plugin,
    read_transformer_plugin,
};
use crate::patch::schema::SchemaData;
use crate::problem::{field_origin, field_problem};
use crate::resource::Resource;
use crate::rules;
use crate::transform::{IdEffect, Step, StepContext, apply_step};
use merge::{
    add_generated, add_variable, append, append_base, duplicate, merge_config, merge_config_anew,
    merge_variables,
};
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer, Reported};

/// The objects of a kustomization and everything below it, before the outermost layer finishes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accumulated {
    pub(crate) resources: Vec<Resource>,
    pub(crate) config: Arc<Config>,
    pub(crate) variables: BTreeMap<String, Variable>,
    /// The directories of all kustomizations that were used.
    pub(crate) roots: BTreeSet<String>,
    pub(crate) warnings: Diagnostics,
    /// The ids that are taken; `None` where renaming may have changed them.
    ids: Option<Arc<BTreeSet<String>>>,
}

impl Accumulated {
    /// Forgets the ids, because some may have changed.
    pub(crate) fn forget_ids(&mut self) {
        self.ids = None;
    }

    /// Checks that no two objects have the same id, where that is not known.
    pub(crate) fn check_ids(
        &mut self,
        file: &str,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        if self.ids.is_some() {
            return Ok(());
        }
        let (mut ids, mut failed) = (BTreeSet::new(), None);
        for resource in &self.resources {
            if !ids.insert(resource.id_key()) {
                let problem = duplicate(resource, &self.resources, file, &Pointer::root());
                failed = Some(problems.report(problem));
            }
        }
        self.ids = Some(Arc::new(ids));
        failed.map_or(Ok(()), Err)
    }
}

/// A build while its layers are accumulated.
#[derive(Clone, Copy)]
pub(crate) struct Accumulator<'a> {
    pub(crate) cache: &'a LayerCache,
    /// The schema of the outermost layer that has one.
    pub(crate) schema: Option<&'a SchemaData>,
}

/// The directories of the kustomizations that use the present one, the outermost first.
type Chain<'c> = [&'c str];

impl Accumulator<'_> {
    /// Runs a layer on what was accumulated before it: for components, the objects of their user; otherwise nothing.
    pub(crate) fn accumulate(
        self,
        layer: &Layer,
        chain: &Chain<'_>,
        mut made: Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<Accumulated, Reported> {
        let mut failed = None;
        for problem in &layer.problems {
            failed = Some(problems.report(problem.clone()));
        }
        made.roots.insert(layer.root.clone());
        warn_of_deprecated(layer, &mut made.warnings);
        let read = self.add_inputs(layer, chain, &mut made, problems);
        // Where objects are missing, a patch without a target says nothing.
        match (read, failed, layer.inputs) {
            (Err(reported), ..) | (_, Some(reported), LayerInputs::Partial) => {
                return Err(reported);
            }
            _ => {}
        }
        for component in &layer.components {
            made = self.add_component(layer, component, chain, made, problems)?;
        }
        if let Err(reported) = self.transform(layer, chain, &mut made, problems) {
            failed = Some(reported);
        }
        if let Err(reported) = merge_variables(layer, &mut made, problems) {
            failed = Some(reported);
        }
        match failed {
            Some(reported) => Err(reported),
            None => Ok(made),
        }
    }

    /// Adds resources, bases, configurations and generated objects.
    fn add_inputs(
        self,
        layer: &Layer,
        chain: &Chain<'_>,
        made: &mut Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let mut outcome = Ok(());
        for entry in &layer.resources {
            let added = self.add_entry(layer, entry, chain, made, problems);
            outcome = added.and(outcome);
        }
        let added = merge_config(made, &self.default_fields(), layer, problems);
        outcome = added.and(outcome);
        for config in &layer.configurations {
            let added = merge_config(made, config, layer, problems);
            outcome = added.and(outcome);
        }
        for generated in &layer.generated {
            let added = add_generated(made, generated, layer, problems);
            outcome = added.and(outcome);
        }
        let plugins = self.plugin_objects(layer, &layer.generators, chain, problems)?;
        let loader = self.loader(layer);
        for (pointer, plugin) in plugins {
            let generated = read_generator_plugin(&loader, &plugin, &pointer, problems);
            let added = generated.and_then(|g| add_generated(made, &g, layer, problems));
            outcome = added.and(outcome);
        }
        outcome
    }

    fn default_fields(self) -> Arc<Config> {
        Config::default_fields(self.cache.version())
    }

    fn loader<'l>(self, layer: &'l Layer) -> Loader<'l>
    where
        Self: 'l,
    {
        self.cache.loader(&layer.root, &layer.file)
    }

    fn add_entry(
        self,
        layer: &Layer,
        entry: &LayerEntry,
        chain: &Chain<'_>,
        made: &mut Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        match entry {
            LayerEntry::File { pointer, objects } => {
                append(made, objects.iter().cloned(), layer, pointer, problems)
            }
            LayerEntry::Directory(directory) => {
                let base = self.base(layer, directory, chain, problems)?;
                made.roots.extend(base.roots.iter().cloned());
                made.warnings.extend(base.warnings.iter().cloned());
                merge_config(made, &base.config, layer, problems)?;
                for variable in base.variables.values() {
                    add_variable(made, variable, layer, problems)?;
                }
                append_base(made, &base, layer, &directory.pointer, problems)
            }
        }
    }

    /// Returns the objects of another directory; computed once for all who use it.
    fn base(
        self,
        layer: &Layer,
        directory: &LayerDirectory,
        chain: &Chain<'_>,
        problems: &mut Diagnostics,
    ) -> Result<Arc<Accumulated>, Reported> {
        let root = directory.root.as_str();
        let pointer = &directory.pointer;
        refuse_cycle(layer, pointer, root, chain, problems)?;
        if let Some(known) = self.cache.base(root) {
            for used in &known.roots {
                refuse_cycle(layer, pointer, used, chain, problems)?;
            }
            return Ok(known);
        }
        let below = self.cache.layer(root, problems)?;
        let kind = below.kustomization.kind;
        if kind == KustomizationKind::Component {
            return Err(problems.report(wrong_kind(layer, pointer, &below)));
        }
        let chain = [chain, &[root][..]].concat();
        let made = self.accumulate(&below, &chain, Accumulated::default(), problems)?;
        Ok(self.cache.keep_base(root, made))
    }

    fn add_component(
        self,
        layer: &Layer,
        directory: &LayerDirectory,
        chain: &Chain<'_>,
        made: Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<Accumulated, Reported> {
        let (root, pointer) = (directory.root.as_str(), &directory.pointer);
        refuse_cycle(layer, pointer, root, chain, problems)?;
        let component = self.cache.layer(root, problems)?;
        let kind = component.kustomization.kind;
        if kind != KustomizationKind::Component {
            return Err(problems.report(wrong_kind(layer, pointer, &component)));
        }
        let chain = [chain, &[root][..]].concat();
        let mut made = self.accumulate(&component, &chain, made, problems)?;
        made.forget_ids();
        made.check_ids(&layer.file, problems)?;
        merge_config_anew(&mut made, layer, problems)?;
        Ok(made)
    }

    /// Runs the transformers and the validators of a layer.
    fn transform(
        self,
        layer: &Layer,
        chain: &Chain<'_>,
        made: &mut Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let mut outcome = Ok(());
        for step in &layer.steps {
            outcome = self.run_step(step, made, problems).and(outcome);
        }
        let steps = self.plugin_steps(layer, &layer.transformers, chain, problems)?;
        for step in &steps {
            outcome = self.run_step(step, made, problems).and(outcome);
        }
        let validators = self.plugin_steps(layer, &layer.validators, chain, problems)?;
        for step in &validators {
            outcome = self.validate(step, made, problems).and(outcome);
        }
        outcome
    }

    fn run_step(
        self,
        step: &Step,
        made: &mut Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let config = Arc::clone(&made.config);
        let context = StepContext {
            config: &config,
            schema: self.schema,
            version: self.cache.version(),
        };
        let effect = apply_step(&mut made.resources, step, context, problems)?;
        if effect == IdEffect::Changed {
            made.forget_ids();
        }
        Ok(())
    }

    /// Runs a transformer that may change nothing.
    fn validate(
        self,
        step: &Step,
        made: &Accumulated,
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let mut copy = made.clone();
        self.run_step(step, &mut copy, problems)?;
        let is_same = copy.resources.len() == made.resources.len()
            && copy
                .resources
                .iter()
                .zip(&made.resources)
                .all(|(a, b)| a.history == b.history && a.printed() == b.printed());
        if is_same {
            return Ok(());
        }
        let message = "a validator changes objects; list it under `transformers`";
        let problem = rules::KUSTOMIZATION_FIELD.report(message);
        Err(problems.report(problem.primary(step.origin.clone(), "")))
    }

    /// Returns the objects that configure plugins, each with the entry that names it.
    fn plugin_objects(
        self,
        layer: &Layer,
        entries: &[LayerEntry],
        chain: &Chain<'_>,
        problems: &mut Diagnostics,
    ) -> Result<Vec<(Pointer, Resource)>, Reported> {
        let mut objects = Vec::new();
        let mut made = Accumulated::default();
        for entry in entries {
            let before = made.resources.len();
            self.add_entry(layer, entry, chain, &mut made, problems)?;
            let pointer = match entry {
                LayerEntry::File { pointer, .. } => pointer,
                LayerEntry::Directory(directory) => &directory.pointer,
            };
            for object in &made.resources[before..] {
                objects.push((pointer.clone(), object.clone()));
            }
        }
        Ok(objects)
    }

    fn plugin_steps(
        self,
        layer: &Layer,
        entries: &[LayerEntry],
        chain: &Chain<'_>,
        problems: &mut Diagnostics,
    ) -> Result<Vec<Step>, Reported> {
        let (mut steps, mut failed) = (Vec::new(), None);
        let loader = self.loader(layer);
        for (pointer, plugin) in self.plugin_objects(layer, entries, chain, problems)? {
            match read_transformer_plugin(&loader, &plugin, &pointer, problems) {
                Ok(read) => steps.extend(read),
                Err(reported) => failed = Some(reported),
            }
        }
        match failed {
            Some(reported) => Err(reported),
            None => Ok(steps),
        }
    }
}

fn refuse_cycle(
    layer: &Layer,
    at: &Pointer,
    root: &str,
    chain: &Chain<'_>,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let Some(visited) = chain.iter().find(|visited| is_at_or_below(visited, root)) else {
        return Ok(());
    };
    let shown = |path: &str| if path.is_empty() { "." } else { path }.to_owned();
    let message = format!(
        "`{}` is or contains `{}`, which uses it",
        shown(root),
        shown(visited)
    );
    let rule = &rules::KUSTOMIZE_CYCLE;
    Err(problems.report(field_problem(rule, &layer.file, at, message)))
}

fn warn_of_deprecated(layer: &Layer, warnings: &mut Diagnostics) {
    for DeprecatedField { pointer, name } in &layer.kustomization.deprecated {
        let instead = match *name {
            "bases" => "use `resources`",
            "imageTags" => "use `images`",
            "commonLabels" => "use `labels` with `includeSelectors: true`",
            "vars" => "use `replacements`",
            _ => "use `patches`",
        };
        let problem =
            rules::DEPRECATED_KUSTOMIZATION_FIELD.report(format!("`{name}` is deprecated"));
        let origin = field_origin(&layer.file, pointer);
        warnings.push(problem.primary_key(origin, "").help(instead));
    }
}

/// Builds the problem of a directory under `resources` that is a component, or under `components` that is none.
fn wrong_kind(layer: &Layer, at: &Pointer, listed: &Layer) -> Diagnostic {
    let file = &listed.file;
    let message = match listed.kustomization.kind {
        KustomizationKind::Component => {
            format!("`{file}` is of the kind `Component`; list it under `components`")
        }
        KustomizationKind::Kustomization => {
            format!("`{file}` is not of the kind `Component`; list it under `resources`")
        }
    };
    field_problem(&rules::KUSTOMIZATION_FIELD, &layer.file, at, message)
}
