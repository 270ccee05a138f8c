//! PodDisruptionBudgets (`pkg/apis/policy/validation/validation.go`).

use crate::field::Field;
use crate::report::Report;
use crate::rules;
use crate::selector::check_label_selector;
use crate::workloads::{check_share, check_share_limit};

/// Checks a PodDisruptionBudget (`ValidatePodDisruptionBudgetSpec`).
pub(crate) fn check_disruption_budget(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let (least, most) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if least.exists() && most.exists() {
        let field = spec.get_as("maxUnavailable", "");
        report.invalid(
            &field,
            &rules::CONFLICTING_FIELDS,
            "`maxUnavailable` beside `minAvailable`: expected one",
        );
    }
    for share in [&least, &most] {
        check_share(share, report);
        check_share_limit(share, report);
    }
    check_label_selector(&spec.get("selector"), report);
    report.exactly_one_of(
        &spec.get("unhealthyPodEvictionPolicy"),
        &["AlwaysAllow", "IfHealthyBudget"],
    );
}
