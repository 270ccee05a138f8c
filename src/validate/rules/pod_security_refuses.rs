//! Pod Security takes the pods of every workload.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "pod-security-refuses",
        severity: Severity::Error,
        summary: "Pod Security refuses the pods of an object",
        explain: include_str!("../../../docs/rules/pod-security-refuses.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(class, FindingClass::PodSecurity)
}
