//! Values in the form in which an operator writes them back: Argo CD compares texts.

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "value-not-canonical",
        severity: Severity::Error,
        summary: "an operator writes a value back in another form",
        explain: include_str!("../../../docs/rules/value-not-canonical.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let entry = Catalogue::built_in().entry(object);
        let Some(typed) = entry.and_then(|entry| entry.typed_fields.as_ref()) else {
            continue;
        };
        for changed in typed.changed_forms(object) {
            let written = match &changed.written {
                Value::String(text) => format!("`{text}`"),
                other => format!("the number {other}"),
            };
            let place = FieldPlace {
                instance,
                object,
                field: &changed.pointer,
            };
            found.push(
                view.report_at(
                    &RULE.rule,
                    place,
                    format!(
                        "{written} comes back as `{}` from {}: Argo CD compares texts, and the Application never is Synced",
                        changed.comes_back, typed.by
                    ),
                )
                .help(format!("write \"{}\"", changed.comes_back)),
            );
        }
    }
}
