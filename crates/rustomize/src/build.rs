//! From layers to objects: kustomize's order of everything.
//!
//! Resources and bases, configurations, generators, components, then the transformers in their fixed order. Only the outermost
//! layer adds hashes, follows references, drops local objects and sorts.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Renderer;
use super::config::Config;
use super::files::is_at_or_below;
use super::generate::{absorb, add_hash};
use super::layer::{Entry, Layer};
use super::order;
use super::patch::apply::{self, Names};
use super::problem::{Outcome, of_field, of_file};
use super::resource::{Behavior, Resource};
use super::transform::{image, label, name, namespace, reference, replacement, replica};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

/// What a kustomization and everything below it makes, before the outermost layer finishes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Accumulated {
    pub(super) resources: Vec<Resource>,
    pub(super) config: Arc<Config>,
    /// The directories of all kustomizations that were used.
    pub(super) roots: BTreeSet<String>,
    pub(super) warnings: Diagnostics,
    /// The ids that are taken; `None` where renaming may have changed them.
    ids: Option<Arc<BTreeSet<String>>>,
}

impl Accumulated {
    /// Forgets the ids where a patch changed some.
    fn heed(&mut self, names: Names) {
        if names == Names::Changed {
            self.ids = None;
        }
    }
}

/// Builds what a directory describes, finished and in the order of the output.
pub(super) fn build(renderer: &Renderer, root: &str) -> Outcome<(Vec<Resource>, Diagnostics)> {
    let layer = renderer.load(root)?;
    let mut made = accumulate(renderer, &layer, &[root], Accumulated::default())?;
    let file = &layer.file;
    for resource in made
        .resources
        .iter_mut()
        .filter(|resource| resource.generated.is_some_and(|g| g.hash))
    {
        add_hash(resource).map_err(|e| unprintable(resource, &e.path, &e.reason))?;
        made.ids = None;
    }
    reference::follow(&mut made.resources, &made.config)
        .map_err(|message| of_file(&rules::AMBIGUOUS_REFERENCE, file, message))?;
    for resource in &made.resources {
        if resource.kind().is_empty()
            || (resource.name().is_empty() && !resource.kind().ends_with("List"))
        {
            let message = format!(
                "{} has no `kind` or no `metadata.name` any more",
                resource.id()
            );
            return Err(of_file(
                &rules::MALFORMED_RESOURCE,
                &resource.source.file,
                message,
            ));
        }
    }
    made.resources.retain(|resource| !is_local(resource));
    taken(&mut made, file)?;
    order::sort(&mut made.resources, &layer.kustomization.sort);
    if layer.kustomization.origin_annotations {
        for resource in &mut made.resources {
            super::origin::annotate(resource, root);
        }
    }
    Ok((made.resources, made.warnings))
}

/// A problem of the output, with the field and the file that it came from.
pub(super) fn unprintable(resource: &Resource, path: &[String], reason: &str) -> Box<Diagnostic> {
    let pointer = path
        .iter()
        .fold(Pointer::root(), |pointer, step| pointer.at(step));
    let message = format!("{}: `{pointer}` cannot be printed: {reason}", resource.id());
    of_file(&rules::UNPRINTABLE_RESOURCE, &resource.source.file, message)
}

/// Whether an object is only for the build.
fn is_local(resource: &Resource) -> bool {
    let annotations = resource.root().at(&["metadata", "annotations"]);
    annotations
        .and_then(|a| a.get("config.kubernetes.io/local-config"))
        .is_some_and(|value| value.text() != "false")
}

/// Runs a layer on what was accumulated before it (for components; otherwise on nothing).
fn accumulate(
    renderer: &Renderer,
    layer: &Layer,
    chain: &[&str],
    mut made: Accumulated,
) -> Outcome<Accumulated> {
    made.roots.insert(layer.root.clone());
    warn(layer, &mut made.warnings);
    for entry in &layer.resources {
        match entry {
            Entry::File(at, list) => append(&mut made, list.iter().cloned(), layer, at)?,
            Entry::Directory(at, root) => {
                let base = base(renderer, layer, at, root, chain)?;
                made.roots.extend(base.roots.iter().cloned());
                made.warnings.extend(base.warnings.iter().cloned());
                merge_config(&mut made, &base.config, layer)?;
                append_base(&mut made, &base, layer, at)?;
            }
        }
    }
    merge_config(&mut made, &Config::default_fields(), layer)?;
    for config in &layer.configurations {
        merge_config(&mut made, &Arc::new(config.clone()), layer)?;
    }
    for (at, generated) in &layer.generated {
        generate(&mut made, generated.clone(), layer, at)?;
    }
    for (at, root) in &layer.components {
        let component = nested(renderer, layer, at, root, chain)?;
        if !component.kustomization.is_component {
            let message = format!(
                "`{}` is not of the kind `Component`; list it under `resources`",
                component.file
            );
            return Err(of_field(
                &rules::KUSTOMIZATION_FIELD,
                &layer.file,
                at,
                message,
            ));
        }
        let chain: Vec<&str> = chain.iter().copied().chain([root.as_str()]).collect();
        made = accumulate(renderer, &component, &chain, made)?;
        made.ids = None;
        taken(&mut made, &layer.file)?;
    }
    transform(layer, &mut made)?;
    Ok(made)
}

