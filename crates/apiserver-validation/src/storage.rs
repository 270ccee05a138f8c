//! Storage classes and CSI drivers (`pkg/apis/storage/validation/validation.go`).

use crate::field::Field;
use crate::list_keys::check_unique_texts;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use crate::violation::Cause;

/// The number of topologies that the others are compared with.
const TOPOLOGIES_COMPARED: usize = 100;
/// The number of parameters of a class.
const PARAMETERS_MOST: usize = 512;
/// The size that all parameters may have together, in bytes.
const PARAMETERS_SIZE_MOST: usize = 256 * 1024;

/// Checks a StorageClass (`ValidateStorageClass`).
pub(crate) fn check_storage_class(object: &Field, report: &mut Report) {
    report.required_form(
        &object.get("provisioner"),
        &rules::NAME_SYNTAX,
        TextForm::MixedCaseQualifiedName,
    );
    check_parameters(&object.get("parameters"), report);
    report.one_of(&object.get("reclaimPolicy"), &["Delete", "Retain"]);
    report.exactly_one_of(
        &object.get("volumeBindingMode"),
        &["Immediate", "WaitForFirstConsumer"],
    );
    let topologies = object.get("allowedTopologies");
    for (place, term) in topologies.items().enumerate() {
        check_topology(&term, report);
        let expressions = term.get("matchLabelExpressions");
        if expressions.is_empty() && term.value().is_object() {
            // Kubernetes takes it for a repetition of nothing.
            let message = "a term without requirements: expected a key and its values";
            report.duplicate(&expressions, &rules::TOPOLOGY, message);
            continue;
        }
        let repeated = topologies
            .items()
            .take(place.min(TOPOLOGIES_COMPARED))
            .any(|former| former.value() == term.value());
        if repeated {
            let field = term.get("matchLabelExpressions");
            report.duplicate(&field, &rules::TOPOLOGY, "the same term as before");
        }
    }
}

fn check_parameters(parameters: &Field, report: &mut Report) {
    let size: usize = parameters
        .entries()
        .map(|(key, value)| key.len() + value.text().len())
        .sum();
    if parameters.count() > PARAMETERS_MOST || size > PARAMETERS_SIZE_MOST {
        let message = format!(
            "{} parameters of {size} bytes: expected {PARAMETERS_MOST} of {PARAMETERS_SIZE_MOST} at most",
            parameters.count()
        );
        report.add(parameters, Cause::TooLong, &rules::TOO_LONG, message);
    }
    for (key, field) in parameters.entries() {
        if key.is_empty() {
            report.invalid(&field.unplaced(), &rules::KEY_SYNTAX, "an empty key");
        }
    }
}

/// Checks where volumes may be (`ValidateTopologySelectorTerm`).
fn check_topology(term: &Field, report: &mut Report) {
    let mut keys = Seen::new();
    for requirement in term.get("matchLabelExpressions").items() {
        let (key, values) = (requirement.get("key"), requirement.get("values"));
        report.present(&values);
        let mut seen = Seen::new();
        for value in values.items() {
            if !seen.insert(value.text()) {
                report.duplicate(
                    &value,
                    &rules::TOPOLOGY,
                    format!("`{}` is listed twice", shorten(value.text())),
                );
            }
        }
        report.form_of(&key, key.text(), &rules::LABEL_KEY, TextForm::QualifiedName);
        if !keys.insert(key.text()) {
            report.duplicate(
                &key,
                &rules::TOPOLOGY,
                format!("`{}` is in another requirement too", shorten(key.text())),
            );
        }
    }
}

/// Checks a VolumeAttributesClass (`ValidateVolumeAttributesClass`).
pub(crate) fn check_attributes_class(object: &Field, report: &mut Report) {
    report.required_form(
        &object.get("driverName"),
        &rules::NAME_SYNTAX,
        TextForm::MixedCaseQualifiedName,
    );
    let parameters = object.get("parameters");
    check_parameters(&parameters, report);
    report.present(&parameters);
}

/// Checks a CSIDriver (`validateCSIDriverSpec`).
pub(crate) fn check_csi_driver(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.exactly_one_of(
        &spec.get("fsGroupPolicy"),
        &["File", "None", "ReadWriteOnceWithFSType"],
    );
    let mut audiences = Seen::new();
    for request in spec.get("tokenRequests").items() {
        let (audience, seconds) = (request.get("audience"), request.get("expirationSeconds"));
        if !audiences.insert(audience.text()) {
            let message = format!(
                "`{}` is the audience of another token too",
                shorten(audience.text())
            );
            report.duplicate(&audience, &rules::DUPLICATE_NAME, message);
            continue;
        }
        report.in_range(&seconds, 600, 1 << 32);
    }
    let modes = spec.get("volumeLifecycleModes");
    check_unique_texts(&modes, report);
    for mode in modes.items() {
        report.exactly_one_of(&mode.unplaced(), &["Persistent", "Ephemeral"]);
    }
    report.in_range(
        &spec.get("nodeAllocatableUpdatePeriodSeconds"),
        10,
        i64::MAX,
    );
}

/// Checks a CSIStorageCapacity (`ValidateCSIStorageCapacity`).
pub(crate) fn check_storage_capacity(object: &Field, report: &mut Report) {
    crate::selector::check_label_selector(&object.get("nodeTopology"), report);
    let class = object.get("storageClassName");
    report.form_of(
        &class,
        class.text(),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    let capacity = object.get("capacity");
    if crate::pods::resources::check_quantity_syntax(&capacity, report)
        .is_some_and(super::quantity::Quantity::is_negative)
    {
        report.invalid(
            &capacity,
            &rules::QUANTITY_VALUE,
            format!("{}: expected 0 or more", capacity.value()),
        );
    }
}
