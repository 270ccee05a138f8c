//! A claim without a class takes the cluster's default class, which the site has to have.

use serde_json::Value;

use crate::catalogue::{Catalogue, Field};
use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View, called};
use kubernetes_vocabulary::annotations::DEFAULT_STORAGE_CLASS;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "no-default-class",
        severity: Severity::Error,
        summary: "a claim names no storage class, and the site has no default one",
        explain: include_str!("../../../docs/rules/no-default-class.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let is_default = |(_, object): (_, &Object)| {
        object.kind() == "StorageClass" && object.annotation(DEFAULT_STORAGE_CLASS) == Some("true")
    };
    let has_default =
        view.plan.storage.values().any(|class| class.default) || view.objects().any(is_default);
    if has_default {
        return;
    }
    for (instance, object) in view.objects() {
        for pointer in list_claims(object) {
            let Some(claim) = object.get(pointer.as_str()) else {
                continue;
            };
            if !asks_for_default(claim) {
                continue;
            }
            let message = format!(
                "{} has a claim without a storage class, and the site has no default one",
                called(object)
            );
            let place = FieldPlace {
                instance,
                object,
                field: &pointer,
            };
            let report = view.report_at(&RULE.rule, place, message);
            found.push(report.help(
                "name a storage role for the part (`parts: {PART: {storage: ROLE}}` in app.yaml), or write `default: true` beside the class that the cluster takes",
            ));
        }
    }
}

/// Returns the places of the specifications of claims.
fn list_claims(object: &Object) -> Vec<Pointer> {
    if object.kind() == "PersistentVolumeClaim" && object.group().is_empty() {
        return vec![Pointer::parse("/spec")];
    }
    let parts = Catalogue::built_in().parts(object);
    let claims = parts
        .iter()
        .flat_map(|part| part.pointers(object, Field::Claims));
    let mut places: Vec<Pointer> = claims.collect();
    places.sort();
    places.dedup();
    places
}

/// Tells whether a claim asks for storage and leaves the class to the cluster. An empty class means volumes that are there already.
fn asks_for_default(claim: &Value) -> bool {
    let is_written = |key: &str| claim.get(key).is_some_and(|value| !value.is_null());
    let asks = claim.pointer("/resources/requests/storage").is_some();
    asks && !is_written("storageClassName") && !is_written("volumeName")
}