/// Another directory's layer, unless it is one that we are in.
fn nested(
    renderer: &Renderer,
    layer: &Layer,
    at: &Pointer,
    root: &str,
    chain: &[&str],
) -> Outcome<Arc<Layer>> {
    refuse_cycle(layer, at, root, chain)?;
    renderer.layer(root)
}

fn refuse_cycle(layer: &Layer, at: &Pointer, root: &str, chain: &[&str]) -> Outcome<()> {
    match chain.iter().find(|visited| is_at_or_below(visited, root)) {
        None => Ok(()),
        Some(visited) => {
            let name = |path: &str| {
                if path.is_empty() {
                    ".".to_owned()
                } else {
                    path.to_owned()
                }
            };
            let message = format!(
                "`{}` is or contains `{}`, which uses it",
                name(root),
                name(visited)
            );
            Err(of_field(&rules::KUSTOMIZE_CYCLE, &layer.file, at, message))
        }
    }
}

/// What another directory makes; computed once for all who use it.
fn base(
    renderer: &Renderer,
    layer: &Layer,
    at: &Pointer,
    root: &str,
    chain: &[&str],
) -> Outcome<Arc<Accumulated>> {
    refuse_cycle(layer, at, root, chain)?;
    if let Some(known) = renderer.base(root) {
        for used in &known.roots {
            refuse_cycle(layer, at, used, chain)?;
        }
        return Ok(known);
    }
    let below = renderer.layer(root)?;
    if below.kustomization.is_component {
        let message = format!(
            "`{}` is of the kind `Component`; list it under `components`",
            below.file
        );
        return Err(of_field(
            &rules::KUSTOMIZATION_FIELD,
            &layer.file,
            at,
            message,
        ));
    }
    let chain: Vec<&str> = chain.iter().copied().chain([root]).collect();
    let made = accumulate(renderer, &below, &chain, Accumulated::default())?;
    Ok(renderer.keep_base(root, made))
}

fn warn(layer: &Layer, warnings: &mut Diagnostics) {
    for (pointer, name) in &layer.kustomization.deprecated {
        let origin = Origin {
            file: Arc::clone(&layer.file),
            document: 0,
            pointer: pointer.clone(),
        };
        let instead = match *name {
            "bases" => "use `resources`",
            "imageTags" => "use `images`",
            "commonLabels" => "use `labels` with `includeSelectors: true`",
            _ => "use `patches`",
        };
        let found = rules::DEPRECATED_KUSTOMIZATION_FIELD.report(format!("`{name}` is deprecated"));
        warnings.push(found.primary_key(origin, "").help(instead));
    }
}

fn merge_config(made: &mut Accumulated, config: &Arc<Config>, layer: &Layer) -> Outcome<()> {
    if Arc::ptr_eq(&made.config, config) {
        return Ok(());
    }
    if *made.config == Config::default() {
        made.config = Arc::clone(config);
        return Ok(());
    }
    if Arc::ptr_eq(config, &Config::default_fields()) && made.roots.len() > 1 {
        // What comes from a base contains the defaults already.
        return Ok(());
    }
    let merged = Arc::make_mut(&mut made.config).merge(config);
    merged.map_err(|message| of_file(&rules::KUSTOMIZATION_FIELD, &layer.file, message))
}

/// The ids that are taken; an error where two objects have the same.
fn taken(made: &mut Accumulated, file: &str) -> Outcome<()> {
    if made.ids.is_none() {
        let mut ids = BTreeSet::new();
        for resource in &made.resources {
            if !ids.insert(resource.id_key()) {
                return Err(duplicate(resource, &made.resources, file, &Pointer::root()));
            }
        }
        made.ids = Some(Arc::new(ids));
    }
    Ok(())
}

fn duplicate(
    resource: &Resource,
    others: &[Resource],
    file: &str,
    at: &Pointer,
) -> Box<Diagnostic> {
    let id = resource.id();
    let message = format!("the object {id} is there twice");
    let mut problem = *of_field(&rules::DUPLICATE_RESOURCE, file, at, message);
    let sources = others
        .iter()
        .filter(|r| r.id().same(&id))
        .chain([resource])
        .map(|r| &r.source);
    for source in sources.collect::<BTreeSet<_>>() {
        problem = problem.context(
            Origin::file(&source.file),
            format!("document {}", source.document + 1),
        );
    }
    Box::new(problem.help("remove one of the two, or give it another name or namespace"))
}

