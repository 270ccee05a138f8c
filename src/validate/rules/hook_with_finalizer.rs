//! Hooks have no finalizers.

use crate::argocd::HOOK;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View, called};
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "hook-with-finalizer",
        severity: Severity::Error,
        summary: "a hook of Argo CD has a finalizer, so that it may never go",
        explain: include_str!("../../../docs/rules/hook-with-finalizer.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let finalizers = Pointer::parse("/metadata/finalizers");
    let first = finalizers.at(0);
    for (instance, object) in view.objects() {
        let annotations = object.get("/metadata/annotations");
        let is_hook = annotations.is_some_and(|all| all.get(HOOK).is_some());
        let Some(finalizer) = object.get(first.as_str()).filter(|_| is_hook) else {
            continue;
        };
        let place = FieldPlace {
            instance,
            object,
            field: &finalizers,
        };
        let message = format!(
            "{} is a hook with the finalizer `{}`",
            called(object),
            finalizer.as_str().unwrap_or_default()
        );
        found.push(
            view.report_at(&RULE.rule, place, message)
                .help("remove the finalizer: Argo CD deletes a hook and waits until it is gone"),
        );
    }
}
