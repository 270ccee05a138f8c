//! Checks the destinations of Applications: one cluster, named in one way.

use crate::argocd::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use crate::model::Topology;
use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, ArgoOrigin};
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unclear-destination",
        severity: Severity::Error,
        summary: "an Application does not name one cluster in one way",
        explain: include_str!("../../../docs/rules/unclear-destination.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for application in view.argo.iter().filter(|a| a.is_application()) {
        if let Some(trouble) = trouble(view, application) {
            let says = format!("Application `{}` {trouble}", application.object.name());
            found.push(
                application
                    .report(view.plan, &RULE.rule, says)
                    .help("give `spec.destination` either the `name` or the `server` of the one cluster that is meant"),
            );
        }
    }
}

fn trouble(view: &View<'_>, application: &Argo<'_>) -> Option<&'static str> {
    let set = |pointer: &str| !application.text(pointer).is_empty();
    match (
        set("/spec/destination/name"),
        set("/spec/destination/server"),
    ) {
        (true, true) => return Some("names its cluster twice, by `name` and by `server`"),
        (false, false) => return Some("does not say which cluster it goes to"),
        _ => {}
    }
    let here = application
        .text("/spec/destination/server")
        .trim_end_matches('/')
        == IN_CLUSTER_SERVER
        || application.text("/spec/destination/name") == IN_CLUSTER_NAME;
    let hub = view.argocd().topology == Topology::Hub;
    let of_instance = matches!(application.place, ArgoOrigin::OfInstance(_));
    (here && hub && of_instance).then_some("goes to the hub itself instead of the site's cluster")
}
