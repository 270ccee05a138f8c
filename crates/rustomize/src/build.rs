//! Finishes the objects of the outermost layer: hashes, references, variables, order.

use crate::accumulate::{Accumulated, Accumulator};
use crate::budget::check_build;
use crate::cache::LayerCache;
use crate::hash::add_hashes;
use crate::kustomization::BuildMetadata;
use crate::layer::Layer;
use crate::order::sort_resources;
use crate::origin;
use crate::problem::{field_problem, file_problem};
use crate::resource::Resource;
use crate::rules;
use crate::transform::reference::follow_references;
use crate::transform::variable::resolve_variables;
use pointer_diagnostics::{Diagnostics, Origin, Pointer, Reported};

/// The finished objects of a build, in the order of the output.
#[derive(Debug)]
pub(crate) struct FinishedBuild {
    pub(crate) resources: Vec<Resource>,
    pub(crate) warnings: Diagnostics,
}

/// Builds what a directory describes.
pub(crate) fn build_directory(
    cache: &LayerCache,
    root: &str,
    problems: &mut Diagnostics,
) -> Result<FinishedBuild, Reported> {
    let layer = cache.load_outermost(root, problems)?;
    let accumulator = Accumulator {
        cache,
        schema: layer.schema.as_deref(),
    };
    let made = accumulator.accumulate(&layer, &[root], Accumulated::default(), problems)?;
    finish(&layer, made, cache, problems)
}

fn finish(
    layer: &Layer,
    mut made: Accumulated,
    cache: &LayerCache,
    problems: &mut Diagnostics,
) -> Result<FinishedBuild, Reported> {
    let file = &*layer.file;
    refuse_internal_hashes(&made.resources, problems)?;
    if made.resources.iter().any(|r| r.generated.is_some()) {
        add_hashes(&mut made.resources, problems)?;
        made.forget_ids();
    }
    follow_references(&mut made.resources, &made.config).map_err(|message| {
        problems.report(file_problem(&rules::AMBIGUOUS_REFERENCE, file, message))
    })?;
    let resolved = resolve_variables(&mut made.resources, &made.variables, &made.config);
    resolved.map_err(|problem| {
        let rule = &rules::REPLACEMENT_DOES_NOT_APPLY;
        let at = problem.variable.map(|v| v.pointer).unwrap_or_default();
        problems.report(field_problem(rule, file, &at, problem.message))
    })?;
    check_named(&made.resources, problems)?;
    warn_of_left_out(&made.resources, &mut made.warnings);
    made.resources.retain(|resource| !is_local(resource));
    made.check_ids(file, problems)?;
    check_build(&made.resources, file, problems)?;
    let kustomization = &layer.kustomization;
    sort_resources(&mut made.resources, &kustomization.sort, cache.version());
    if kustomization
        .build_metadata
        .contains(&BuildMetadata::OriginAnnotations)
    {
        for resource in &mut made.resources {
            origin::annotate(resource, &layer.root);
        }
    }
    Ok(FinishedBuild {
        resources: made.resources,
        warnings: made.warnings,
    })
}

/// The annotation by which kustomize remembers that a name ends in a hash.
const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";

/// Refuses objects that ask for a hash by kustomize's own annotation: it would be one over the whole object.
fn refuse_internal_hashes(
    resources: &[Resource],
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let mut failed = None;
    for resource in resources {
        let annotations = resource.root().at(&["metadata", "annotations"]);
        if annotations.and_then(|a| a.get(NEEDS_HASH)).is_some() {
            let message = format!(
                "{} has kustomize's own annotation `{NEEDS_HASH}`",
                resource.id()
            );
            let rule = &rules::UNSUPPORTED_KUSTOMIZATION;
            let problem = file_problem(rule, &resource.source.file, message);
            failed = Some(problems.report(problem.help("remove the annotation")));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Checks that no patch has taken the kind or the name of an object away.
fn check_named(resources: &[Resource], problems: &mut Diagnostics) -> Result<(), Reported> {
    let mut failed = None;
    for resource in resources {
        let has_kind = !resource.kind().is_empty();
        let has_name = !resource.name().is_empty() || resource.kind().ends_with("List");
        if !has_kind || !has_name {
            let message = format!(
                "{} has no `kind` or no `metadata.name` any more",
                resource.id()
            );
            let rule = &rules::MALFORMED_RESOURCE;
            let problem = file_problem(rule, &resource.source.file, message);
            failed = Some(problems.report(problem));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The annotation that keeps an object out of the output.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// Warns of objects that are not printed although no replacement and no variable reads them.
fn warn_of_left_out(resources: &[Resource], warnings: &mut Diagnostics) {
    for resource in resources {
        let is_read = resource.is_replacement_source || !resource.variables.is_empty();
        if is_read || !is_local(resource) {
            continue;
        }
        let source = &resource.source;
        let annotation = Pointer::root()
            .at("metadata")
            .at("annotations")
            .at(LOCAL_CONFIG);
        let message = format!(
            "{} is left out of the output by `{LOCAL_CONFIG}`, and nothing reads it",
            resource.id()
        );
        warnings.push(
            rules::OBJECT_LEFT_OUT
                .report(message)
                .primary(
                    Origin::in_document(&source.file, source.document, annotation),
                    "",
                )
                .help("remove the annotation to apply the object, or remove the object"),
        );
    }
}

/// Returns whether an object is only for the build.
fn is_local(resource: &Resource) -> bool {
    let annotations = resource.root().at(&["metadata", "annotations"]);
    annotations
        .and_then(|a| a.get(LOCAL_CONFIG))
        .is_some_and(|value| value.text() != "false")
}
