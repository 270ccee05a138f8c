//! PriorityClasses and RuntimeClasses (`pkg/apis/scheduling/validation/validation.go`,
//! `pkg/apis/node/validation/validation.go`).

use crate::field::Field;
use crate::metadata::check_labels;
use crate::pods::resources::check_overhead;
use crate::pods::scheduling::check_tolerations;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;

/// The highest priority that users may define.
const PRIORITY_MOST: i64 = 1_000_000_000;
/// The classes of Kubernetes itself, with their values.
const SYSTEM_CLASSES: [(&str, i64); 2] = [
    ("system-node-critical", 2_000_001_000),
    ("system-cluster-critical", 2_000_000_000),
];

/// Checks a PriorityClass (`ValidatePriorityClass`).
pub(crate) fn check_priority_class(object: &Field, report: &mut Report) {
    let metadata = object.get("metadata");
    let (name, value) = (metadata.get("name"), object.get("value"));
    let number = value.int().unwrap_or_default();
    if name.text().starts_with("system-") {
        let known = SYSTEM_CLASSES.contains(&(name.text(), number))
            && !object.get("globalDefault").is_true();
        if !known {
            let message = format!(
                "`{}` begins with `system-`, which is reserved",
                shorten(name.text())
            );
            report.forbidden(&name, &rules::PRIORITY, message);
        }
    } else if number > PRIORITY_MOST {
        report.forbidden(
            &value,
            &rules::PRIORITY,
            format!("{number}: expected {PRIORITY_MOST} at most"),
        );
    }
    report.exactly_one_of(
        &object.get("preemptionPolicy"),
        &["PreemptLowerPriority", "Never"],
    );
}

/// Checks a RuntimeClass (`ValidateRuntimeClass`).
pub(crate) fn check_runtime_class(object: &Field, report: &mut Report) {
    let handler = object.get("handler");
    report.form_of(
        &handler,
        handler.text(),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    let overhead = object.get("overhead");
    check_overhead(&overhead.get_as("podFixed", ""), report);
    let scheduling = object.get("scheduling");
    check_labels(&scheduling.get("nodeSelector"), report);
    let tolerations = scheduling.get("tolerations");
    check_tolerations(&tolerations.label("tolerations"), report);
    let mut seen = Seen::new();
    for toleration in tolerations.items() {
        let key = ["key", "operator", "value", "effect"].map(|name| toleration.get(name).text());
        if !seen.insert(key) {
            report.duplicate(
                &toleration,
                &rules::TOLERATION,
                "the same toleration as before",
            );
        }
    }
}
