//! Projects that are synced together with their Applications are there first, and go last.

use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, ArgoOrigin};
use crate::validate::view::View;
use crate::validate::waves::wave;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "project-after-application",
        severity: Severity::Error,
        summary: "a project is not there before its Applications",
        explain: include_str!("../../../docs/rules/project-after-application.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let projects: Vec<&Argo<'_>> = view
        .argo
        .iter()
        .filter(|a| a.is_project() && !a.is_bootstrap())
        .collect();
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let own = application.text("/spec/project");
        let Some(project) = projects.iter().find(|p| p.object.name() == own) else {
            continue;
        };
        let name = application.object.name();
        let report = |message: String| application.report(view.plan, &RULE.rule, message);
        if application.is_bootstrap() {
            let message = format!(
                "the root Application `{name}` is in the project `{own}`, which it brings itself"
            );
            found.push(
                report(message)
                    .help("give the root a project of its own that is applied before it"),
            );
        } else if are_synced_together(project, application)
            && wave(&project.object) >= wave(&application.object)
        {
            let message =
                format!("the project `{own}` is not synced before its Application `{name}`");
            found.push(
                report(message)
                    .help("give the project a lower sync wave than all its Applications"),
            );
        }
    }
}

/// Checks for a project and an Application that one other Application brings.
fn are_synced_together(project: &Argo<'_>, application: &Argo<'_>) -> bool {
    match (project.place, application.place) {
        (ArgoOrigin::In(a), ArgoOrigin::In(b)) => a.name == b.name,
        (ArgoOrigin::OfSite(_), ArgoOrigin::OfInstance(_)) => true,
        _ => false,
    }
}
