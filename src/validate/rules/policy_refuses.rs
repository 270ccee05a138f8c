//! Checks that no admission policy of the fleet refuses an object.

use apiserver_schema::PolicyFinding;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::policies::is_refusal;
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "policy-refuses",
        severity: Severity::Error,
        summary: "an admission policy of the fleet refuses an object",
        explain: include_str!("../../../docs/rules/policy-refuses.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_verdicts(view, &RULE.rule, is_refusal, found);
}

/// Reports the findings that a rule means, each at the object's line, beside the expression of the policy.
pub(super) fn report_verdicts(
    view: &View<'_>,
    rule: &Rule,
    is_meant: fn(&PolicyFinding) -> bool,
    found: &mut Diagnostics,
) {
    let name = Pointer::parse("/metadata/name");
    for verdict in view.policy_verdicts() {
        let (object, finding) = (verdict.object, &verdict.finding);
        if !is_meant(finding) {
            continue;
        }
        let message = format!(
            "`{} {}`: the policy `{}` says: {}",
            object.kind(),
            object.name(),
            finding.policy,
            finding.message
        );
        let place = FieldPlace {
            instance: verdict.instance,
            object,
            field: &name,
        };
        let mut report = view.report_at(rule, place, message);
        if let Some(document) = view.policies().document_of(&finding.policy) {
            let at = document.origin(Pointer::parse(finding.pointer.as_str()));
            report = report.context(at, format!("bound by `{}`", finding.binding));
        }
        found.push(report);
    }
}
