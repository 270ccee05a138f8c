//! Sync options work in the fleet's version of Argo CD.

use crate::bundle::ArgoCdVersion;
use crate::validate::CheckedRule;
use crate::validate::sync_options::{application_options, find_sync_option};
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "sync-option-too-new",
        severity: Severity::Error,
        summary: "a sync option does not work in this version of Argo CD",
        explain: include_str!("../../../docs/rules/sync-option-too-new.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for application in view.argo.iter().filter(|a| a.is_application()) {
        for option in application_options(application) {
            let Some(known) = find_sync_option(option) else {
                continue;
            };
            if known.works_in(view.argocd()) {
                continue;
            }
            let message = format!(
                "Argo CD {} ignores `{option}` of Application `{}`",
                view.argocd().version,
                application.object.name()
            );
            let ArgoCdVersion { major, minor } = known.since;
            found.push(application.report(view.plan, &RULE.rule, message).help(format!(
                "it works for a whole Application from {major}.{minor} on; before, annotate the objects"
            )));
        }
    }
}
