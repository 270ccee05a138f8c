//! Waves of Applications wait for each other only where Argo CD is told how healthy an Application is.

use crate::argocd::SYNC_WAVE;
use std::collections::BTreeSet;

use crate::bundle::HEALTH_KEY;
use crate::manifest::Object;
use crate::model::Topology;
use crate::validate::CheckedRule;
use crate::validate::argo::ArgoOrigin;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "waves-not-gated",
        severity: Severity::Error,
        summary: "nothing makes the waves of Applications wait for each other",
        explain: include_str!("../../../docs/rules/waves-not-gated.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let of_instances = view
        .argo
        .iter()
        .filter(|a| matches!(a.place, ArgoOrigin::OfInstance(_)));
    let waves: BTreeSet<&str> = of_instances
        .filter_map(|a| a.object.annotation(SYNC_WAVE))
        .collect();
    let settings_elsewhere = view.argocd().topology == Topology::Hub;
    if waves.len() > 1 && !settings_elsewhere && !view.bundled.iter().any(tells_health) {
        found.push(
            RULE.rule
                .report(format!(
                    "site `{}` has {} waves, but nothing tells Argo CD the health of an Application",
                    view.plan.name,
                    waves.len()
                ))
                .primary_key(view.fleet_origin("/argocd"), "")
                .help("without the health customization in bootstrap/ every wave starts at once"),
        );
    }
}

/// Tells whether an object is the patch of Argo CD's settings with the health of Applications.
fn tells_health(object: &Object) -> bool {
    let settings = match object.kind() {
        "ConfigMap" => object.get("/data"),
        "ArgoCD" => object.get("/spec/extraConfig"),
        _ => None,
    };
    settings.is_some_and(|settings| settings.get(HEALTH_KEY).is_some())
}
