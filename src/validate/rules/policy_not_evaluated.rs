//! Checks that every admission policy of the fleet can be evaluated.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use super::policy_refuses::report_verdicts;
use crate::validate::CheckedRule;
use crate::validate::policies::is_not_evaluated;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "policy-not-evaluated",
        severity: Severity::Warning,
        summary: "an admission policy could not be evaluated on an object",
        explain: include_str!("../../../docs/rules/policy-not-evaluated.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_verdicts(view, &RULE.rule, is_not_evaluated, found);
}
