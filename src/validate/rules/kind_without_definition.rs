//! Every custom resource is held against the definition of its kind.

use std::collections::BTreeSet;

use apiserver_schema::ViolationKind;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::refusal::FindingClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "kind-without-definition",
        severity: Severity::Warning,
        summary: "a custom resource cannot be checked, because nothing defines its kind",
        explain: include_str!("../../../docs/rules/kind-without-definition.md"),
    },
    check,
};

/// Reports each kind once a site, at its first object.
fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for finding in view.server_findings() {
        let refusal = finding.refusal();
        let object = finding.object;
        let is_meant = refusal.class == FindingClass::Schema(ViolationKind::NoDefinition);
        if !is_meant || !told.insert((object.api_version(), object.kind())) {
            continue;
        }
        let message = format!(
            "{}: `{} {}` and others of its kind are not checked",
            refusal.message,
            object.kind(),
            object.name()
        );
        let mut report = view.report_field(&RULE.rule, finding, message);
        report.severity = view.unchecked_severity();
        let help = "import its definition: `oc get crd -o yaml | siteplan schema import -`";
        found.push(match &refusal.nearest {
            Some(nearest) => {
                report.help(format!("did you mean the group `{nearest}`? Else {help}"))
            }
            None => report.help(help),
        });
    }
}
