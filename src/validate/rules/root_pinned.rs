//! A root that follows no branch never sees the commit that moves it on.

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

use super::pin_not_a_commit::is_commit;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "root-pinned",
        severity: Severity::Error,
        summary: "a root stays at one commit for ever",
        explain: include_str!("../../../docs/rules/root-pinned.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let revision = &view.plan.fleet.spec.source.revision;
    if is_commit(revision) {
        found.push(
            RULE.rule
                .report(format!(
                    "`revision` is the commit {revision}: the roots follow it too, and never see another one"
                ))
                .primary(view.fleet_origin("/source/revision"), "a branch is wanted here")
                .help(format!(
                    "write `pin: {revision}` beside `revision: refs/heads/main`: roots follow the branch, Applications stay at the pin"
                )),
        );
    }
}
