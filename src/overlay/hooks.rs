//! Hooks that run again when what they are about changes.
//!
//! Argo CD runs hooks in a sync, and syncs when an object differs from git. Hooks are not compared: where a hook alone changes, or
//! something in another Application that it verifies, there is no sync and it does not run. So an object of the instance carries a
//! digest of all that.

use serde_json::Value;

use crate::argocd::HOOK;
use crate::ledger::Digest;
use crate::manifest::Object;
use crate::patch::{Editor, FieldAuthor, Reason};
use crate::place::{ObjectPatch, PatchPurpose};
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::{Overlay, OverlayInput};

/// The annotation with the digest of what an instance's hooks are about.
const HOOKS_ARE_ABOUT: &str = "siteplan.dev/hooks-are-about";
/// The hooks that run in a sync.
const SYNC_HOOKS: [&str; 3] = ["PreSync", "Sync", "PostSync"];

/// Tells whether an object is a hook of a sync.
fn is_sync_hook(object: &Object) -> bool {
    let hooks = object.annotation(HOOK).unwrap_or_default();
    hooks
        .split(',')
        .any(|hook| SYNC_HOOKS.contains(&hook.trim()))
}

/// Returns a digest of everything that an overlay builds.
pub fn digest_overlay(base: &[Object], overlay: &Overlay) -> Digest {
    let base: Vec<&Value> = base.iter().map(Object::value).collect();
    digest_json(&(base, &overlay.files))
}

fn digest_json(value: &impl serde::Serialize) -> Digest {
    let text = serde_json::to_vec(value).expect("objects are plain data");
    Digest::of(&text)
}

/// Puts the digest of an instance's hooks, and of the instances that it requires, on one of its other objects.
pub(super) fn annotate_hook_trigger(
    input: &OverlayInput<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Option<ObjectPatch> {
    let hooks: Vec<&Value> = objects
        .iter()
        .filter(|object| is_sync_hook(object))
        .map(Object::value)
        .collect();
    if hooks.is_empty() {
        return None;
    }
    let required: Vec<String> = input.required.iter().map(Digest::to_string).collect();
    let digest = digest_json(&(hooks, required)).to_string();
    let others = objects.iter_mut();
    let Some(carrier) = others
        .filter(|object| object.annotation(HOOK).is_none())
        .min_by_key(|object| object.id())
    else {
        found.push(report_hooks_alone(input));
        return None;
    };
    let reason = Reason {
        author: FieldAuthor::ArgoCd,
        origins: vec![input.instance.origin.clone()],
    };
    let target = carrier.id();
    let mut editor = Editor::new(carrier.value_mut());
    let pointer = Pointer::parse("/metadata/annotations").at(HOOKS_ARE_ABOUT);
    let short = digest.chars().take(16).collect();
    editor
        .set(&pointer, Value::String(short), &reason)
        .then(|| ObjectPatch {
            purpose: PatchPurpose::ArgoCd,
            target,
            operations: editor.finish(),
        })
}

fn report_hooks_alone(input: &OverlayInput<'_>) -> pointer_diagnostics::Diagnostic {
    rules::HOOKS_ALONE
        .report(format!(
            "`{}` has hooks and nothing else: Argo CD runs them once, and not again when they change",
            input.instance.name
        ))
        .primary_key(input.instance.origin.clone(), "")
        .help("put an object beside them that is no hook, for instance the ConfigMap with the script that they run")
}
