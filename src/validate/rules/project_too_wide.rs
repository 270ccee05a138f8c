//! Projects reach the namespaces and clusters that their Applications need, and no others.

use crate::argocd::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use crate::validate::CheckedRule;
use crate::validate::argo::Argo;
use crate::validate::projects::{project_entries, text_field};
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "project-too-wide",
        severity: Severity::Error,
        summary: "a project reaches further than its Applications need",
        explain: include_str!("../../../docs/rules/project-too-wide.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for project in view.argo.iter().filter(|a| a.is_project()) {
        for reach in describe_reach(view, project) {
            let message = format!("the project `{}` {reach}", project.object.name());
            found.push(
                project.report(view.plan, &RULE.rule, message).help(
                    "list the namespaces and clusters that its Applications need, one by one",
                ),
            );
        }
    }
}

/// Describes each destination that reaches too far.
fn describe_reach(view: &View<'_>, project: &Argo<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let argocd = view.argocd().namespace();
    for entry in project_entries(&project.object, "destinations") {
        for key in ["namespace", "server", "name"] {
            let pattern = text_field(entry, key);
            if pattern.contains('*') && !pattern.starts_with('!') {
                found.push(format!("reaches every {key} that matches `{pattern}`"));
            }
        }
        let here = text_field(entry, "server") == IN_CLUSTER_SERVER
            || text_field(entry, "name") == IN_CLUSTER_NAME;
        if here && text_field(entry, "namespace") == argocd && !project.is_bootstrap() {
            found.push(format!(
                "reaches Argo CD's own namespace `{argocd}`, and with it every other project"
            ));
        }
    }
    found
}
