//! Patches on the objects of a build: which ones each is for, and what it does to them.

use std::sync::Arc;

use rayon::iter::{IntoParallelRefMutIterator as _, ParallelIterator as _};

use super::json;
use super::select::Select;
use super::strategic::{self, Merged, Misfit};
use crate::MANY;
use crate::build::unprintable;
use crate::layer::{Layer, Patch, PatchContent};
use crate::problem::{Outcome, of_field};
use crate::resource::Resource;
use crate::rules;
use crate::tree::{Mapping, Node, Scalar};
use pointer_diagnostics::{Diagnostic, Origin, Rule};

/// Whether something that is part of an id changed, or an object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Kept,
    Changed,
}

/// Applies an entry of `patches` (tracked) or of `patchesJson6902` (not).
pub(crate) fn apply(
    resources: &mut Vec<Resource>,
    patch: &Patch,
    layer: &Layer,
    tracked: bool,
) -> Outcome<Names> {
    match (&*patch.content, &patch.target) {
        (PatchContent::Json(operations), Some(target)) => on_each(resources, target, |resource| {
            patch_once(resource, operations, patch, layer, tracked)
        }),
        // A patch with a target holds one document.
        (PatchContent::Strategic(documents), Some(target)) => {
            on_each(resources, target, |resource| {
                documents.first().map_or(Ok(Fate::Stays), |document| {
                    merge(resource, document, patch, layer)
                })
            })
        }
        _ => merge_documents(resources, patch, layer, false),
    }
}

/// What becomes of an object.
enum Fate {
    Stays,
    Goes,
}

/// Changes the objects that are meant, on all cores where there are many, and removes those that go. The first problem counts.
fn on_each(
    resources: &mut Vec<Resource>,
    target: &Select,
    change: impl Fn(&mut Resource) -> Outcome<Fate> + Sync,
) -> Outcome<Names> {
    let change = |resource: &mut Resource| {
        if !target.accepts(resource) {
            return Ok((true, true));
        }
        let before = resource.root().clone();
        let fate = change(resource)?;
        Ok((matches!(fate, Fate::Stays), resource.is_named_as(&before)))
    };
    let changed: Vec<Outcome<(bool, bool)>> = match resources.len() {
        0..=MANY => resources.iter_mut().map(change).collect(),
        _ => resources.par_iter_mut().map(change).collect(),
    };
    let changed = changed.into_iter().collect::<Outcome<Vec<_>>>()?;
    if changed.iter().all(|(stays, same)| *stays && *same) {
        return Ok(Names::Kept);
    }
    let mut stays = changed.iter().map(|(stays, _)| *stays);
    resources.retain(|_| stays.next().unwrap_or(true));
    Ok(Names::Changed)
}

fn problem(
    rule: &Rule,
    layer: &Layer,
    patch: &Patch,
    on: &Resource,
    message: String,
) -> Box<Diagnostic> {
    let problem = *of_field(rule, &layer.file, &patch.pointer, message);
    Box::new(problem.context(
        Origin::file(&on.source.file),
        format!("{} is here", on.id()),
    ))
}

/// Applies operations to an object, or takes what the same patch made of it for another site.
fn patch_once(
    resource: &mut Resource,
    operations: &[json::Operation],
    patch: &Patch,
    layer: &Layer,
    tracked: bool,
) -> Outcome<Fate> {
    let Some(shared) = resource.unchanged().cloned() else {
        apply_operations(resource, operations, patch, layer, tracked)?;
        return Ok(Fate::Stays);
    };
    let history = Arc::clone(&resource.history);
    if let Some(patched) = shared.patched(&patch.content, tracked, &history) {
        *resource = patched;
        return Ok(Fate::Stays);
    }
    apply_operations(resource, operations, patch, layer, tracked)?;
    resource.share();
    shared.keep_patched(&patch.content, tracked, history, resource.clone());
    Ok(Fate::Stays)
}

fn apply_operations(
    resource: &mut Resource,
    operations: &[json::Operation],
    patch: &Patch,
    layer: &Layer,
    tracked: bool,
) -> Outcome<()> {
    if tracked {
        resource.store_previous();
    }
    let normal = resource
        .normal(json::normalised)
        .map_err(|e| unprintable(resource, &e.path, &e.reason))?;
    let document = if tracked {
        with_annotations(&normal)
    } else {
        normal
    };
    match json::apply(&document, operations) {
        Ok(root) => {
            resource.set_root(root);
            Ok(())
        }
        Err((index, reason)) => {
            let path = operations.get(index).map_or("", json::Operation::path);
            let message = format!(
                "operation {} (`{path}`) on {}: {reason}",
                index + 1,
                resource.id()
            );
            Err(problem(
                &rules::PATCH_DOES_NOT_APPLY,
                layer,
                patch,
                resource,
                message,
            ))
        }
    }
}

/// kustomize keeps its books in annotations, so they exist while an entry of `patches` is applied.
fn with_annotations(root: &Node) -> Node {
    let Node::Mapping(mapping) = root else {
        return root.clone();
    };
    let metadata = mapping
        .get("metadata")
        .and_then(Node::as_mapping)
        .cloned()
        .unwrap_or_default();
    if metadata
        .get("annotations")
        .is_some_and(|a| !a.is_null_or_empty())
    {
        return root.clone();
    }
    let (mut mapping, mut metadata) = (mapping.clone(), metadata);
    metadata.put("annotations", Node::mapping(Vec::new()));
    mapping.put("metadata", Node::Mapping(metadata));
    Node::Mapping(mapping)
}

