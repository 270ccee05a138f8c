//! Makes an instance's kustomize overlay: in memory, pure, the same every time.
//!
//! Comes in: a planned instance and the objects of its base (after the site's exceptions). Goes out: the files of the overlay: a
//! kustomization, resources made from templates, and one exact patch per object and purpose. Every changed field remembers who asked
//! for it.

mod exceptions;
mod generate;
mod hooks;
mod kustomization;
mod subscriptions;
mod values;

use rustomize::KUSTOMIZATION_FILE;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::kinds;
use crate::ledger::Digest;
use crate::manifest::{Object, ObjectId};
use crate::patch::{Editor, FieldAuthor, Op, Operation, Reason};
use crate::place::{ObjectPatch, PatchPurpose, PlacedInstance, place};
use crate::plan::{Instance, InstanceSource, SitePlan};
use crate::rules;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

use kustomization::{KustomizationBuilder, choose_file_name};

pub use exceptions::exceptions_only;
pub use hooks::digest_overlay;

/// The files of one overlay, and what they change.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// The documents by file name; `kustomization.yaml` among them.
    pub files: BTreeMap<String, Vec<Value>>,
    /// Operations of the patches, in order: for `explain`.
    pub changes: Vec<(ObjectId, Operation)>,
}

/// Input of the overlay pass.
#[derive(Debug, Clone, Copy)]
pub struct OverlayInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The instance.
    pub instance: &'a Instance,
    /// The objects of the base, after the site's exceptions.
    pub base: &'a [Object],
    /// Places of pods in resources.
    pub catalogue: &'a Catalogue,
    /// Digests of the instances that the instance requires, where it may have hooks.
    pub required: &'a [Digest],
}

/// Makes the overlay of an instance; what is wrong with it is in `found`.
pub fn overlay(input: &OverlayInput<'_>, found: &mut Diagnostics) -> Overlay {
    match &input.instance.source {
        InstanceSource::App(_) => app_overlay(input, found),
        InstanceSource::Namespaces | InstanceSource::Nodes => built_in_overlay(input),
    }
}

fn app_overlay(input: &OverlayInput<'_>, found: &mut Diagnostics) -> Overlay {
    check_movable(input, found);
    let mut objects = input.base.to_vec();
    let first_generated = objects.len();
    objects.extend(generate::generate_objects(input, found));
    let mut patches = values::set_values(input, &mut objects, found);
    patches.extend(subscriptions::set_operator_versions(
        input,
        &mut objects,
        found,
    ));
    let placed = place(
        input.plan,
        input.instance,
        input.catalogue,
        &mut objects,
        found,
    );
    let PlacedInstance {
        patches: placed,
        additions,
        reasons,
    } = placed;
    patches.extend(placed);
    patches.extend(annotate_sync_options(input, &mut objects));
    patches.extend(hooks::annotate_hook_trigger(input, &mut objects, found));
    let mut resources = objects.split_off(first_generated.min(objects.len()));
    let changes = collect_changes(&patches, &additions, &reasons);
    let patches = drop_patches_of(&resources, patches);
    resources.extend(additions);
    Overlay {
        changes,
        ..assemble_overlay(input, &resources, &patches)
    }
}

/// Annotates single objects with the sync options that they need beside those of their Application.
fn annotate_sync_options(input: &OverlayInput<'_>, objects: &mut [Object]) -> Vec<ObjectPatch> {
    let reason = Reason {
        author: FieldAuthor::ArgoCd,
        origins: vec![
            Origin::file(&input.plan.fleet.file)
                .at("spec")
                .at("argocd")
                .at("version"),
        ],
    };
    let mut patches = Vec::new();
    let wanted =
        crate::bundle::needed_annotations(input.plan, input.instance, input.catalogue, objects);
    for needed in wanted {
        let Some(object) = objects.iter_mut().find(|o| o.id() == needed.object) else {
            continue;
        };
        let mut editor = Editor::new(object.value_mut());
        let pointer = Pointer::parse("/metadata/annotations").at(needed.key);
        if editor.set(&pointer, Value::String(needed.value), &reason) {
            patches.push(ObjectPatch {
                purpose: PatchPurpose::ArgoCd,
                target: needed.object,
                operations: editor.finish(),
            });
        }
    }
    patches
}

