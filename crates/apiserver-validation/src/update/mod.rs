//! Checks updates: fields that cannot be changed after an object is made.

mod comparison;
mod pods;
mod services;
mod volumes;

use crate::field::Field;
use crate::report::Report;
use crate::rules;
use crate::violation::{Cause, Violation};
use crate::{Context, kinds};
use comparison::same;
use serde_json::Value;

/// A field that cannot be changed, as a JSON pointer, Kubernetes' path of it and the class of the error.
struct FixedField {
    pointer: &'static str,
    path: &'static str,
    cause: Cause,
}

const fn invalid(pointer: &'static str, path: &'static str) -> FixedField {
    FixedField {
        pointer,
        path,
        cause: Cause::Invalid,
    }
}

const fn forbidden(pointer: &'static str, path: &'static str) -> FixedField {
    FixedField {
        pointer,
        path,
        cause: Cause::Forbidden,
    }
}

/// Fixed fields of the kinds for which nothing more is to be known (`Validate…Update` of each group).
const FIXED: [(&str, &str, &[FixedField]); 19] = [
    (
        "",
        "Node",
        &[
            forbidden("/spec/providerID", "spec.providerID"),
            forbidden("/spec/podCIDRs", "spec.podCIDRs"),
        ],
    ),
    (
        "",
        "ResourceQuota",
        &[invalid("/spec/scopes", "spec.scopes")],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &[
            invalid("/spec/scope", "spec.scope"),
            invalid("/spec/names/kind", "spec.names.kind"),
            invalid("/spec/group", "spec.group"),
            invalid("/spec/names/plural", "spec.names.plural"),
        ],
    ),
    ("apps", "ControllerRevision", &[invalid("/data", "data")]),
    (
        "apps",
        "DaemonSet",
        &[invalid("/spec/selector", "spec.selector")],
    ),
    (
        "apps",
        "Deployment",
        &[invalid("/spec/selector", "spec.selector")],
    ),
    (
        "apps",
        "ReplicaSet",
        &[invalid("/spec/selector", "spec.selector")],
    ),
    (
        "apps",
        "StatefulSet",
        &[
            forbidden("/spec/selector", "spec"),
            forbidden("/spec/serviceName", "spec"),
            forbidden("/spec/podManagementPolicy", "spec"),
            forbidden("/spec/volumeClaimTemplates", "spec"),
        ],
    ),
    (
        "batch",
        "Job",
        &[
            invalid("/spec/selector", "spec.selector"),
            invalid("/spec/completionMode", "spec.completionMode"),
            invalid("/spec/podFailurePolicy", "spec.podFailurePolicy"),
            invalid("/spec/backoffLimitPerIndex", "spec.backoffLimitPerIndex"),
            invalid("/spec/managedBy", "spec.managedBy"),
            invalid("/spec/successPolicy", "spec.successPolicy"),
        ],
    ),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        &[invalid("/addressType", "addressType")],
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        &[invalid("/spec/controller", "spec.controller")],
    ),
    (
        "node.k8s.io",
        "RuntimeClass",
        &[invalid("/handler", "handler")],
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &[invalid("/roleRef", "roleRef")],
    ),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        &[invalid("/roleRef", "roleRef")],
    ),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        &[
            forbidden("/value", "value"),
            invalid("/preemptionPolicy", "preemptionPolicy"),
        ],
    ),
    (
        "storage.k8s.io",
        "CSIDriver",
        &[
            invalid("/spec/attachRequired", "spec.attachedRequired"),
            invalid("/spec/volumeLifecycleModes", "spec.volumeLifecycleModes"),
        ],
    ),
    (
        "storage.k8s.io",
        "CSIStorageCapacity",
        &[
            invalid("/nodeTopology", "nodeTopology"),
            invalid("/storageClassName", "storageClassName"),
        ],
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            forbidden("/parameters", "parameters"),
            forbidden("/provisioner", "provisioner"),
            forbidden("/reclaimPolicy", "reclaimPolicy"),
            invalid("/volumeBindingMode", "volumeBindingMode"),
        ],
    ),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        &[
            forbidden("/driverName", "driverName"),
            forbidden("/parameters", "parameters"),
        ],
    ),
];

/// An object before and after an update.
pub(crate) struct ObjectUpdate<'v, 'p> {
    pub(crate) old: Field<'v, 'p>,
    pub(crate) new: Field<'v, 'p>,
}

