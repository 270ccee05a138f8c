//! Applies patches to the objects of a build.

use std::sync::Arc;

use rayon::iter::{IntoParallelRefMutIterator as _, ParallelIterator as _};

use super::content::{Patch, PatchChange, PatchField};
use super::json;
use super::normalize::normalize;
use super::select::ObjectFilter;
use super::strategic::{self, MergedObject, Misfit};
use crate::MANY;
use crate::kustomization::{GeneratedHash, IdentityChange};
use crate::resource::{
    DocumentEnd, Generated, NameTracking, ObjectOrigin, PatchKey, Resource, unprintable,
};
use crate::rules;
use crate::transform::{IdEffect, StepContext};
use crate::tree::{Mapping, Node, Scalar};
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Reported, Rule};

/// Fate of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectFate {
    Stays,
    Goes,
}

/// Applies a patch to the objects that it is for.
pub(crate) fn apply_patch(
    resources: &mut Vec<Resource>,
    patch: &Patch,
    context: StepContext<'_>,
    problems: &mut Diagnostics,
) -> Result<IdEffect, Reported> {
    let Some(target) = &patch.target else {
        return merge_documents(resources, patch, context, problems);
    };
    let change = |resource: &mut Resource| match &patch.content.change {
        PatchChange::Json(operations) => {
            patch_once(resource, operations, patch).map(|()| ObjectFate::Stays)
        }
        // A patch with a target holds one document.
        PatchChange::Strategic(documents) => match documents.first() {
            Some(document) => merge_document(resource, document, patch, context),
            None => Ok(ObjectFate::Stays),
        },
    };
    change_selected(resources, target, change, problems)
}

/// Effect of a patch on one object.
struct PatchedObject {
    fate: ObjectFate,
    ids: IdEffect,
}

