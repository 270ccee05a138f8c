//! The code of the API server takes every object.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "refused-by-api-server",
        severity: Severity::Error,
        summary: "the API server refuses an object",
        explain: include_str!("../../../docs/rules/refused-by-api-server.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(class, FindingClass::Code)
}
