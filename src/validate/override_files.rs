//! Files beside an overlay that change what Argo CD makes of it.

use crate::rules;
use pointer_diagnostics::{Diagnostics, Origin};

use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for file in view.files {
        let name = file.rsplit('/').next().unwrap_or(file);
        let Some(effect) = effect(name) else { continue };
        found.push(
            rules::OVERRIDE_FILE
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
