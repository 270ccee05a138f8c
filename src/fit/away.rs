//! Finds what is short while nodes are away: a machine that is being replaced, a node that is cordoned.

use std::collections::BTreeMap;

use super::FitScope;
use super::cause::{add_context, quote_names};
use super::placement::name_workloads;
use crate::rules;
use podfit::prove::{LossFailure, WorkloadFate};
use podfit::scheduler::FilterReason;
use pointer_diagnostics::{Diagnostics, Origin};

/// Reports workloads that have no place while nodes are away. They have one when the nodes are back: that is proved apart.
pub(super) fn report_away(scope: &FitScope<'_>, found: &mut Diagnostics) {
    let Some(report) = &scope.fit.proof.away else {
        return;
    };
    let mut short: Vec<usize> = Vec::new();
    let mut reasons: BTreeMap<usize, Vec<FilterReason>> = BTreeMap::new();
    for (workload, fate) in &report.fates {
        let WorkloadFate::Fails { why, .. } = fate else {
            continue;
        };
        if scope.is_refused(*workload) {
            continue;
        }
        short.push(*workload);
        if let (LossFailure::NoPlace(of_nodes), true) = (why, reasons.is_empty()) {
            reasons.clone_from(of_nodes);
        }
    }
    let Some(first) = short.first() else { return };
    let names: Vec<&str> = report.loss.nodes.iter().map(|n| scope.node(*n)).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let mut diagnostic = rules::SHORT_WHILE_NODE_AWAY.report(format!(
        "while {} {verb} away, pods of {} have no place",
        quote_names(&names),
        name_workloads(scope, &short)
    ));
    let mut origins = report
        .loss
        .nodes
        .iter()
        .filter_map(|n| find_state(scope, *n));
    if let Some(origin) = origins.next() {
        diagnostic = diagnostic.primary(origin, "ends when this line is taken out");
    }
    for origin in origins {
        diagnostic = diagnostic.context(origin, "away, too");
    }
    let source = scope.fit.pods.sources[*first].origin.clone();
    diagnostic = diagnostic
        .context_key(source, "has no place until then")
        .help(
            "take `state` out when the node is back; with the node there, everything has its place",
        );
    found.push(add_context(scope, diagnostic, &reasons));
}

/// Returns the line that says that a node is away.
fn find_state(scope: &FitScope<'_>, node: usize) -> Option<Origin> {
    let plan = scope.plan.nodes.get(node)?;
    plan.state.map(|_| plan.origin.at("state"))
}