/// Changes the objects that are meant, on all cores where there are many, and removes those that go.
fn change_selected(
    resources: &mut Vec<Resource>,
    target: &ObjectFilter,
    change: impl Fn(&mut Resource) -> Result<ObjectFate, Box<Diagnostic>> + Sync,
    problems: &mut Diagnostics,
) -> Result<IdEffect, Reported> {
    let change_one = |resource: &mut Resource| {
        if !target.accepts(resource) {
            let (fate, ids) = (ObjectFate::Stays, IdEffect::Kept);
            return Ok(PatchedObject { fate, ids });
        }
        let before = resource.root().clone();
        let fate = change(resource)?;
        let is_kept = fate == ObjectFate::Stays && resource.is_named_as(&before);
        let ids = if is_kept {
            IdEffect::Kept
        } else {
            IdEffect::Changed
        };
        Ok(PatchedObject { fate, ids })
    };
    let outcomes: Vec<Result<PatchedObject, Box<Diagnostic>>> = match resources.len() {
        0..=MANY => resources.iter_mut().map(change_one).collect(),
        _ => resources.par_iter_mut().map(change_one).collect(),
    };
    let mut fates = Vec::with_capacity(outcomes.len());
    let (mut effect, mut failed) = (IdEffect::Kept, None);
    for outcome in outcomes {
        match outcome {
            Ok(patched) => {
                fates.push(patched.fate);
                if patched.ids == IdEffect::Changed {
                    effect = IdEffect::Changed;
                }
            }
            // One object tells what is wrong with the patch.
            Err(problem) if failed.is_none() => failed = Some(problems.report(*problem)),
            Err(_) => {}
        }
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    if fates.contains(&ObjectFate::Goes) {
        let mut fates = fates.into_iter();
        resources.retain(|_| fates.next() != Some(ObjectFate::Goes));
    }
    Ok(effect)
}

fn object_problem(rule: &Rule, patch: &Patch, on: &Resource, message: String) -> Box<Diagnostic> {
    let problem = rule.report(message).primary(patch.origin.clone(), "");
    Box::new(problem.context(
        Origin::file(&on.source.file),
        format!("{} is here", on.id()),
    ))
}

/// Applies operations to an object, or takes what the same patch made of it for another overlay.
fn patch_once(
    resource: &mut Resource,
    operations: &[json::Operation],
    patch: &Patch,
) -> Result<(), Box<Diagnostic>> {
    let Some(shared) = resource.unchanged().cloned() else {
        return apply_operations(resource, operations, patch);
    };
    let tracking = match patch.field {
        PatchField::PatchesJson6902 => NameTracking::Untracked,
        _ => NameTracking::Tracked,
    };
    let key = PatchKey {
        patch: patch.content.id,
        tracking,
        history: Arc::clone(&resource.history),
    };
    if let Some(patched) = shared.patched(&key) {
        let variables = Arc::clone(&resource.variables);
        *resource = patched;
        resource.variables = variables;
        return Ok(());
    }
    apply_operations(resource, operations, patch)?;
    resource.share();
    shared.keep_patched(key, resource.clone());
    Ok(())
}

fn apply_operations(
    resource: &mut Resource,
    operations: &[json::Operation],
    patch: &Patch,
) -> Result<(), Box<Diagnostic>> {
    let is_tracked = patch.field == PatchField::Patches;
    if is_tracked {
        resource.store_previous();
    }
    if resource.has_internal_annotations()
        && let Some(index) = operations
            .iter()
            .position(super::json::Operation::reads_all_annotations)
    {
        let message = format!(
            "operation {} on {} reads all annotations at once, among which kustomize has annotations of its own during a build",
            index + 1,
            resource.id()
        );
        let rule = &rules::PATCH_DOES_NOT_APPLY;
        let problem = *object_problem(rule, patch, resource, message);
        return Err(Box::new(
            problem.help("name one annotation: `/metadata/annotations/KEY`"),
        ));
    }
    let normal = resource
        .normalized(normalize)
        .map_err(|e| Box::new(unprintable(resource, &e)))?;
    let document = if is_tracked {
        with_annotations(&normal)
    } else {
        normal
    };
    match json::apply_operations(&document, operations) {
        Ok(root) => {
            resource.set_root(root);
            resource.end = DocumentEnd::Bare;
            if operations.iter().any(json::Operation::replaces_annotations) {
                resource.origin = ObjectOrigin::Lost;
            }
            Ok(())
        }
        Err(failure) => {
            let path = operations
                .get(failure.index)
                .map_or("", json::Operation::path);
            let message = format!(
                "operation {} (`{path}`) on {}: {}",
                failure.index + 1,
                resource.id(),
                failure.reason
            );
            let rule = &rules::PATCH_DOES_NOT_APPLY;
            Err(object_problem(rule, patch, resource, message))
        }
    }
}

/// Adds empty `metadata.annotations`: kustomize keeps internal annotations there while it applies an entry of `patches`.
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

/// Merges documents into the objects that they name.
fn merge_documents(
    resources: &mut Vec<Resource>,
    patch: &Patch,
    context: StepContext<'_>,
    problems: &mut Diagnostics,
) -> Result<IdEffect, Reported> {
    let PatchChange::Strategic(documents) = &patch.content.change else {
        return Ok(IdEffect::Kept);
    };
    let before = resources.len();
    let (mut effect, mut failed) = (IdEffect::Kept, None);
    for document in documents {
        // In `patches`, kustomize looks at the object that is gone once more.
        if resources.len() != before
            && patch.field == PatchField::Patches
            && context.version != KustomizeVersion::V5_8
        {
            let message = "a document follows one that deletes an object: kustomize stops there";
            let problem = rules::PATCH_DOES_NOT_APPLY.report(message);
            let problem = problem.primary(patch.origin.clone(), "");
            let help = "give the deletion an entry of its own in `patches`";
            return Err(problems.report(problem.help(help)));
        }
        match merge_into_named(resources, document, patch, context) {
            Ok(IdEffect::Kept) => {}
            Ok(IdEffect::Changed) => effect = IdEffect::Changed,
            Err(problem) => failed = Some(problems.report(*problem)),
        }
    }
    failed.map_or(Ok(effect), Err)
}

/// Merges a document into the object with its id.
fn merge_into_named(
    resources: &mut Vec<Resource>,
    document: &Resource,
    patch: &Patch,
    context: StepContext<'_>,
) -> Result<IdEffect, Box<Diagnostic>> {
    let id = document.id();
    let mut matches = (0..resources.len()).filter(|i| resources[*i].has_id(&id));
    let message = match (matches.next(), matches.count()) {
        (Some(index), 0) => {
            let before = resources[index].root().clone();
            let fate = merge_document(&mut resources[index], document, patch, context)?;
            let is_kept = fate == ObjectFate::Stays && resources[index].is_named_as(&before);
            if fate == ObjectFate::Goes {
                resources.remove(index);
            }
            return Ok(if is_kept {
                IdEffect::Kept
            } else {
                IdEffect::Changed
            });
        }
        (None, _) => format!("the patch is for {id}, which is not there"),
        (Some(_), more) => format!("the patch is for {id}, which fits {} objects", more + 1),
    };
    let problem = rules::PATCH_TARGET_MISSING.report(message);
    let help = "name, namespace and apiVersion of the patch must be those of the object";
    Err(Box::new(
        problem.primary(patch.origin.clone(), "").help(help),
    ))
}

/// Merges a document into an object.
fn merge_document(
    resource: &mut Resource,
    document: &Resource,
    patch: &Patch,
    context: StepContext<'_>,
) -> Result<ObjectFate, Box<Diagnostic>> {
    let by_target = patch.target.is_some() || patch.field == PatchField::PatchesStrategicMerge;
    let fitted = if by_target {
        fit_to_target(document, resource)
    } else {
        document.root().clone()
    };
    let merged = strategic::merge_patch(resource.root(), &fitted, context.schema);
    let merged = merged.map_err(|misfit| {
        let (rule, reason) = match misfit {
            Misfit::Shape(reason) => (&rules::PATCH_DOES_NOT_APPLY, reason),
            Misfit::Refused(reason) => (&rules::UNSUPPORTED_KUSTOMIZATION, reason),
        };
        let message = format!("the patch does not fit {}: {reason}", resource.id());
        object_problem(rule, patch, resource, message)
    })?;
    let (name, namespace, kind) = (
        resource.name().to_owned(),
        resource.namespace().to_owned(),
        resource.kind().to_owned(),
    );
    if !patch.allowed.is_empty() {
        resource.store_previous();
    }
    match merged {
        MergedObject::Gone => return Ok(ObjectFate::Goes),
        MergedObject::Same => {}
        MergedObject::Ignored => return Ok(ObjectFate::Stays),
        MergedObject::Changed(root) => resource.set_root(root),
    }
    if removes_annotations(&fitted) {
        forget_annotations(resource);
    }
    if !patch.allowed.contains(&IdentityChange::Kind) {
        resource.set_text(&["kind"], Some(&kind));
    }
    if !patch.allowed.contains(&IdentityChange::Name) {
        resource.set_text(&["metadata", "name"], Some(&name));
    }
    resource.set_text(
        &["metadata", "namespace"],
        Some(namespace.as_str()).filter(|n| !n.is_empty()),
    );
    Ok(ObjectFate::Stays)
}

/// Returns whether a patch removes annotations as a whole, and kustomize's internal ones with them.
fn removes_annotations(patch: &Node) -> bool {
    let Some(metadata) = patch.get("metadata") else {
        return false;
    };
    let annotations = metadata.get("annotations");
    annotations.is_some_and(Node::is_null)
        || [Some(metadata), annotations]
            .into_iter()
            .flatten()
            .filter_map(|map| map.get("$patch"))
            .any(|directive| matches!(directive.text(), "delete" | "replace"))
}

/// Forgets what kustomize keeps in annotations of an object: former names, the hash to come, the origin.
fn forget_annotations(resource: &mut Resource) {
    resource.history = Arc::default();
    resource.generated = resource.generated.map(|generated| Generated {
        hash: GeneratedHash::Omitted,
        ..generated
    });
    resource.origin = ObjectOrigin::Lost;
}

/// Returns a patch as it is applied to a target: with the `apiVersion` of the object, and with labels and annotations as text.
fn fit_to_target(document: &Resource, resource: &Resource) -> Node {
    let Node::Mapping(root) = document.root() else {
        return document.root().clone();
    };
    let mut root = root.clone();
    if let Some(Node::Mapping(metadata)) = root.get("metadata") {
        let mut metadata = metadata.clone();
        for field in ["labels", "annotations"] {
            if let Some(texts) = metadata.get(field).map(as_text_map) {
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

fn as_text_map(node: &Node) -> Option<Node> {
    let mapping = node.as_mapping().filter(|m| !m.entries.is_empty())?;
    let mut texts = Mapping::default();
    for (key, value) in mapping.entries.iter() {
        texts.put(&key.text, Node::Scalar(Scalar::text(value.text())));
    }
    Some(Node::Mapping(texts))
}
