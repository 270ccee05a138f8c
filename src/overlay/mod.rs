//! Makes an instance's kustomize overlay: in memory, pure, the same every time.
//!
//! Comes in: a planned instance and the objects of its base (after the site's exceptions). Goes out: the files of the overlay: a
//! kustomization, resources made from templates, and one exact patch per object and purpose. Every changed field remembers who asked
//! for it.

mod exceptions;
mod generate;
mod kustomization;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::kinds;
use crate::manifest::{Object, ObjectId};
use crate::patch::{Editor, Op, Operation, Reason};
use crate::place::{ObjectPatch, Placed, place};
use crate::plan::{Instance, InstanceSource, SitePlan};
use crate::rules;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

pub use exceptions::exceptions_only;

/// The files of one overlay, and what they change.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// The documents by file name; `kustomization.yaml` among them.
    pub files: BTreeMap<String, Vec<Value>>,
    /// What the patches do, in order: for `explain`.
    pub changes: Vec<(ObjectId, Operation)>,
}

/// What an overlay is made from.
#[derive(Debug, Clone, Copy)]
pub struct OverlayInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The instance.
    pub instance: &'a Instance,
    /// The objects of the base, after the site's exceptions.
    pub base: &'a [Object],
    /// Where pods are in resources.
    pub catalogue: &'a Catalogue,
}

/// Makes the overlay of an instance.
pub fn overlay(input: &OverlayInput<'_>) -> (Overlay, Diagnostics) {
    match &input.instance.source {
        InstanceSource::App(_) => app_overlay(input),
        InstanceSource::Namespaces | InstanceSource::Nodes => (built_in(input), Diagnostics::new()),
    }
}

fn app_overlay(input: &OverlayInput<'_>) -> (Overlay, Diagnostics) {
    let mut found = Diagnostics::new();
    check_movable(input, &mut found);
    let (mut patches, mut objects) = (Vec::new(), input.base.to_vec());
    let generated = generate::generate(input, &mut found);
    let first_generated = objects.len();
    objects.extend(generated);
    patches.extend(values::set(input, &mut objects, &mut found));
    let (placed, problems) = place(input.plan, input.instance, input.catalogue, &mut objects);
    found.append(problems);
    let Placed {
        patches: placed,
        additions,
        reasons,
    } = placed;
    patches.extend(placed);
    patches.extend(sync_options(input, &mut objects));
    let mut resources = objects.split_off(first_generated.min(objects.len()));
    let changes = changes(&patches, &additions, &reasons);
    let patches = without(patches, &resources);
    resources.extend(additions);
    (
        Overlay {
            changes,
            ..assemble(input, &resources, &patches)
        },
        found,
    )
}

/// Sync options that single objects need, because the Argo CD is too old to be told for the whole Application.
fn sync_options(input: &OverlayInput<'_>, objects: &mut [Object]) -> Vec<ObjectPatch> {
    let reason = Reason {
        rule: "argocd",
        origins: vec![
            Origin::file(&input.plan.fleet.file)
                .at("spec")
                .at("argocd")
                .at("version"),
        ],
    };
    let mut patches = Vec::new();
    for needed in crate::bundle::needed_annotations(input.plan, input.catalogue, objects) {
        let Some(object) = objects.iter_mut().find(|o| o.id() == needed.object) else {
            continue;
        };
        let mut editor = Editor::new(object.value_mut());
        let pointer = Pointer::parse("/metadata/annotations").at(needed.key);
        if editor.set(&pointer, Value::String(needed.value), &reason) {
            patches.push(ObjectPatch {
                purpose: "argocd",
                target: needed.object,
                operations: editor.finish(),
            });
        }
    }
    patches
}

/// The patches of base objects. What the overlay makes itself is written out as it is in the end, not patched.
fn without(patches: Vec<ObjectPatch>, generated: &[Object]) -> Vec<ObjectPatch> {
    let made: Vec<ObjectId> = generated.iter().map(Object::id).collect();
    patches
        .into_iter()
        .filter(|p| !made.contains(&p.target))
        .collect()
}

/// Every change with its reason: patched fields, and objects that are added whole.
fn changes(
    patches: &[ObjectPatch],
    additions: &[Object],
    reasons: &BTreeMap<ObjectId, Reason>,
) -> Vec<(ObjectId, Operation)> {
    let patched = patches
        .iter()
        .flat_map(|p| p.operations.iter().map(|o| (p.target.clone(), o.clone())));
    let added = additions.iter().map(|object| {
        let reason = reasons.get(&object.id()).cloned();
        let whole = Operation {
            op: Op::Add,
            path: String::new(),
            value: Some(object.value().clone()),
            asked_by: reason,
        };
        (object.id(), whole)
    });
    patched.chain(added).collect()
}

fn assemble(input: &OverlayInput<'_>, resources: &[Object], patches: &[ObjectPatch]) -> Overlay {
    let mut overlay = Overlay::default();
    let mut kustomization = kustomization::Builder::new(input);
    for object in resources {
        let file = kustomization::file_name(None, &object.id(), &overlay.files);
        kustomization.resource(&file);
        overlay.files.insert(file, vec![object.value().clone()]);
    }
    for patch in patches.iter().filter(|p| !p.operations.is_empty()) {
        let file = kustomization::file_name(Some(patch.purpose), &patch.target, &overlay.files);
        kustomization.patch(&file, &patch.target);
        let operations =
            serde_json::to_value(&patch.operations).expect("operations are plain data");
        overlay.files.insert(file, vec![operations]);
    }
    overlay.files.insert(
        "kustomization.yaml".to_owned(),
        vec![kustomization.finish()],
    );
    overlay
}

/// The built-in apps have no base: their objects are the overlay's resources.
fn built_in(input: &OverlayInput<'_>) -> Overlay {
    let mut overlay = Overlay::default();
    let mut kustomization = kustomization::Builder::new(input);
    for (file, object) in crate::bundle::builtin_objects(input.plan, input.instance) {
        kustomization.resource(&file);
        overlay.files.insert(file, vec![object.into_value()]);
    }
    overlay.files.insert(
        "kustomization.yaml".to_owned(),
        vec![kustomization.finish()],
    );
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
