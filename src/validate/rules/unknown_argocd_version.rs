//! The version of Argo CD: everything that is written depends on it.

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-argocd-version",
        severity: Severity::Error,
        summary: "the version of Argo CD is none that siteplan knows",
        explain: include_str!("../../../docs/rules/unknown-argocd-version.md"),
    },
    check,
};

/// The oldest Argo CD whose behaviour is known.
const OLDEST: (u32, u32) = (2, 14);

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let argocd = view.argocd();
    let says = match argocd.version() {
        None => format!(
            "`{}` is not a version of Argo CD, expected MAJOR.MINOR",
            argocd.version
        ),
        Some(version) if version < OLDEST => format!(
            "Argo CD {} is too old, expected 2.14 or newer",
            argocd.version
        ),
        Some(_) => return,
    };
    found.push(
        RULE.rule
            .report(says)
            .primary(view.fleet_origin("/argocd/version"), "")
            .help(
                "write the version of Argo CD itself, in quotes: OpenShift GitOps 1.16 is \"2.14\"",
            ),
    );
}
