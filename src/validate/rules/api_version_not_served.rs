//! The cluster serves the version of every kind.

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "api-version-not-served",
        severity: Severity::Error,
        summary: "the cluster does not serve the version of a kind",
        explain: include_str!("../../../docs/rules/api-version-not-served.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(
        class,
        FindingClass::Schema(
            ViolationKind::UnknownKind
                | ViolationKind::UnknownVersion
                | ViolationKind::RemovedVersion
                | ViolationKind::NotServed
        )
    )
}
