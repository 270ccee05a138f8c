//! A pin names one commit, in full: a branch moves, and Argo CD looks a shortened commit up as a name.

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Origin, Pointer, Rule, Severity};

/// The digits of a commit in a repository of git with SHA-1.
const COMMIT_DIGITS: usize = 40;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "pin-not-a-commit",
        severity: Severity::Error,
        summary: "a pin is no full commit",
        explain: include_str!("../../../docs/rules/pin-not-a-commit.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    if let Some(pin) = &view.plan.fleet.spec.source.pin {
        report_malformed(pin, view.fleet_origin("/source/pin"), found);
    }
    let site = &view.plan.site;
    if let Some(pin) = &site.spec.pin {
        let origin = site.origin(&Pointer::parse("/spec/pin"));
        report_malformed(pin, origin, found);
    }
}

fn report_malformed(pin: &str, origin: Origin, found: &mut Diagnostics) {
    if !is_commit(pin) {
        found.push(
            RULE.rule
                .report(format!(
                    "`{pin}` is no commit, expected 40 hexadecimal digits"
                ))
                .primary(origin, "")
                .help("write the whole commit, as `git rev-parse HEAD` prints it"),
        );
    }
}

/// Tells whether a revision is a commit and nothing that moves.
pub(super) fn is_commit(revision: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    revision.len() == COMMIT_DIGITS && revision.bytes().all(is_digit)
}
