//! Every manifest fits the schema of its kind.

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::api_server::report_findings;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "manifest-against-schema",
        severity: Severity::Error,
        summary: "a manifest does not fit the schema of its kind",
        explain: include_str!("../../../docs/rules/manifest-against-schema.md"),
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
            ViolationKind::WrongType
                | ViolationKind::Required
                | ViolationKind::NotInEnumeration
                | ViolationKind::OutOfRange
                | ViolationKind::WrongSize
                | ViolationKind::PatternMismatch
                | ViolationKind::WrongFormat
                | ViolationKind::Duplicate
                | ViolationKind::Composition
                | ViolationKind::Unidentified
        )
    )
}
