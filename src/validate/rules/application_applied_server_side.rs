//! Applications are not applied server-side.

use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, ArgoOrigin};
use crate::validate::sync_options::{SERVER_SIDE, annotated_options, application_options};
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "application-applied-server-side",
        severity: Severity::Error,
        summary: "Applications are applied server-side",
        explain: include_str!("../../../docs/rules/application-applied-server-side.md"),
    },
    check,
};

const HELP: &str = "take `ServerSideApply=true` out: applied server-side, an Application loses its status in the middle of a sync";

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        if object.group() == "argoproj.io" && annotated_options(object).any(|o| o == SERVER_SIDE) {
            let message = format!("{} is applied server-side", called(object));
            found.push(view.report(&RULE.rule, instance, message).help(HELP));
        }
    }
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let is_server_side = application_options(application).any(|o| o == SERVER_SIDE);
        if is_server_side && brings_applications(view, application) {
            let message = format!(
                "Application `{}` applies Applications server-side",
                application.object.name()
            );
            found.push(
                application
                    .report(view.plan, &RULE.rule, message)
                    .help(HELP),
            );
        }
    }
}

/// Checks for other Applications among what the Application syncs.
fn brings_applications(view: &View<'_>, application: &Argo<'_>) -> bool {
    match application.place {
        ArgoOrigin::OfInstance(instance) => view
            .objects_of(instance)
            .iter()
            .any(|o| o.group() == "argoproj.io" && o.kind() == "Application"),
        ArgoOrigin::OfSite(_) => true,
        ArgoOrigin::In(_) => false,
    }
}
