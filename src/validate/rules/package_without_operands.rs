//! A Subscription is to a package that brings the kinds that its app provides.

use serde_json::Value;

use crate::bundle::definitions;
use crate::manifest::Object;
use crate::nearest::nearest;
use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::between::is_subscription;
use crate::validate::definitions::{operator_packages, parse_kind};
use crate::validate::view::{FieldPlace, View};
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "package-without-operands",
        severity: Severity::Error,
        summary: "a Subscription is to a package that does not bring what its app provides",
        explain: include_str!("../../../docs/rules/package-without-operands.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for instance in &view.plan.instances {
        let objects = view.objects_of(instance);
        let of_olm = objects.iter().filter(|o| is_subscription(o));
        let subscriptions: Vec<&Object> = of_olm.collect();
        let operands = list_operands(instance, objects);
        let unmet = operands.iter().find(|operand| {
            let mut packages = subscriptions.iter().filter_map(|o| package_of(o));
            !packages.any(|package| operand.is_brought_by(package))
        });
        let Some(unmet) = unmet else {
            continue;
        };
        let is_of_no_use = |subscription: &&&Object| {
            let package = package_of(subscription).unwrap_or_default();
            !operands.iter().any(|o| o.is_brought_by(package))
        };
        if let Some(subscription) = subscriptions.iter().find(is_of_no_use) {
            let at = Pointer::parse("/spec/name");
            let field = FieldPlace {
                instance,
                object: subscription,
                field: &at,
            };
            found.push(unmet.report(view, field));
        }
    }
}

/// A kind that an app provides through OLM.
struct ProvidedKind<'a> {
    /// `Kind.group`.
    name: &'a str,
    /// The packages that are known to bring it.
    packages: &'static [String],
}

/// Returns the kinds that an app provides through OLM, and does not define itself.
fn list_operands<'a>(instance: &'a Instance, objects: &[Object]) -> Vec<ProvidedKind<'a>> {
    let defined = definitions(objects);
    let provided = instance
        .app()
        .into_iter()
        .flat_map(|app| &app.spec.provides.kinds);
    let through_olm = provided.filter_map(|name| {
        let kind = parse_kind(name);
        let packages = operator_packages(&kind);
        let is_meant = !packages.is_empty() && !defined.contains(&kind);
        is_meant.then_some(ProvidedKind { name, packages })
    });
    through_olm.collect()
}

impl ProvidedKind<'_> {
    fn is_brought_by(&self, package: &str) -> bool {
        self.packages.iter().any(|known| known == package)
    }

    /// Reports a Subscription to a package that does not bring the kind. One that is not known here at all may bring it.
    fn report(&self, view: &View<'_>, field: FieldPlace<'_>) -> Diagnostic {
        let package = package_of(field.object).unwrap_or_default();
        let message = format!(
            "the package `{package}` is not known to bring {}, which its app provides",
            self.name
        );
        let listed = self.packages.join("` or `");
        let mut report = view.report_at(&RULE.rule, field, message);
        let near = nearest(package, self.packages.iter().map(String::as_str));
        if near.is_none() {
            report.severity = Severity::Warning;
        }
        report.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("subscribe to `{listed}`, or take the kind out of `provides.kinds`"),
        })
    }
}

fn package_of(subscription: &Object) -> Option<&str> {
    subscription.get("/spec/name").and_then(Value::as_str)
}