/// Drops the patches of objects that the overlay makes itself: those are written out as they are in the end.
fn drop_patches_of(generated: &[Object], mut patches: Vec<ObjectPatch>) -> Vec<ObjectPatch> {
    let made: Vec<ObjectId> = generated.iter().map(Object::id).collect();
    patches.retain(|patch| !made.contains(&patch.target));
    patches
}

/// Returns every change with its reason: patched fields, and objects that are added whole.
fn collect_changes(
    patches: &[ObjectPatch],
    additions: &[Object],
    reasons: &BTreeMap<ObjectId, Reason>,
) -> Vec<(ObjectId, Operation)> {
    let mut changes = Vec::new();
    for patch in patches {
        for operation in &patch.operations {
            changes.push((patch.target.clone(), operation.clone()));
        }
    }
    for object in additions {
        let whole = Operation {
            op: Op::Add,
            path: Pointer::root(),
            value: Some(object.value().clone()),
            asked_by: reasons.get(&object.id()).cloned(),
        };
        changes.push((object.id(), whole));
    }
    changes
}

fn assemble_overlay(
    input: &OverlayInput<'_>,
    resources: &[Object],
    patches: &[ObjectPatch],
) -> Overlay {
    let mut overlay = Overlay::default();
    let mut kustomization = KustomizationBuilder::new(input);
    for object in resources {
        let file = choose_file_name(None, &object.id(), &overlay.files);
        kustomization.resource(&file);
        overlay.files.insert(file, vec![object.value().clone()]);
    }
    for patch in patches.iter().filter(|p| !p.operations.is_empty()) {
        let file = choose_file_name(Some(patch.purpose.as_str()), &patch.target, &overlay.files);
        kustomization.patch(&file, &patch.target);
        let operations =
            serde_json::to_value(&patch.operations).expect("operations are plain data");
        overlay.files.insert(file, vec![operations]);
    }
    overlay
        .files
        .insert(KUSTOMIZATION_FILE.to_owned(), vec![kustomization.finish()]);
    overlay
}

/// Makes the overlay of a built-in app, which has no base: its objects are the overlay's resources.
fn built_in_overlay(input: &OverlayInput<'_>) -> Overlay {
    let mut overlay = Overlay::default();
    let mut kustomization = KustomizationBuilder::new(input);
    for (file, object) in crate::bundle::builtin_objects(input.plan, input.instance) {
        kustomization.resource(&file);
        overlay.files.insert(file, vec![object.into_value()]);
    }
    overlay
        .files
        .insert(KUSTOMIZATION_FILE.to_owned(), vec![kustomization.finish()]);
    overlay
}

/// Reports objects that kustomize's `namespace:` would put where they do not belong.
fn check_movable(input: &OverlayInput<'_>, found: &mut Diagnostics) {
    let instance = input.instance;
    let Some(app) = instance.app().filter(|_| instance.moved) else {
        return;
    };
    let own = app.spec.namespace.as_deref();
    let misplaced = |o: &&Object| match kinds::is_cluster_scoped(o) {
        Some(true) => !rustomize::is_cluster_scoped(o.group(), o.version(), o.kind()),
        _ => o.namespace().is_some() && o.namespace() != own,
    };
    if let Some(object) = input.base.iter().find(misplaced) {
        found.push(
            rules::NAMESPACE_NOT_MOVABLE
                .report(format!(
                    "`{}` asks for another namespace, but `{}` would be moved with it",
                    instance.name,
                    object.id()
                ))
                .primary(instance.origin.at("namespace"), "")
                .context(
                    app.origin(&Pointer::parse("/namespace")),
                    "the namespace that can be changed",
                )
                .help(format!(
                    "move `{}` into an app of its own, or leave `namespace` out",
                    object.id()
                )),
        );
    }
}
