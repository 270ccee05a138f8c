//! Metadata of objects: names, labels, annotations, finalizers, owners
//! (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`, `pkg/apis/core/validation/validation.go`
//! `ValidateObjectMeta`).

use crate::field::Field;
use crate::list_keys::{check_unique_key, check_unique_texts};
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;
use crate::violation::Cause;

/// The size that all annotations of an object may have together, in bytes.
const ANNOTATIONS_MOST: usize = 256 * 1024;

/// The function of Kubernetes that validates an object's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetadataRules {
    /// `ValidateObjectMeta` of the core group: finalizers need a domain, apart from the standard ones.
    Core,
    /// `ValidateObjectMeta` of apimachinery.
    Generic,
}

/// Checks the metadata of an object (`ValidateObjectMetaAccessor`).
pub(crate) fn check_metadata(
    object: &Field,
    form: TextForm,
    which: MetadataRules,
    report: &mut Report,
) {
    let metadata = object.get("metadata");
    check_name(&metadata, form, report);
    let namespace = metadata.get("namespace");
    report.form_if_set(&namespace, &rules::NAME_SYNTAX, TextForm::DnsLabel);
    report.nonnegative(&metadata.get("generation"));
    check_labels(&metadata.get("labels"), report);
    check_annotations(&metadata.get("annotations"), report);
    check_owners(&metadata.get("ownerReferences"), report);
    check_finalizers(&metadata.get("finalizers"), which, report);
    check_unique_texts(&metadata.get("finalizers"), report);
    check_unique_key(&metadata.get("ownerReferences"), "uid", report);
}

fn check_name(metadata: &Field, form: TextForm, report: &mut Report) {
    let prefix = metadata.get("generateName");
    if !prefix.is_blank() {
        let masked = mask_trailing_dash(prefix.text());
        report.form_of(&prefix, &masked, &rules::NAME_SYNTAX, form);
    }
    let name = metadata.get("name");
    if !name.is_blank() {
        report.form(&name, &rules::NAME_SYNTAX, form);
    } else if prefix.is_blank() {
        report.required(&name, "missing: a name, or `generateName`, is required");
    }
}

/// Replaces the end of a prefix as the API server does before it checks the form (`maskTrailingDash`).
fn mask_trailing_dash(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut chars = rest.chars();
            chars.next_back();
            format!("{}a", chars.as_str())
        }
        _ => prefix.to_owned(),
    }
}

/// Checks labels, node selectors and other maps of labels (`ValidateLabels`).
pub(crate) fn check_labels(labels: &Field, report: &mut Report) {
    for (key, field) in labels.entries() {
        let field = field.unplaced();
        report.form_of(&field, key, &rules::LABEL_KEY, TextForm::QualifiedName);
        report.form(&field, &rules::LABEL_VALUE, TextForm::LabelValue);
    }
}

/// Checks annotations (`ValidateAnnotations`).
pub(crate) fn check_annotations(annotations: &Field, report: &mut Report) {
    let mut size = 0;
    for (key, field) in annotations.entries() {
        let field = field.unplaced();
        report.form_of(
            &field,
            key,
            &rules::ANNOTATION_KEY,
            TextForm::MixedCaseQualifiedName,
        );
        size += key.len() + field.text().len();
    }
    if size > ANNOTATIONS_MOST {
        let message =
            format!("annotations have {size} bytes together: expected {ANNOTATIONS_MOST} at most");
        report.add(
            annotations,
            Cause::TooLong,
            &rules::ANNOTATIONS_SIZE,
            message,
        );
    }
}

/// Checks owner references (`ValidateOwnerReferences`).
fn check_owners(owners: &Field, report: &mut Report) {
    let mut controllers = 0;
    for owner in owners.items() {
        let owner = owner.unplaced();
        for name in ["apiVersion", "kind", "name", "uid"] {
            let field = owner.get(name);
            if field.is_blank() {
                report.invalid(
                    &field,
                    &rules::OWNER_REFERENCE,
                    format!("an owner without `{name}`"),
                );
            }
        }
        if owner.get("apiVersion").text() == "v1" && owner.get("kind").text() == "Event" {
            report.invalid(&owner, &rules::OWNER_REFERENCE, "an `Event` owns nothing");
        }
        controllers += usize::from(owner.get("controller").is_true());
    }
    if controllers > 1 {
        report.invalid(
            owners,
            &rules::OWNER_REFERENCE,
            format!("{controllers} owners are controllers: expected one"),
        );
    }
}

/// Checks finalizers (`ValidateFinalizers`, `validateKubeFinalizerName`).
fn check_finalizers(finalizers: &Field, which: MetadataRules, report: &mut Report) {
    let (mut orphan, mut foreground) = (false, false);
    for finalizer in finalizers.items() {
        let text = finalizer.text();
        if !finalizer.value().is_string()
            || !report.form(
                &finalizer.unplaced(),
                &rules::FINALIZER,
                TextForm::QualifiedName,
            )
        {
            continue;
        }
        orphan |= text == "orphan";
        foreground |= text == "foregroundDeletion";
        let standard = matches!(text, "kubernetes" | "orphan" | "foregroundDeletion");
        if which == MetadataRules::Core && !text.contains('/') && !standard {
            let text = shorten(text);
            let message =
                format!("`{text}` has no domain: expected a name like `example.com/{text}`");
            report.invalid(&finalizer, &rules::FINALIZER, message);
        }
    }
    if orphan && foreground {
        let message = "`orphan` and `foregroundDeletion` exclude each other";
        report.invalid(finalizers, &rules::FINALIZER, message);
    }
}
