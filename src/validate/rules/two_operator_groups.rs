//! A namespace has one OperatorGroup: with two, OLM installs and updates no operator in it.

use std::collections::BTreeMap;

use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "two-operator-groups",
        severity: Severity::Error,
        summary: "a namespace has two OperatorGroups",
        explain: include_str!("../../../docs/rules/two-operator-groups.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut first: BTreeMap<&str, (&Instance, &str)> = BTreeMap::new();
    for (instance, object) in view.objects() {
        let is_group = object.kind() == "OperatorGroup" && object.group() == "operators.coreos.com";
        let Some(namespace) = object.namespace().filter(|_| is_group) else {
            continue;
        };
        let (owner, name) = *first.entry(namespace).or_insert((instance, object.name()));
        if owner.name == instance.name && name == object.name() {
            continue;
        }
        let message = format!(
            "{} is the second OperatorGroup of its namespace, beside `{name}`",
            called(object)
        );
        let report = view.report_object(&RULE.rule, instance, object, message);
        found.push(
            report
                .context_key(owner.origin.clone(), format!("`{}` brings `{name}`", owner.name))
                .help("keep one of them, in one app, or give one of the operators a namespace of its own"),
        );
    }
}
