//! Budgets that keep nodes from being drained, and updates that cannot proceed.

use std::collections::{BTreeMap, BTreeSet};

use super::FitScope;
use super::cause::{add_context, quote_names};
use crate::rules;
use crate::wording::count_noun;
use podfit::prove::{BlockedDrain, DrainBlock, LossFailure, WorkloadFate};
use pointer_diagnostics::{Diagnostic, Diagnostics};

pub(super) fn report_disruption(scope: &FitScope<'_>, found: &mut Diagnostics) {
    let placeless = find_placeless(scope);
    let mut by_budget: BTreeMap<usize, Vec<&BlockedDrain>> = BTreeMap::new();
    for blocked in &scope.fit.proof.drains {
        // A pod that has no other place is reported with the loss of its node already.
        let known = matches!(blocked.why, DrainBlock::NoPlace { .. })
            && placeless.contains(&blocked.workload);
        let budget = scope.fit.pods.budgets.get(blocked.budget);
        let is_refused = scope.is_refused(blocked.workload)
            || budget.is_some_and(|budget| scope.refused.contains(&budget.object));
        if !known && !is_refused {
            by_budget.entry(blocked.budget).or_default().push(blocked);
        }
    }
    for blocked in by_budget.values() {
        found.extend(report_drain(scope, blocked));
    }
    let rollouts = scope.fit.proof.rollouts.iter();
    for blocked in rollouts.filter(|blocked| !scope.is_refused(blocked.workload)) {
        let name = scope.name(blocked.workload);
        let diagnostic = rules::ROLLOUT_BLOCKED
            .report(format!(
                "a rolling update of `{name}` cannot begin: it adds a pod first, and no node takes one more"
            ))
            .primary_key(scope.fit.pods.sources[blocked.workload].origin.clone(), "`maxUnavailable` comes to 0 pods")
            .help("write `maxUnavailable: 1` and `maxSurge: 0` into its strategy, or leave room for one more pod");
        found.push(add_context(scope, diagnostic, &blocked.reasons));
    }
}

/// Workloads that fail in a loss because there is no place for them.
fn find_placeless(scope: &FitScope<'_>) -> BTreeSet<usize> {
    let fates = scope.fit.proof.losses.iter().flat_map(|l| &l.fates);
    let fails = fates.filter(|(_, fate)| {
        matches!(
            fate,
            WorkloadFate::Fails {
                why: LossFailure::NoPlace(_)
                    | LossFailure::VolumeLost
                    | LossFailure::OnlyByMoving(_)
                    | LossFailure::NotProved,
                ..
            }
        )
    });
    fails.map(|(w, _)| *w).collect()
}

fn report_drain(scope: &FitScope<'_>, blocked: &[&BlockedDrain]) -> Option<Diagnostic> {
    let first = blocked.first()?;
    let budget = &scope.fit.pods.problem.budgets[first.budget].name;
    let origin = scope.fit.pods.budgets[first.budget].origin.clone();
    let name = scope.name(first.workload);
    Some(match &first.why {
        DrainBlock::NeverAllows { pods } => rules::DRAIN_BLOCKED
            .report(format!(
                "`{budget}` never allows one of the {} of `{name}` to be evicted",
                count_noun(*pods, "pod")
            ))
            .primary_key(origin, "no node with such a pod can be drained")
            .help("write `maxUnavailable: 1`, or run more pods than it keeps"),
        DrainBlock::TwoBudgets { other } => rules::DRAIN_BLOCKED
            .report(format!(
                "`{budget}` and `{}` both protect the pods of `{name}`",
                scope.fit.pods.problem.budgets[*other].name
            ))
            .primary_key(origin, "pods with two budgets are never evicted")
            .help("take one of the two away, or let their selectors differ"),
        DrainBlock::NoPlace {
            pods,
            allowed,
            reasons,
        } => {
            let nodes: Vec<&str> = blocked
                .iter()
                .filter_map(|b| b.node)
                .map(|n| scope.node(n))
                .collect();
            let diagnostic = rules::DRAIN_BLOCKED
                .report(format!(
                    "{} cannot be drained: `{budget}` allows {} to be away, and {} of `{name}` would have no other place",
                    quote_names(&nodes).replace(" and ", " or "),
                    count_noun(*allowed, "pod"),
                    count_noun(*pods, "pod")
                ))
                .primary_key(origin, "its pods leave the node only when they have another place")
                .help("leave room for them on the other nodes, widen where they may run, or let the budget allow more");
            add_context(scope, diagnostic, reasons)
        }
    })
}
