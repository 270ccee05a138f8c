//! No manifest has a field that its kind does not have.

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-manifest-field",
        severity: Severity::Error,
        summary: "a manifest has a field that its kind does not have",
        explain: include_str!("../../../docs/rules/unknown-manifest-field.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(class, FindingClass::Schema(ViolationKind::UnknownField))
}
