//! The API server takes the pods that operators make.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "refused-operator-pod",
        severity: Severity::Error,
        summary: "the API server refuses the pods that an operator makes of an object",
        explain: include_str!("../../../docs/rules/refused-operator-pod.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(class, FindingClass::OperatorPod)
}
