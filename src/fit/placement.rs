//! Pods that cannot all have a node.

use std::collections::BTreeMap;

use super::FitScope;
use super::cause::{add_context, quote_names};
use crate::rules;
use crate::wording::count_noun;
use podfit::prove::{ProofOutcome, UnplaceableCore};
use podfit::scheduler::{FilterReason, find_static_reasons};
use pointer_diagnostics::{Diagnostic, Diagnostics};

pub(super) fn report_placement(scope: &FitScope<'_>, found: &mut Diagnostics) {
    match &scope.fit.proof.outcome {
        ProofOutcome::Proved(_) => found.extend(report_order(scope)),
        ProofOutcome::Impossible(core) => {
            let nowhere = report_nowhere(scope);
            let mut involved = core.pods.iter().map(|(workload, _)| *workload);
            let is_consequence =
                scope.is_refused(core.unplaced) || involved.any(|w| scope.is_refused(w));
            if nowhere.is_empty() && !is_consequence {
                found.push(report_impossible(scope, core));
            }
            found.extend(nowhere);
        }
        ProofOutcome::NotProved { steps } => found.push(
            rules::NOT_PROVED
                .report(format!(
                    "after {steps} steps it is not proved that every pod of `{}` has a node",
                    scope.plan.name
                ))
                .primary_key(scope.plan.origin(&pointer_diagnostics::Pointer::parse("/pools")), "these nodes")
                .help(
                    "leave more room on the nodes, or fewer conditions on the pods; nothing was found that contradicts",
                ),
        ),
    }
}

/// Reports workloads that are left without a node in some order.
fn report_order(scope: &FitScope<'_>) -> Option<Diagnostic> {
    let risk = scope.fit.proof.order.as_ref()?;
    let mut involved = risk.stranded.iter().chain(&risk.first);
    if involved.any(|workload| scope.is_refused(*workload)) {
        return None;
    }
    let first = risk.stranded.first()?;
    let help = match risk.first.is_empty() {
        true => "leave more room on the nodes, or give what matters a PriorityClass".to_owned(),
        false => format!(
            "give {} a PriorityClass above that of the others, or leave more room on the nodes",
            name_workloads(scope, &risk.first)
        ),
    };
    let report = rules::FITS_ONLY_IN_SOME_ORDERS
        .report(format!(
            "every pod has a node, but not in every order: {} can be left without one",
            name_workloads(scope, &risk.stranded).replace(" and ", " or ")
        ))
        .primary_key(
            scope.fit.pods.sources[*first].origin.clone(),
            "others may take its room first",
        )
        .help(help);
    Some(report)
}

/// Workloads that no node takes whatever else runs: those with the same reasons are reported together.
fn report_nowhere(scope: &FitScope<'_>) -> Vec<Diagnostic> {
    let problem = &scope.fit.pods.problem;
    let mut groups: BTreeMap<BTreeMap<usize, Vec<FilterReason>>, Vec<usize>> = BTreeMap::new();
    for (w, workload) in problem
        .workloads
        .iter()
        .enumerate()
        .filter(|(position, w)| w.pods > 0 && !w.per_node && !scope.is_refused(*position))
    {
        let of_node = |(n, node)| (n, find_static_reasons(&workload.spec, node));
        let reasons: BTreeMap<usize, Vec<FilterReason>> =
            problem.nodes.iter().enumerate().map(of_node).collect();
        if reasons.values().all(|r| !r.is_empty()) {
            groups.entry(reasons).or_default().push(w);
        }
    }
    let report = |(reasons, group): (&BTreeMap<usize, Vec<FilterReason>>, &Vec<usize>)| {
        let first = group.first().copied().unwrap_or_default();
        let origin = scope.fit.pods.sources[first].origin.clone();
        let diagnostic = rules::NO_PLACE_FOR_PODS
            .report(format!(
                "no node takes {}",
                name_workloads(scope, group).replace(" and ", " or ")
            ))
            .primary_key(origin, "its pods")
            .help("correct where they are placed, or the architecture, labels or taints of a node");
        add_context(scope, diagnostic, reasons)
    };
    let mut ordered: Vec<_> = groups.iter().collect();
    ordered.sort_by_key(|(_, group)| group.first().copied());
    ordered.into_iter().map(report).collect()
}

fn report_impossible(scope: &FitScope<'_>, core: &UnplaceableCore) -> Diagnostic {
    let source = &scope.fit.pods.sources[core.unplaced];
    let fixed = core
        .reasons
        .values()
        .all(|of_node| of_node.iter().any(FilterReason::is_static));
    let label = match core.pods.as_slice() {
        [(_, 1)] => "its pod".to_owned(),
        [(_, pods)] => format!("{} of its pods have a place, the next has none", pods - 1),
        _ => format!("a pod of `{}` is left", scope.name(core.unplaced)),
    };
    let mut diagnostic = rules::NO_PLACE_FOR_PODS
        .report(word_impossible(scope, core, fixed))
        .primary_key(source.origin.clone(), label)
        .help(word_help(core, fixed));
    for (workload, pods) in core.pods.iter().filter(|(w, _)| *w != core.unplaced) {
        let origin = scope.fit.pods.sources[*workload].origin.clone();
        if origin != source.origin {
            diagnostic = diagnostic.context_key(
                origin,
                format!(
                    "{} of `{}`",
                    count_noun(*pods, "pod"),
                    scope.name(*workload)
                ),
            );
        }
    }
    add_context(scope, diagnostic, &core.reasons)
}

fn word_impossible(scope: &FitScope<'_>, core: &UnplaceableCore, fixed: bool) -> String {
    let total = |w: usize| {
        scope
            .fit
            .pods
            .problem
            .workloads
            .get(w)
            .map_or(0, |w| w.pods)
    };
    match core.pods.as_slice() {
        [(w, 1)] if fixed => format!("no node takes `{}`", scope.name(*w)),
        [(w, 1)] => format!("no node has room for `{}`", scope.name(*w)),
        [(w, pods)] => {
            format!(
                "only {} of the {} of `{}` have a node",
                pods - 1,
                count_noun(total(*w), "pod"),
                scope.name(*w)
            )
        }
        several => {
            let words: Vec<String> = several
                .iter()
                .map(|(w, pods)| format!("{} of `{}`", count_noun(*pods, "pod"), scope.name(*w)))
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            format!(
                "the nodes have no room for {} together",
                super::cause::join_names(&words)
            )
        }
    }
}

fn word_help(core: &UnplaceableCore, fixed: bool) -> String {
    let short = core.reasons.values().flatten().any(FilterReason::capacity);
    if fixed {
        "correct where it is placed, or the architecture, labels or taints of a node".to_owned()
    } else if short {
        "ask for less, run fewer pods, or add capacity; `siteplan place --add` tries nodes out"
            .to_owned()
    } else {
        "run fewer pods, let them share nodes, or add nodes".to_owned()
    }
}

/// Names of workloads in backticks.
pub(super) fn name_workloads(scope: &FitScope<'_>, workloads: &[usize]) -> String {
    quote_names(&workloads.iter().map(|w| scope.name(*w)).collect::<Vec<_>>())
}
