//! The version of Argo CD: everything that is written depends on it.

use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::view::View;

/// The oldest Argo CD whose behaviour is known.
const OLDEST: (u32, u32) = (2, 14);

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    let argocd = view.argocd();
    let says = match argocd.version() {
        None => format!(
            "`{}` is not a version of Argo CD, expected MAJOR.MINOR",
            argocd.version
        ),
        Some(version) if version < OLDEST => format!(
            "Argo CD {} is too old, expected 2.14 or newer",
            argocd.version
        ),
        Some(_) => return,
    };
    found.push(
        rules::UNKNOWN_ARGOCD_VERSION
            .report(says)
            .primary(view.fleet_origin("/argocd/version"), "")
            .help(
                "write the version of Argo CD itself, in quotes: OpenShift GitOps 1.16 is \"2.14\"",
            ),
    );
}
