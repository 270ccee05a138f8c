//! Sync options are those that Argo CD knows.

use crate::argocd::SYNC_OPTIONS;
use crate::validate::CheckedRule;
use crate::validate::sync_options::{
    annotated_options, application_options, find_sync_option, suggest_sync_option,
};
use crate::validate::view::{AnnotationPlace, View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-sync-option",
        severity: Severity::Error,
        summary: "a sync option is none that Argo CD knows",
        explain: include_str!("../../../docs/rules/unknown-sync-option.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        for option in annotated_options(object).filter(|text| find_sync_option(text).is_none()) {
            let message = format!(
                "{} asks for the sync option `{option}`, which Argo CD does not know",
                called(object)
            );
            let place = AnnotationPlace {
                instance,
                object,
                annotation: SYNC_OPTIONS,
            };
            let report = view.report_annotation(&RULE.rule, place, message);
            found.push(report.help(suggest_sync_option(option)));
        }
    }
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let name = application.object.name();
        for option in application_options(application) {
            if find_sync_option(option).is_some() {
                continue;
            }
            let message = format!(
                "Application `{name}` asks for the sync option `{option}`, which Argo CD does not know"
            );
            found.push(
                application
                    .report(view.plan, &RULE.rule, message)
                    .help(suggest_sync_option(option)),
            );
        }
    }
}
