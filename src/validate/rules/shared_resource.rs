//! Objects that two instances of a site both bring: their Applications would overwrite each other for ever.

use std::collections::BTreeMap;

use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use kubernetes_vocabulary::ResourceScope;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "shared-resource",
        severity: Severity::Error,
        summary: "two instances of a site bring the same object",
        explain: include_str!("../../../docs/rules/shared-resource.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut owners: BTreeMap<(&str, &str, &str, &str), &Instance> = BTreeMap::new();
    for (instance, object) in view.objects() {
        let namespace = match view.kinds.scope_of(object) {
            ResourceScope::Namespaced => object.namespace().unwrap_or_default(),
            ResourceScope::Cluster => "",
        };
        let key = (object.group(), object.kind(), namespace, object.name());
        let owner = *owners.entry(key).or_insert(instance);
        if owner.name == instance.name {
            continue;
        }
        let help = match object.kind() {
            "Namespace" => {
                "take the Namespace out of the base: siteplan makes every namespace that an app names"
            }
            _ => "let one app bring the object, and let the other one require that app",
        };
        let says = format!(
            "`{}` and `{}` both bring {}",
            owner.name,
            instance.name,
            called(object)
        );
        found.push(
            view.report_object(&RULE.rule, instance, object, says)
                .context_key(
                    owner.origin.clone(),
                    format!("`{}` brings it too", owner.name),
                )
                .help(help),
        );
    }
}