/// Adds what a base makes. The first one brings the ids that are taken along.
fn append_base(
    made: &mut Accumulated,
    base: &Accumulated,
    layer: &Layer,
    at: &Pointer,
) -> Outcome<()> {
    if made.resources.is_empty() && base.ids.is_some() {
        made.resources.extend_from_slice(&base.resources);
        made.ids.clone_from(&base.ids);
        return Ok(());
    }
    append(made, base.resources.iter().cloned(), layer, at)
}

fn append(
    made: &mut Accumulated,
    list: impl Iterator<Item = Resource>,
    layer: &Layer,
    at: &Pointer,
) -> Outcome<()> {
    taken(made, &layer.file)?;
    for resource in list {
        let new = Arc::make_mut(made.ids.get_or_insert_default()).insert(resource.id_key());
        if !new {
            return Err(duplicate(&resource, &made.resources, &layer.file, at));
        }
        made.resources.push(resource);
    }
    Ok(())
}

/// Adds a generated object, or puts it in the place of the one that it merges with or replaces.
fn generate(made: &mut Accumulated, mut new: Resource, layer: &Layer, at: &Pointer) -> Outcome<()> {
    let id = new.id();
    let wrong = |message: String| of_field(&rules::GENERATOR_CONFLICT, &layer.file, at, message);
    let mut matches = (0..made.resources.len()).filter(|i| made.resources[*i].has_id(&id));
    let (first, second) = (matches.next(), matches.next());
    let create = new.generated.is_none_or(|g| g.behavior == Behavior::Create);
    match (first, second) {
        (Some(_), Some(_)) => Err(wrong(format!("more than one object is or was {id}"))),
        (None, _) if create => append(made, [new].into_iter(), layer, at),
        (None, _) => Err(wrong(format!(
            "{id} is not there, so nothing can be merged or replaced"
        ))),
        (Some(_), None) if create => Err(wrong(format!(
            "{id} is there already; `behavior` must be `merge` or `replace`"
        ))),
        (Some(index), None) => {
            absorb(&mut new, &made.resources[index]);
            made.resources[index] = new;
            Ok(())
        }
    }
}

/// The transformers, in their fixed order.
fn transform(layer: &Layer, made: &mut Accumulated) -> Outcome<()> {
    let k = &layer.kustomization;
    let config = Arc::clone(&made.config);
    let at = |field: &str| Pointer::root().at(field);
    let file = &*layer.file;
    let wrong = |pointer: Pointer| {
        move |message: String| of_field(&rules::KUSTOMIZATION_FIELD, file, &pointer, message)
    };
    for patch in &layer.strategic_patches {
        let names = apply::merge_documents(&mut made.resources, patch, layer, true)?;
        made.heed(names);
    }
    for patch in &layer.patches {
        let names = apply::apply(&mut made.resources, patch, layer, true)?;
        made.heed(names);
    }
    let resources = &mut made.resources;
    if !k.namespace.is_empty() {
        let conflict =
            |message: String| of_field(&rules::DUPLICATE_RESOURCE, file, &at("namespace"), message);
        namespace::set(resources, &k.namespace, &config.namespace).map_err(conflict)?;
        made.ids = None;
    }
    for (end, text, specs, field) in [
        (
            name::End::Prefix,
            &k.name_prefix,
            &config.name_prefix,
            "namePrefix",
        ),
        (
            name::End::Suffix,
            &k.name_suffix,
            &config.name_suffix,
            "nameSuffix",
        ),
    ] {
        if !text.is_empty() {
            name::extend(resources, end, text, specs).map_err(wrong(at(field)))?;
            made.ids = None;
        }
    }
    for entry in &k.labels {
        let specs = label::specs(entry, &config).map_err(wrong(entry.pointer.clone()))?;
        label::set_all(resources, &entry.pairs, &specs).map_err(wrong(entry.pointer.clone()))?;
    }
    label::set_all(resources, &k.common_labels, &config.common_labels)
        .map_err(wrong(at("commonLabels")))?;
    let annotations = &config.common_annotations;
    label::set_all(resources, &k.common_annotations, annotations)
        .map_err(wrong(at("commonAnnotations")))?;
    for patch in &layer.json_patches {
        let names = apply::apply(&mut made.resources, patch, layer, false)?;
        made.heed(names);
    }
    let resources = &mut made.resources;
    for entry in &k.replicas {
        replica::set(resources, entry, &config.replicas).map_err(wrong(entry.pointer.clone()))?;
    }
    for entry in &k.images {
        image::set(resources, entry, &config.images).map_err(wrong(entry.pointer.clone()))?;
    }
    for (pointer, entry) in &layer.replacements {
        let failed =
            |message: String| of_field(&rules::REPLACEMENT_DOES_NOT_APPLY, file, pointer, message);
        replacement::apply(resources, entry).map_err(failed)?;
        made.ids = None;
    }
    Ok(())
}
