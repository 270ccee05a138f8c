//! Every custom resource keeps the validation rules of its definition.

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "validation-rule-broken",
        severity: Severity::Error,
        summary: "a custom resource breaks a validation rule of its definition",
        explain: include_str!("../../../docs/rules/validation-rule-broken.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(class, FindingClass::Schema(ViolationKind::Rule))
}
