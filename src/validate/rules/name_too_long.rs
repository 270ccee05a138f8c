//! Names of Applications and projects are fit for a label: Argo CD labels what it syncs with them.

use crate::validate::CheckedRule;
use crate::validate::view::View;
use kubernetes_vocabulary::names::is_dns_label;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "name-too-long",
        severity: Severity::Error,
        summary: "the name of an Application or a project cannot be the value of a label",
        explain: include_str!("../../../docs/rules/name-too-long.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for argo in &view.argo {
        let (kind, name) = (argo.object.kind(), argo.object.name());
        if is_dns_label(name) {
            continue;
        }
        let message = format!(
            "the name of {kind} `{name}` cannot be the value of a label ({} characters)",
            name.chars().count()
        );
        found.push(argo.report(view.plan, &RULE.rule, message).help(
            "use at most 63 lower-case letters, digits and dashes: Argo CD labels what it syncs with the name",
        ));
    }
}
