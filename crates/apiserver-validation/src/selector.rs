//! Label selectors (`k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`).

use crate::field::Field;
use crate::metadata::check_labels;
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;

/// The relation of a selector to labels (`metav1.LabelSelectorAsSelector`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelectorMatch {
    /// The selector is malformed, so that nothing can be said.
    Unusable,
    /// The selector selects the labels.
    Matches,
    /// The selector does not select the labels, or is absent.
    Differs,
}

/// Checks a label selector (`ValidateLabelSelector`).
pub(crate) fn check_label_selector(selector: &Field, report: &mut Report) {
    if !selector.exists() {
        return;
    }
    check_labels(&selector.get("matchLabels"), report);
    for requirement in selector.get("matchExpressions").items() {
        check_requirement(&requirement, report);
    }
}

/// Checks a requirement of a label selector (`ValidateLabelSelectorRequirement`).
fn check_requirement(requirement: &Field, report: &mut Report) {
    check_operator_values(requirement, report);
    check_requirement_key(requirement, report);
    check_requirement_values(&requirement.get("values"), report);
}

/// Checks the key of a requirement; an absent one has no valid form either.
pub(crate) fn check_requirement_key(requirement: &Field, report: &mut Report) {
    let key = requirement.get("key");
    if key.is_blank() {
        report.invalid(
            &key,
            &rules::LABEL_KEY,
            "missing: the key of a label is required",
        );
    } else {
        report.form(&key, &rules::LABEL_KEY, TextForm::QualifiedName);
    }
}

/// Checks that values have the form of a label's value.
pub(crate) fn check_requirement_values(values: &Field, report: &mut Report) {
    for value in values.items() {
        report.form(&value, &rules::LABEL_VALUE, TextForm::LabelValue);
    }
}

fn check_operator_values(requirement: &Field, report: &mut Report) {
    let (operator, values) = (requirement.get("operator"), requirement.get("values"));
    match operator.text() {
        "In" | "NotIn" if values.is_empty() => {
            report.required(
                &values,
                format!("missing: `{}` needs at least one value", operator.text()),
            );
        }
        "Exists" | "DoesNotExist" if values.count() > 0 => {
            let message = format!("values beside `{}`, which takes none", operator.text());
            report.forbidden(&values, &rules::SELECTOR_VALUES, message);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        text if operator.is_blank() || operator.value().is_string() => {
            let message = format!(
                "`{}` is no operator: expected `In`, `NotIn`, `Exists` or `DoesNotExist`",
                shorten(text)
            );
            report.invalid(&operator, &rules::SELECTOR_OPERATOR, message);
        }
        _ => {}
    }
}

/// Tells how a label selector relates to labels.
pub(crate) fn match_selector(selector: &Field, labels: &Field) -> SelectorMatch {
    if !selector.exists() {
        return SelectorMatch::Differs;
    }
    let mut all = true;
    for (key, value) in selector.get("matchLabels").entries() {
        if !TextForm::QualifiedName.accepts(key) || !TextForm::LabelValue.accepts(value.text()) {
            return SelectorMatch::Unusable;
        }
        all &= labels.value().get(key).and_then(|v| v.as_str()) == Some(value.text());
    }
    for requirement in selector.get("matchExpressions").items() {
        match match_requirement(&requirement, labels) {
            Some(holds) => all &= holds,
            None => return SelectorMatch::Unusable,
        }
    }
    if all {
        SelectorMatch::Matches
    } else {
        SelectorMatch::Differs
    }
}

fn match_requirement(requirement: &Field, labels: &Field) -> Option<bool> {
    let (key, values) = (requirement.get("key").text(), requirement.get("values"));
    let values_fit = values
        .items()
        .all(|value| TextForm::LabelValue.accepts(value.text()));
    if !TextForm::QualifiedName.accepts(key) || !values_fit {
        return None;
    }
    let label = labels.value().get(key).and_then(|v| v.as_str());
    let listed = label.is_some_and(|label| values.items().any(|value| value.text() == label));
    match requirement.get("operator").text() {
        "In" if values.count() > 0 => Some(listed),
        "NotIn" if values.count() > 0 => Some(!listed),
        "Exists" if values.count() == 0 => Some(label.is_some()),
        "DoesNotExist" if values.count() == 0 => Some(label.is_none()),
        _ => None,
    }
}

/// Checks the selector of a workload and that it selects the template's labels; false when the template is not to be
/// checked further, since the API server does not either.
pub(crate) fn check_workload_selector(spec: &Field, report: &mut Report) -> bool {
    let selector = spec.get("selector");
    if !selector.exists() {
        report.required(&selector, "missing: a selector of the pods is required");
        return true;
    }
    check_label_selector(&selector, report);
    if selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty() {
        report.invalid(
            &selector,
            &rules::SELECTOR_EMPTY,
            "an empty selector: expected labels of the template",
        );
        return true;
    }
    let template = spec.get("template");
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    match match_selector(&selector, &labels) {
        SelectorMatch::Matches => true,
        SelectorMatch::Unusable => false,
        SelectorMatch::Differs => {
            report_mismatch(&labels, report);
            true
        }
    }
}

/// Reports labels of a template that the selector does not select.
pub(crate) fn report_mismatch(labels: &Field, report: &mut Report) {
    let message = "the selector does not match these labels of the template: expected all labels of `spec.selector`";
    report.invalid(labels, &rules::SELECTOR_MISMATCH, message);
}
