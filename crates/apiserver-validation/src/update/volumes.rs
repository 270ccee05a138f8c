//! Updates of PersistentVolumeClaims and PersistentVolumes (`ValidatePersistentVolumeClaimUpdate`,
//! `ValidatePersistentVolumeUpdate`).

use super::comparison::same;
use super::{ObjectUpdate, report_change};
use crate::quantity::Quantity;
use crate::report::Report;
use crate::rules;
use crate::violation::Cause;
use serde_json::Value;
use std::cmp::Ordering;

/// Members of a claim that stay.
const CLAIM_FIELDS: [&str; 6] = [
    "accessModes",
    "selector",
    "volumeName",
    "volumeMode",
    "dataSource",
    "dataSourceRef",
];

/// Checks a claim that is bound: it can grow, and change the class of its attributes.
pub(super) fn check_claim(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get_as("spec", "spec"));
    for name in CLAIM_FIELDS {
        let (before, after) = (old.get(name), new.get_as(name, ""));
        let bound_now = name == "volumeName" && (before.is_blank() || after.is_blank());
        if !same(name, before.value(), after.value()) && !bound_now {
            report_change(&after, name, Cause::Forbidden, report);
        }
    }
    let (before, after) = (
        old.get("storageClassName"),
        new.get_as("storageClassName", ""),
    );
    // A class can be given to a claim without one.
    if before.exists() && before.value() != after.value() {
        report_change(&after, "storageClassName", Cause::Forbidden, report);
    }
    check_size(update, report);
    check_other_resources(update, report);
}

fn check_size(update: &ObjectUpdate, report: &mut Report) {
    let spec = update.new.get("spec");
    let resources = spec.get("resources");
    let requests = resources.get("requests");
    let field = requests.get("storage");
    let before = update
        .old
        .value()
        .pointer("/spec/resources/requests/storage")
        .unwrap_or(&Value::Null);
    let (Some(old), Some(new)) = (Quantity::of(before), Quantity::of(field.value())) else {
        return;
    };
    if new.compare(old) == Ordering::Less {
        let message = format!(
            "{} is less than {before} before: claims can grow only",
            field.value()
        );
        report.forbidden(&field, &rules::IMMUTABLE, message);
    }
}

/// Refuses another change of resources than that of the size.
fn check_other_resources(update: &ObjectUpdate, report: &mut Report) {
    let spec = update.new.get("spec");
    let resources = spec.get_as("resources", "");
    let null = &Value::Null;
    for list in ["requests", "limits"] {
        let old = update
            .old
            .value()
            .pointer("/spec/resources")
            .and_then(|r| r.get(list));
        let (old, new) = (old.unwrap_or(null), resources.get_as(list, ""));
        let without_size = |value: &Value| match value {
            Value::Object(map) if list == "requests" => {
                let mut map = map.clone();
                map.remove("storage");
                Value::Object(map)
            }
            other => other.clone(),
        };
        if !same(list, &without_size(old), &without_size(new.value())) {
            report_change(&new, list, Cause::Forbidden, report);
        }
    }
}

/// Members of a volume that are no source of it.
const NOT_SOURCES: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Checks a volume: its source, mode and nodes stay.
pub(super) fn check_volume(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get("spec"));
    let names = old.entries().chain(new.entries()).map(|(name, _)| name);
    for name in names.filter(|name| !NOT_SOURCES.contains(name)) {
        let field = new.get_as(name, "persistentvolumesource");
        if !same(name, old.get(name).value(), field.value()) {
            report_change(&field, name, Cause::Forbidden, report);
        }
    }
    let root = update.new.get_as("spec", "");
    for name in ["volumeMode", "nodeAffinity"] {
        let (before, field) = (old.get(name), root.get(name));
        let given_now = name == "nodeAffinity" && !before.exists();
        if !same(name, before.value(), field.value()) && !given_now {
            report_change(&field, name, Cause::Invalid, report);
        }
    }
}
