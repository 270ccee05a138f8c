//! No manifest uses a version of the API that is announced to go.

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "deprecated-api-version",
        severity: Severity::Warning,
        summary: "a later version of the cluster will not serve the version of a kind",
        explain: include_str!("../../../docs/rules/deprecated-api-version.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_findings(view, &RULE.rule, is_meant, found);
}

fn is_meant(class: FindingClass) -> bool {
    matches!(
        class,
        FindingClass::Schema(ViolationKind::DeprecatedVersion)
    )
}
