//! Projected volumes and the downward API (`validateProjectedVolumeSource`, `validateDownwardAPIVolumeSource`).

use super::env::{check_field_ref, check_resource_field_ref};
use super::volume_sources::{check_file_mode, check_key_to_path, check_unreserved_path};
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::selector::check_label_selector;

/// Sources of a projected volume.
const PROJECTIONS: [&str; 6] = [
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
];

/// Fields of a pod that files of the downward API can hold.
const VOLUME_FIELDS: [&str; 5] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
    "metadata.uid",
];

/// Checks a volume that several sources are projected into.
pub(super) fn check_projected(projected: &Field, report: &mut Report) {
    check_file_mode(&projected.get("defaultMode"), report);
    for source in projected.get("sources").items() {
        let present = PROJECTIONS
            .iter()
            .filter(|name| source.get(name).exists())
            .count();
        for name in ["secret", "configMap"] {
            check_keys(&source.get(name), report);
        }
        check_files(&source.get("downwardAPI"), report);
        check_token_seconds(&source.get("serviceAccountToken"), report);
        check_trust_bundle(&source.get("clusterTrustBundle"), report);
        if present > 1 {
            report.forbidden(
                &source,
                &rules::VOLUME_SOURCE,
                "several kinds in one source: expected one for each entry",
            );
        }
    }
    let sources = projected.get_as("sources", "");
    let mut paths = Seen::new();
    for source in sources.items() {
        let source = source.unplaced();
        check_token(&source.get_as("serviceAccountToken", ""), report);
        check_unique_paths(&source, &mut paths, report);
    }
}

fn check_keys(source: &Field, report: &mut Report) {
    if source.exists() {
        report.present(&source.get("name"));
        for item in source.get("items").items() {
            check_key_to_path(&item, report);
        }
    }
}

/// Checks the file of a token. Kubernetes' path leaves out which source it is.
fn check_token(token: &Field, report: &mut Report) {
    if !token.exists() {
        return;
    }
    let path = token.get("path");
    if report.present(&path) {
        check_unreserved_path(&path, report);
    }
}

fn check_token_seconds(token: &Field, report: &mut Report) {
    let seconds = token.get("expirationSeconds");
    if let Some(number) = seconds.int()
        && !(600..=1 << 32).contains(&number)
    {
        report.invalid(
            &seconds,
            &rules::NUMBER_RANGE,
            format!("{number} seconds: expected 600 to 4294967296"),
        );
    }
}

fn check_trust_bundle(bundle: &Field, report: &mut Report) {
    if !bundle.exists() {
        return;
    }
    match (
        bundle.get("name").exists(),
        bundle.get("signerName").exists(),
    ) {
        (true, true) => report.invalid(
            bundle,
            &rules::CONFLICTING_FIELDS,
            "`name` beside `signerName`: expected one",
        ),
        (false, false) => report.required(bundle, "missing: `name` or `signerName` is required"),
        (true, false) => {
            report.present(&bundle.get("name"));
            let selector = bundle.get("labelSelector");
            if selector.exists() {
                report.invalid(
                    &selector,
                    &rules::CONFLICTING_FIELDS,
                    "`labelSelector` beside `name`: expected one",
                );
            }
        }
        (false, true) => {
            report.present(&bundle.get("signerName"));
            check_label_selector(&bundle.get("labelSelector"), report);
        }
    }
    let path = bundle.get("path");
    report.present(&path);
    check_unreserved_path(&path, report);
}

/// Refuses two files of the same path in one projected volume.
fn check_unique_paths<'v>(source: &Field<'v, '_>, paths: &mut Seen<&'v str>, report: &mut Report) {
    for name in ["secret", "configMap", "downwardAPI"] {
        let keys = source.get_as(name, "");
        for item in keys.get_as("items", "").items() {
            let item = item.unplaced();
            let path = item.get_as("path", "");
            if !path.is_blank() && !paths.insert(path.text()) {
                let message = format!(
                    "`{}` is the path of another file of the volume too",
                    shorten(path.text())
                );
                report.invalid(&path, &rules::DUPLICATE_PATH, message);
            }
        }
    }
}

/// Checks files of the downward API.
pub(super) fn check_downward_api(source: &Field, report: &mut Report) {
    check_file_mode(&source.get("defaultMode"), report);
    check_files(source, report);
}

fn check_files(source: &Field, report: &mut Report) {
    for file in source.get_as("items", "").items() {
        let file = file.unplaced();
        let path = file.get("path");
        report.present(&path);
        check_unreserved_path(&path, report);
        let (field, resource) = (file.get("fieldRef"), file.get("resourceFieldRef"));
        match (field.exists(), resource.exists()) {
            (true, both) => {
                check_field_ref(&field, &VOLUME_FIELDS, report);
                if both {
                    let message = "`fieldRef` beside `resourceFieldRef`: expected one";
                    report.invalid(&file, &rules::CONFLICTING_FIELDS, message);
                }
            }
            (false, true) => {
                if report.present(&resource.get("containerName")) {
                    check_resource_field_ref(&resource, report);
                }
            }
            (false, false) => report.required(
                &file,
                "missing: `fieldRef` or `resourceFieldRef` is required",
            ),
        }
        check_file_mode(&file.get("mode"), report);
    }
}
