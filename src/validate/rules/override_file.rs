//! Files beside an overlay that change what Argo CD makes of it.

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Origin, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "override-file",
        severity: Severity::Error,
        summary: "a file changes what Argo CD makes of a directory",
        explain: include_str!("../../../docs/rules/override-file.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for file in view.files {
        let name = file.rsplit('/').next().unwrap_or(file);
        let Some(effect) = effect(name) else { continue };
        found.push(
            RULE.rule
                .report(format!("the file `{file}` {effect}"))
                .primary(Origin::file(file), "")
                .help("take the file out; what it says belongs into the site, the app or the kustomization"),
        );
    }
}

fn effect(name: &str) -> Option<&'static str> {
    match name {
        "Chart.yaml" => Some("makes Argo CD take the directory for a Helm chart"),
        ".argocd-source.yaml" => Some("overrides the source of every Application of the directory"),
        name if name
            .strip_prefix(".argocd-source-")
            .is_some_and(|rest| rest.strip_suffix(".yaml").is_some()) =>
        {
            Some("overrides the source of an Application of the directory")
        }
        _ => None,
    }
}