/// Checks what an update of an object changes that the API server keeps as it is. The new object itself is checked by
/// [`check_object`](crate::check_object). Nothing is compared when the two are different objects. Defaults count as if they were
/// written, so that adding or removing one changes nothing.
///
/// Manifests have no status: claims count as bound, Jobs as started, definitions as established.
pub fn check_update(old: &Value, new: &Value, context: &Context) -> Vec<Violation> {
    let mut report = Report::new(*context);
    let text = |object: &Value, pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let group = |object: &Value| {
        let version = text(object, "/apiVersion");
        version
            .split_once('/')
            .map_or(String::new(), |(group, _)| group.to_owned())
    };
    let one = ["/kind", "/metadata/name", "/metadata/namespace"]
        .iter()
        .all(|p| text(old, p) == text(new, p));
    if !one || group(old) != group(new) {
        return report.finish();
    }
    let update = ObjectUpdate {
        old: Field::root(old, "", ""),
        new: Field::root(new, "", ""),
    };
    let (group, kind) = (group(new), text(new, "/kind"));
    check_fixed_fields(&update, &group, &kind, &mut report);
    match (group.as_str(), kind.as_str()) {
        ("apps", "StatefulSet") => check_revision_limit(&update, &mut report),
        ("", "ConfigMap" | "Secret") => check_data(&update, &mut report),
        ("", "Pod") => pods::check_pod(&update, &mut report),
        ("", "PersistentVolumeClaim") => volumes::check_claim(&update, &mut report),
        ("", "PersistentVolume") => volumes::check_volume(&update, &mut report),
        ("", "Service") => services::check_service(&update, &mut report),
        ("batch", "Job") => pods::check_job(&update, &mut report),
        _ => {}
    }
    report.finish()
}

fn check_fixed_fields(update: &ObjectUpdate, group: &str, kind: &str, report: &mut Report) {
    let Some((_, _, fields)) = FIXED
        .iter()
        .find(|entry| (entry.0, entry.1) == (group, kind))
    else {
        return;
    };
    debug_assert!(
        kinds::KINDS
            .iter()
            .any(|known| (known.group, known.kind) == (group, kind))
    );
    for field in *fields {
        let null = &Value::Null;
        let old = update.old.value().pointer(field.pointer).unwrap_or(null);
        let new = update.new.value().pointer(field.pointer).unwrap_or(null);
        let unset_before = field.path.starts_with("spec.p") && kind == "Node" && old.is_null();
        let name = field.pointer.rsplit('/').next().unwrap_or_default();
        if !same(name, old, new) && !unset_before {
            let place = Field::root(new, field.pointer, field.path);
            report_change(&place, name, field.cause, report);
        }
    }
}

/// Until Kubernetes 1.32, the number of kept revisions of a StatefulSet could not be changed.
fn check_revision_limit(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get_as("spec", "spec"));
    let (before, after) = (
        old.get("revisionHistoryLimit"),
        new.get_as("revisionHistoryLimit", ""),
    );
    let number = |field: &Field| field.int().unwrap_or(10);
    if !report.since(33) && number(&before) != number(&after) {
        report_change(&after, "revisionHistoryLimit", Cause::Forbidden, report);
    }
}

/// Reports a change of a field that cannot be changed.
pub(crate) fn report_change(field: &Field, name: &str, cause: Cause, report: &mut Report) {
    let message = format!(
        "`{name}` cannot be changed: expected its former value, or an object of another name"
    );
    report.add(field, cause, &rules::IMMUTABLE, message);
}

/// Checks ConfigMaps and Secrets (`ValidateConfigMapUpdate`, `ValidateSecretUpdate`).
fn check_data(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (&update.old, &update.new);
    let kind = new.get("type");
    if new.get("kind").text() == "Secret"
        && old.get("type").text_or("Opaque") != kind.text_or("Opaque")
    {
        report_change(&kind, "type", Cause::Invalid, report);
    }
    if !old.get("immutable").is_true() {
        return;
    }
    let flag = new.get("immutable");
    if !flag.is_true() {
        report_change(&flag, "immutable", Cause::Forbidden, report);
    }
    for name in ["data", "binaryData", "stringData"] {
        let field = new.get_as(name, if name == "stringData" { "data" } else { name });
        if !same(name, old.get(name).value(), field.value()) {
            report_change(&field, name, Cause::Forbidden, report);
        }
    }
}
