//! Paths that Argo CD can follow: relative, without detours, to a directory that is there.

use std::collections::BTreeMap;

use crate::bundle::repository_path;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::argo::Argo;
use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
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
                    .report(view.plan, &rules::SOURCE_PATH_MISSING, says)
                    .help("name a directory of the repository with a kustomization, by its path from the root"),
            );
        }
    }
    check_case(view, found);
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
    let outside = here.is_none() && !matches!(application.place, super::argo::Place::In(_));
    (gone || outside).then_some("is no directory of the output")
}

/// Files of bases and overlays that are one file where case does not count.
fn check_case(view: &View<'_>, found: &mut Diagnostics) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in view.files {
        if let Some(other) = seen.insert(file.to_lowercase(), file) {
            let report = rules::PATH_NOT_PORTABLE.report(format!(
                "the paths `{other}` and `{file}` differ only in case"
            ));
            let origin = pointer_diagnostics::Origin::file(file);
            found.push(
                report
                    .primary(origin, "")
                    .help("rename one of them: they are one file on some file systems"),
            );
        }
    }
}
