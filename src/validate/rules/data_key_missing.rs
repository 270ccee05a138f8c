//! The Secrets and ConfigMaps that are named have the keys that are named.

use std::collections::BTreeSet;

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::nearest::nearest;
use crate::validate::CheckedRule;
use crate::validate::between::{DataKeys, FoundReference, ObjectPresence};
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "data-key-missing",
        severity: Severity::Error,
        summary: "a Secret or ConfigMap does not have the key that is asked for",
        explain: include_str!("../../../docs/rules/data-key-missing.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for reference in view.references().iter().filter(|r| !r.keys.is_empty()) {
        let (namespace, asker) = (reference.namespace.as_deref(), reference.object.namespace());
        let objects = view.site_objects();
        let presence = objects.find(&reference.target, namespace, &reference.name, asker);
        if let ObjectPresence::Here(DataKeys::All(keys)) = presence {
            report_missing(view, reference, keys, found);
        }
    }
}

fn report_missing(
    view: &View<'_>,
    reference: &FoundReference<'_>,
    keys: &BTreeSet<String>,
    found: &mut Diagnostics,
) {
    for asked in reference.keys.iter().filter(|k| !keys.contains(&k.key)) {
        let message = format!(
            "the {} `{}` has no key `{}`",
            reference.target.kind, reference.name, asked.key
        );
        let place = FieldPlace {
            instance: reference.instance,
            object: reference.object,
            field: &asked.pointer,
        };
        let all = keys.iter().map(String::as_str);
        let help = match nearest(&asked.key, all.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if keys.is_empty() => "it has none at all: add the key".to_owned(),
            None => format!("it has `{}`", all.take(9).collect::<Vec<_>>().join("`, `")),
        };
        found.push(view.report_at(&RULE.rule, place, message).help(help));
    }
}
