//! Every namespaced object says in which namespace it lives.

use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use kubernetes_vocabulary::ResourceScope;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "namespace-not-set",
        severity: Severity::Error,
        summary: "a namespaced object does not say its namespace",
        explain: include_str!("../../../docs/rules/namespace-not-set.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let is_set = object.namespace().is_some_and(|name| !name.is_empty());
        if is_set || view.kinds.scope_of(object) != ResourceScope::Namespaced {
            continue;
        }
        let message = format!("{} has no namespace", called(object));
        found.push(
            view.report_object(&RULE.rule, instance, object, message)
                .help(
                    "write `metadata.namespace` in the base, or `namespace:` in its kustomization",
                ),
        );
    }
}
