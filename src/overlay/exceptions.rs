//! Applies the site's exceptions: patches in kustomize's own form, before all others.

use serde_json::{Value, json};

use super::OverlayInput;
use super::kustomization::KustomizationBuilder;
use manifest_yaml as yaml;

/// Returns a kustomization that only applies the site's exceptions to the base. siteplan's own patches are computed from its result.
pub fn exceptions_only(input: &OverlayInput<'_>) -> Value {
    let mut kustomization = KustomizationBuilder::new(input).finish();
    if let Value::Object(map) = &mut kustomization {
        map.remove("labels");
        map.remove("namespace");
    }
    kustomization
}

/// Returns the entry of a kustomization's `patches`. A patch that is not in kustomize's own form is the strategic merge patch itself.
pub(super) fn patch_entry(patch: &Value) -> Value {
    match patch.get("patch") {
        Some(Value::String(_)) => patch.clone(),
        Some(inline) => {
            let mut entry = json!({"patch": yaml::write_document(inline)});
            if let (Value::Object(map), Some(target)) = (&mut entry, patch.get("target")) {
                map.insert("target".to_owned(), target.clone());
            }
            entry
        }
        None => json!({"patch": yaml::write_document(patch)}),
    }
}
