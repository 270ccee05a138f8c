//! Adds objects, configurations and variables to those that are there, and refuses what does not go together.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Accumulated;
use crate::budget::MOST_OBJECTS;
use crate::config::Config;
use crate::generate::absorb_object;
use crate::kustomization::Variable;
use crate::layer::{GeneratedObject, Layer};
use crate::problem::{field_problem, file_problem};
use crate::resource::{Behavior, Resource};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer, Reported};

pub(super) fn merge_config(
    made: &mut Accumulated,
    config: &Arc<Config>,
    layer: &Layer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    if Arc::ptr_eq(&made.config, config) {
        return Ok(());
    }
    if *made.config == Config::default() && config.is_default() {
        made.config = Arc::clone(config);
        return Ok(());
    }
    if config.is_default() && made.roots.len() > 1 {
        // The configuration of a base contains the defaults already.
        return Ok(());
    }
    let merged = Arc::make_mut(&mut made.config).merge(config);
    merged.map_err(|message| {
        problems.report(file_problem(
            &rules::KUSTOMIZATION_FIELD,
            &layer.file,
            message,
        ))
    })
}

/// Merges the configuration into an empty one, as kustomize does with what a component leaves: of two fields that cover each other, the first
/// in the order of sorting stays.
pub(super) fn merge_config_anew(
    made: &mut Accumulated,
    layer: &Layer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    if made.config.is_default() {
        return Ok(());
    }
    let config = std::mem::take(&mut made.config);
    merge_config(made, &config, layer, problems)
}

pub(super) fn duplicate(
    resource: &Resource,
    others: &[Resource],
    file: &str,
    at: &Pointer,
) -> Diagnostic {
    let id = resource.id();
    let message = format!("the object {id} is there twice");
    let mut problem = field_problem(&rules::DUPLICATE_RESOURCE, file, at, message);
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
    problem.help("remove one of the two, or give it another name or namespace")
}

/// Checks that a build does not have too many objects.
fn check_count(
    objects: usize,
    layer: &Layer,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    if objects <= MOST_OBJECTS {
        return Ok(());
    }
    let message =
        format!("with this, the build has {objects} objects, at most {MOST_OBJECTS} are possible");
    let problem = field_problem(&rules::KUSTOMIZATION_TOO_LARGE, &layer.file, at, message);
    Err(problems.report(problem.help("does a base name another one twice, at each level?")))
}

/// Adds the objects of a base. The first one brings the ids that are taken along.
pub(super) fn append_base(
    made: &mut Accumulated,
    base: &Accumulated,
    layer: &Layer,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    check_count(
        made.resources.len() + base.resources.len(),
        layer,
        at,
        problems,
    )?;
    if made.resources.is_empty() && base.ids.is_some() {
        made.resources.extend_from_slice(&base.resources);
        made.ids.clone_from(&base.ids);
        return Ok(());
    }
    append(made, base.resources.iter().cloned(), layer, at, problems)
}

pub(super) fn append(
    made: &mut Accumulated,
    list: impl Iterator<Item = Resource>,
    layer: &Layer,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    made.check_ids(&layer.file, problems)?;
    let mut failed = None;
    for resource in list {
        let ids = Arc::make_mut(made.ids.get_or_insert_default());
        if ids.insert(resource.id_key()) {
            made.resources.push(resource);
        } else {
            let problem = duplicate(&resource, &made.resources, &layer.file, at);
            failed = Some(problems.report(problem));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Adds a generated object, or puts it in the place of the one that it merges with or replaces.
pub(super) fn add_generated(
    made: &mut Accumulated,
    generated: &GeneratedObject,
    layer: &Layer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let GeneratedObject { pointer, object } = generated;
    let id = object.id();
    let mut matches = (0..made.resources.len()).filter(|i| made.resources[*i].has_id(&id));
    let (first, second) = (matches.next(), matches.next());
    let behavior = object.generated.map_or(Behavior::Create, |g| g.behavior);
    let message = match (first, second, behavior) {
        (Some(_), Some(_), _) => format!("more than one object is or was {id}"),
        (None, _, Behavior::Create) => {
            return append(made, [object.clone()].into_iter(), layer, pointer, problems);
        }
        (None, _, _) => format!("{id} is not there, so nothing can be merged or replaced"),
        (Some(_), None, Behavior::Create) => {
            format!("{id} is there already; `behavior` must be `merge` or `replace`")
        }
        (Some(index), None, _) => {
            let mut new = object.clone();
            absorb_object(&mut new, &made.resources[index]);
            made.resources[index] = new;
            return Ok(());
        }
    };
    let rule = &rules::GENERATOR_CONFLICT;
    Err(problems.report(field_problem(rule, &layer.file, pointer, message)))
}

/// Adds the variables of a layer, and notes on the objects which variables name them.
pub(super) fn merge_variables(
    layer: &Layer,
    made: &mut Accumulated,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let mut failed = None;
    for variable in &layer.kustomization.variables {
        let mut matches: Vec<usize> = Vec::new();
        for (index, resource) in made.resources.iter().enumerate() {
            if resource.any_ids().any(|id| variable.names(&id)) {
                matches.push(index);
            }
        }
        match matches.as_slice() {
            [index] => {
                let names = &mut made.resources[*index].variables;
                Arc::make_mut(names).push(variable.name.clone());
            }
            [] => {}
            many => {
                let message = format!(
                    "the variable `{}` could mean {} objects",
                    variable.name,
                    many.len()
                );
                let rule = &rules::KUSTOMIZATION_FIELD;
                let problem = field_problem(rule, &layer.file, &variable.pointer, message);
                failed = Some(problems.report(problem));
            }
        }
        if let Err(reported) = add_variable(made, variable, layer, problems) {
            failed = Some(reported);
        }
    }
    failed.map_or(Ok(()), Err)
}

pub(super) fn add_variable(
    made: &mut Accumulated,
    variable: &Variable,
    layer: &Layer,
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    if made.variables.contains_key(&variable.name) {
        let message = format!("the variable `{}` is there twice", variable.name);
        let rule = &rules::KUSTOMIZATION_FIELD;
        let problem = field_problem(rule, &layer.file, &variable.pointer, message);
        return Err(problems.report(problem));
    }
    made.variables
        .insert(variable.name.clone(), variable.clone());
    Ok(())
}
