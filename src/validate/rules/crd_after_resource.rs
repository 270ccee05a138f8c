//! Custom resources are synced after the instance that brings their API.

use std::collections::BTreeSet;

use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::definitions::EarlyResource;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "crd-after-resource",
        severity: Severity::Error,
        summary: "a custom resource is not synced after what brings its API",
        explain: include_str!("../../../docs/rules/crd-after-resource.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for early in view.early_resources() {
        let Some(provider) = early.provider else {
            continue;
        };
        let instance = early.instance;
        if !told.insert((&instance.name, &early.kind)) {
            continue;
        }
        let message = format!(
            "{} is not synced after `{}`, which brings the API of `{}`",
            called(early.object),
            provider.name,
            early.kind
        );
        let waves = format!("wave {}, this one is wave {}", provider.wave, instance.wave);
        found.push(
            view.report_object(&RULE.rule, instance, early.object, message)
                .context_key(provider.origin.clone(), waves)
                .help(suggest_order(early, provider)),
        );
    }
}

fn suggest_order(early: &EarlyResource<'_>, provider: &Instance) -> String {
    if provider.name == early.instance.name {
        return "put the custom resources into an app of their own that requires this one"
            .to_owned();
    }
    let app = provider.app().map_or(&provider.name, |app| &app.name);
    format!("add `- app: {app}` to `requires` of the app that holds the custom resource")
}
