//! Where Applications go: one cluster, named in one way.

use crate::model::Topology;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::argo::{Argo, Place};
use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for application in view.argo.iter().filter(|a| a.is_application()) {
        if let Some(trouble) = trouble(view, application) {
            let says = format!("Application `{}` {trouble}", application.object.name());
            found.push(
                application
                    .report(view.plan, &rules::UNCLEAR_DESTINATION, says)
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
        == crate::bundle::IN_CLUSTER
        || application.text("/spec/destination/name") == "in-cluster";
    let hub = view.argocd().topology == Topology::Hub;
    let of_instance = matches!(application.place, Place::OfInstance(_));
    (here && hub && of_instance).then_some("goes to the hub itself instead of the site's cluster")
}
