//! Namespaces of the platform stay the platform's.

use crate::kinds::is_platform_namespace;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View};
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "namespace-of-platform",
        severity: Severity::Error,
        summary: "an app brings a Namespace that belongs to the platform",
        explain: include_str!("../../../docs/rules/namespace-of-platform.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let platform = view.plan.site.spec.cluster.platform;
    let name = Pointer::parse("/metadata/name");
    for (instance, object) in view.objects() {
        let is_namespace = object.kind() == "Namespace" && object.group().is_empty();
        if !is_namespace || !is_platform_namespace(platform, object.name()) {
            continue;
        }
        let place = FieldPlace {
            instance,
            object,
            field: &name,
        };
        let message = format!(
            "the Namespace `{}` belongs to the platform, and `{}` brings it",
            object.name(),
            instance.name
        );
        found.push(view.report_at(&RULE.rule, place, message).help(
            "take it out of the base: an app may write into a namespace that it does not bring",
        ));
    }
}
