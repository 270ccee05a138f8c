//! Names of Applications and projects are each taken once in the namespace of an Argo CD.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::{Name, SiteNames};
use crate::load::Fleet;
use crate::model::Topology;
use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "shared-application-name",
        severity: Severity::Error,
        summary: "two sites of a hub have an Application of the same name",
        explain: include_str!("../../../docs/rules/shared-application-name.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut taken: BTreeSet<(&str, &str)> = BTreeSet::new();
    for argo in &view.argo {
        let (kind, name) = (argo.object.kind(), argo.object.name());
        let elsewhere = argo
            .object
            .namespace()
            .is_some_and(|namespace| namespace != view.argocd().namespace());
        if !elsewhere && !taken.insert((kind, name)) {
            let says = format!(
                "two objects of site `{}` are called {kind} `{name}`",
                view.plan.name
            );
            found.push(argo.report(view.plan, &RULE.rule, says).help(
                "rename the instance or the object: names are unique in the namespace of Argo CD",
            ));
        }
    }
}

/// Reports names that two sites of one hub take, after shortening; nothing where every site has its own Argo CD.
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
            RULE.rule
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
