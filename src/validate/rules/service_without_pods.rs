//! The selector of a Service means pods that are there.

use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::selectors::{explain_empty, read_label_map};
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "service-without-pods",
        severity: Severity::Error,
        summary: "a Service selects no pod",
        explain: include_str!("../../../docs/rules/service-without-pods.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let at = Pointer::parse("/spec/selector");
    for (instance, object) in view.objects() {
        if object.kind() != "Service" || !object.group().is_empty() {
            continue;
        }
        let written = object.get(at.as_str());
        let (Some(namespace), Some(selector)) = (object.namespace(), read_label_map(written))
        else {
            continue;
        };
        let pods = view.pod_sets();
        let Some(empty) = written.and_then(|w| explain_empty(pods, namespace, &selector, w)) else {
            continue;
        };
        let message = format!(
            "the Service `{}` selects no pod: none in `{namespace}` has `{selector}`",
            object.name()
        );
        let place = FieldPlace {
            instance,
            object,
            field: &at.join(&empty.place),
        };
        found.push(view.report_at(&RULE.rule, place, message).help(match empty.meant {
            Some(label) => format!("did you mean `{label}`?"),
            None => "select by labels that the pods' template has; a Service whose endpoints others write has no `selector`".to_owned(),
        }));
    }
}
