//! Paths that Argo CD can follow: relative, without detours, to a directory that is there.

use crate::bundle::repository_path;
use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, ArgoOrigin};
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "source-path-missing",
        severity: Severity::Error,
        summary: "an Application names a path that Argo CD cannot follow",
        explain: include_str!("../../../docs/rules/source-path-missing.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let own = application.text("/spec/source/repoURL") == view.fleet().source.repo_url;
        let Some(path) = application
            .object
            .get("/spec/source/path")
            .and_then(serde_json::Value::as_str)
            .filter(|_| own)
        else {
            continue;
        };
        if let Some(trouble) = trouble(view, application, path) {
            let says = format!(
                "the source path `{path}` of Application `{}` {trouble}",
                application.object.name()
            );
            found.push(
                application
                    .report(view.plan, &RULE.rule, says)
                    .help("name a directory of the repository with a kustomization, by its path from the root"),
            );
        }
    }
}

fn trouble(view: &View<'_>, application: &Argo<'_>, path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        return Some("is absolute");
    }
    if path.contains('\\') {
        return Some("has a backslash");
    }
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Some("has an empty name, `.` or `..` in it");
    }
    let below = |directory: &str| {
        view.files.iter().any(|f| {
            f.strip_prefix(directory)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let here = match repository_path(view.fleet(), "").trim_end_matches('/') {
        "" => Some(path),
        prefix => path
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('/')),
    };
    // Other directories of the repository are not of this fleet, so nothing is known about them.
    let gone = here.is_some_and(|directory| !below(directory));
    let outside = here.is_none() && !matches!(application.place, ArgoOrigin::In(_));
    (gone || outside).then_some("is no directory of the output")
}