/// Merges documents into the objects that they name. `separately`: an object that one of them deletes is gone for the next.
pub(crate) fn merge_documents(
    resources: &mut Vec<Resource>,
    patch: &Patch,
    layer: &Layer,
    separately: bool,
) -> Outcome<Names> {
    let PatchContent::Strategic(documents) = &*patch.content else {
        return Ok(Names::Kept);
    };
    let before = resources.len();
    let mut names = Names::Kept;
    for document in documents {
        if resources.len() != before && !separately {
            let message = "a document follows one that deletes an object: kustomize stops there";
            let problem = *of_field(
                &rules::PATCH_DOES_NOT_APPLY,
                &layer.file,
                &patch.pointer,
                message,
            );
            return Err(Box::new(
                problem.help("give the deletion an entry of its own in `patches`"),
            ));
        }
        let id = document.id();
        let found: Vec<usize> = (0..resources.len())
            .filter(|i| resources[*i].has_id(&id))
            .collect();
        let missing =
            |message: String| {
                let problem = *of_field(
                    &rules::PATCH_TARGET_MISSING,
                    &layer.file,
                    &patch.pointer,
                    message,
                );
                Box::new(problem.help(
                    "name, namespace and apiVersion of the patch must be those of the object",
                ))
            };
        let index = match found.as_slice() {
            [index] => *index,
            [] => {
                return Err(missing(format!(
                    "the patch is for {id}, which is not there"
                )));
            }
            many => {
                return Err(missing(format!(
                    "the patch is for {id}, which fits {} objects",
                    many.len()
                )));
            }
        };
        let before = resources[index].root().clone();
        let fate = merge(&mut resources[index], document, patch, layer)?;
        if matches!(fate, Fate::Goes) || !resources[index].is_named_as(&before) {
            names = Names::Changed;
        }
        if matches!(fate, Fate::Goes) {
            resources.remove(index);
        }
    }
    Ok(names)
}

/// Merges a document into an object.
fn merge(
    resource: &mut Resource,
    document: &Resource,
    patch: &Patch,
    layer: &Layer,
) -> Outcome<Fate> {
    let by_target = patch.target.is_some()
        || layer
            .strategic_patches
            .iter()
            .any(|p| std::ptr::eq(p, patch));
    let fitted = if by_target {
        fitted(document, resource)
    } else {
        document.root().clone()
    };
    let merged = strategic::merge(resource.root(), &fitted).map_err(|misfit| {
        let (rule, reason) = match misfit {
            Misfit::Shape(reason) => (&rules::PATCH_DOES_NOT_APPLY, reason),
            Misfit::Refused(reason) => (&rules::UNSUPPORTED_KUSTOMIZATION, reason),
        };
        problem(
            rule,
            layer,
            patch,
            resource,
            format!("the patch does not fit {}: {reason}", resource.id()),
        )
    })?;
    let (name, namespace, kind) = (
        resource.name().to_owned(),
        resource.namespace().to_owned(),
        resource.kind().to_owned(),
    );
    if patch.allow_name_change || patch.allow_kind_change {
        resource.store_previous();
    }
    match merged {
        Merged::Gone => return Ok(Fate::Goes),
        Merged::Same => {}
        Merged::Node(root) => resource.set_root(root),
    }
    if fitted.at(&["metadata", "annotations"]).is_some_and(forgets) {
        resource.history = Arc::default();
    }
    if !patch.allow_kind_change {
        resource.set_text(&["kind"], Some(&kind));
    }
    if !patch.allow_name_change {
        resource.set_text(&["metadata", "name"], Some(&name));
    }
    resource.set_text(
        &["metadata", "namespace"],
        Some(namespace.as_str()).filter(|n| !n.is_empty()),
    );
    Ok(Fate::Stays)
}

/// Whether a patch removes annotations as a whole, and with them kustomize's books.
fn forgets(annotations: &Node) -> bool {
    annotations.is_null()
        || annotations
            .get("$patch")
            .is_some_and(|d| matches!(d.text(), "delete" | "replace"))
}

/// A patch for a target: with the `apiVersion` of the object, and with labels and annotations as text.
fn fitted(document: &Resource, resource: &Resource) -> Node {
    let Node::Mapping(root) = document.root() else {
        return document.root().clone();
    };
    let mut root = root.clone();
    if let Some(Node::Mapping(metadata)) = root.get("metadata") {
        let mut metadata = metadata.clone();
        for field in ["labels", "annotations"] {
            if let Some(texts) = metadata.get(field).map(as_texts) {
                metadata.remove(field);
                if let Some(texts) = texts {
                    metadata.put(field, texts);
                }
            }
        }
        root.put("metadata", Node::Mapping(metadata));
    }
    let api_version = Node::Scalar(Scalar::untyped(resource.api_version()));
    root.set("apiVersion", api_version, manifest_yaml::ScalarStyle::Plain);
    Node::Mapping(root)
}

fn as_texts(node: &Node) -> Option<Node> {
    let mapping = node.as_mapping().filter(|m| !m.entries.is_empty())?;
    let mut texts = Mapping::default();
    for (key, value) in mapping.entries.iter() {
        texts.put(&key.text, Node::Scalar(Scalar::text(value.text())));
    }
    Some(Node::Mapping(texts))
}
