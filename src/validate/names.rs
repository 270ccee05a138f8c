//! Names of Applications and projects: fit for a label, and each taken once.

use std::collections::BTreeMap;

use crate::bundle::{Name, SiteNames};
use crate::load::Fleet;
use crate::model::Topology;
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::syntax::is_label;
use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut taken: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (index, argo) in view.argo.iter().enumerate() {
        let (kind, name) = (argo.object.kind(), argo.object.name());
        if !is_label(name) {
            let says = format!(
                "the name of {kind} `{name}` cannot be the value of a label ({} characters)",
                name.chars().count()
            );
            found.push(argo.report(view.plan, &rules::NAME_TOO_LONG, says).help(
                "use at most 63 lower-case letters, digits and dashes: Argo CD labels what it syncs with the name",
            ));
        }
        let elsewhere = argo
            .object
            .namespace()
            .is_some_and(|namespace| namespace != view.argocd().namespace());
        if !elsewhere && taken.insert((kind, name), index).is_some() {
            let says = format!(
                "two objects of site `{}` are called {kind} `{name}`",
                view.plan.name
            );
            found.push(
                argo.report(view.plan, &rules::SHARED_APPLICATION_NAME, says)
                    .help("rename the instance or the object: names are unique in the namespace of Argo CD"),
            );
        }
    }
}

/// Names that two sites of one hub take, after shortening; nothing where every site has its own Argo CD.
pub fn shared_names(fleet: &Fleet, sites: &[SiteNames]) -> Diagnostics {
    let mut found = Diagnostics::new();
    if fleet.spec.argocd.topology == Topology::PerSite {
        return found;
    }
    let mut owners: BTreeMap<(&str, &str), &Name> = BTreeMap::new();
    for name in sites.iter().flat_map(|site| &site.names) {
        let Some(other) = owners.insert((name.kind.kind(), &name.name), name) else {
            continue;
        };
        found.push(
            rules::SHARED_APPLICATION_NAME
                .report(format!(
                    "{} and {} would both be {} `{}`",
                    other.owner,
                    name.owner,
                    name.kind.kind(),
                    name.name
                ))
                .primary_key(name.origin.clone(), "")
                .context_key(other.origin.clone(), "takes the name too")
                .context(
                    fleet.origin(&Pointer::parse("/argocd/topology")),
                    "one hub syncs both",
                )
                .help("rename a site or an instance: names are unique in the namespace of Argo CD"),
        );
    }
    found
}
