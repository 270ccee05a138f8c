//! Something on the site brings the API of each custom resource.

use std::collections::BTreeSet;

use crate::kinds::GroupKind;
use crate::validate::CheckedRule;
use crate::validate::definitions::operator_packages;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "crd-not-on-site",
        severity: Severity::Warning,
        summary: "nothing on the site is known to bring the API of a custom resource",
        explain: include_str!("../../../docs/rules/crd-not-on-site.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for early in view.early_resources() {
        let known = early.provider.is_some();
        if known || !told.insert((&early.instance.name, &early.kind)) {
            continue;
        }
        let message = format!(
            "nothing on site `{}` is known to bring the API of {}",
            view.plan.name,
            called(early.object)
        );
        found.push(
            view.report_object(&RULE.rule, early.instance, early.object, message)
                .help(suggest_provider(&early.kind)),
        );
    }
}

fn suggest_provider(kind: &GroupKind) -> String {
    let listed = format!(
        "list `{kind}` under `provides.kinds` of the app that installs it, and require that app"
    );
    match operator_packages(kind) {
        [] => listed,
        packages => format!(
            "add an app with a Subscription to `{}`, or {listed}",
            packages.join("` or `")
        ),
    }
}
