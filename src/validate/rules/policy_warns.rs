//! Checks that no admission policy of the fleet warns of an object.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use super::policy_refuses::report_verdicts;
use crate::validate::CheckedRule;
use crate::validate::policies::is_warning;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "policy-warns",
        severity: Severity::Warning,
        summary: "an admission policy of the fleet warns of an object",
        explain: include_str!("../../../docs/rules/policy-warns.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_verdicts(view, &RULE.rule, is_warning, found);
}
