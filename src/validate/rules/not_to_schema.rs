//! Applications, projects and kustomizations against closed schemas: a key that Argo CD or kustomize does not know is a mistake.

use crate::manifest::Object;
use crate::schema::{OutputKind, validate_output};
use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Origin, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "not-to-schema",
        severity: Severity::Error,
        summary: "an Application, a project or a kustomization does not fit its schema",
        explain: include_str!("../../../docs/rules/not-to-schema.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for argo in view
        .argo
        .iter()
        .filter(|argo| !is_refused(view, &argo.object))
    {
        let kind = if argo.is_application() {
            OutputKind::Application
        } else {
            OutputKind::AppProject
        };
        for trouble in validate_output(kind, argo.object.value()) {
            let says = format!(
                "{} `{}`: {}",
                argo.object.kind(),
                argo.object.name(),
                trouble.message
            );
            let report = argo.report(view.plan, &RULE.rule, says);
            found.push(
                report.help(
                    trouble
                        .help
                        .map_or_else(|| HELP.to_owned(), |help| help.text),
                ),
            );
        }
    }
    let of_site = format!("out/{}/", view.plan.name);
    for (directory, document) in view
        .kustomizations
        .iter()
        .filter(|(directory, _)| directory.starts_with(&of_site))
    {
        for trouble in validate_output(OutputKind::Kustomization, document) {
            let report = RULE.rule.report(format!(
                "`{directory}/kustomization.yaml`: {}",
                trouble.message
            ));
            let instance = directory
                .strip_prefix(&of_site)
                .and_then(|name| view.plan.instance(name));
            let origin =
                instance.map_or_else(|| Origin::file(view.plan.site.file()), |i| i.origin.clone());
            found.push(report.primary_key(origin, "its overlay").help(HELP));
        }
    }
}

/// Tells whether the API server refuses an object of a base, at the line of its mistake.
fn is_refused(view: &View<'_>, object: &Object) -> bool {
    let mut findings = view.server_findings().iter();
    findings.any(|finding| finding.refusal().is_refusal() && finding.object.id() == object.id())
}

const HELP: &str =
    "correct the field: Argo CD and kustomize ignore or refuse what they do not know";
