//! A wave waits for an instance only as far as Argo CD can tell the health of its objects.

use std::collections::BTreeSet;

use crate::catalogue::{ApiProvider, Catalogue, Entry, PodRun};
use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::view::View;
use crate::wording::join_names;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "health-unknown",
        severity: Severity::Warning,
        summary: "apps wait for an instance whose health Argo CD cannot tell",
        explain: include_str!("../../../docs/rules/health-unknown.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for instance in &view.plan.instances {
        let others = view.plan.instances.iter();
        let waiting = others.filter(|other| other.after.contains(&instance.name));
        let waiting: Vec<&str> = waiting.map(|other| other.name.as_str()).collect();
        let untold = untold_kinds(view, instance);
        let (Some(waiting), Some(kinds)) = (
            join_names(waiting, "and"),
            join_names(untold.iter().map(String::as_str), "and"),
        ) else {
            continue;
        };
        found.push(
            RULE.rule
                .report(format!(
                    "Argo CD takes {kinds} of `{}` for healthy as soon as it is there: {waiting} cannot wait for it",
                    instance.name
                ))
                .primary_key(instance.origin.clone(), "")
                .help(
                    "say under `catalogue:` of the app how to tell the health of the kind (`health`), or see to it that what comes after can wait by itself",
                ),
        );
    }
}

/// Returns the kinds of an instance that bring pods and whose health nobody tells, each once.
fn untold_kinds(view: &View<'_>, instance: &Instance) -> BTreeSet<String> {
    let catalogue = catalogue_of(instance);
    let version = view.argocd().version();
    let entries: Vec<&Entry> = view
        .objects_of(instance)
        .iter()
        .filter_map(|object| catalogue.entry(object))
        .collect();
    let is_told = |entry: &Entry| {
        entry
            .health
            .as_ref()
            .is_some_and(|health| health.is_known_to(version) || health.script().is_some())
    };
    // One that is told stands for its group: a Kafka for its node pools, a policy for the NMState that carries it out.
    let told: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| is_told(entry))
        .map(|entry| entry.group.as_str())
        .collect();
    let untold = entries
        .iter()
        .filter(|entry| brings_pods(entry) && !told.contains(entry.group.as_str()));
    untold.map(|entry| entry.kind.clone()).collect()
}

/// Returns the catalogue with the entries of an instance's app.
fn catalogue_of(instance: &Instance) -> Catalogue {
    let own = instance.app().map_or(&[][..], |app| &app.spec.catalogue);
    Catalogue::with(own).unwrap_or_else(|_| Catalogue::built_in().clone())
}

/// Tells whether an operator starts pods for objects of a kind. Argo CD knows the health of Kubernetes' own.
fn brings_pods(entry: &Entry) -> bool {
    let is_builtin = matches!(entry.brought_by, Some(ApiProvider::Kubernetes));
    let has_pods = entry
        .parts
        .iter()
        .any(|part| matches!(part.run, PodRun::Replicated | PodRun::PerNode));
    !is_builtin && has_pods
}
