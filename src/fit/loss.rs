//! Workloads that do not survive what the site promises to survive. What has one cause is reported once.

use std::collections::{BTreeMap, BTreeSet};

use super::FitScope;
use super::cause::{add_context, quote_names};
use super::placement::name_workloads;
use crate::rules;
use podfit::prove::{LossFailure, NodeLoss, WorkloadFate};
use podfit::scheduler::FilterReason;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

/// Failures that have one cause.
struct LossGroup {
    kind: LossKind,
    workloads: BTreeSet<usize>,
    losses: Vec<NodeLoss>,
    reasons: BTreeMap<usize, Vec<FilterReason>>,
}

/// Kinds of failures of workloads; those of one kind are reported together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LossKind {
    /// One report for each workload.
    MajorityLost(usize),
    VolumeLost(usize),
    NoNode(usize),
    /// One report for all.
    NotFenced,
    NotEvicted,
    NoRoom,
    NotProved,
}

pub(super) fn report_losses(scope: &FitScope<'_>, found: &mut Diagnostics) {
    for group in group_losses(scope) {
        found.push(report_group(scope, &group));
    }
    if scope.fit.proof.too_many_losses {
        found.push(
            rules::NOT_PROVED
                .report("there are too many possible losses to look at each".to_owned())
                .primary(origin_of_promise(scope), "")
                .help("promise to survive fewer nodes at once, or zones instead"),
        );
    }
}

fn group_losses(scope: &FitScope<'_>) -> Vec<LossGroup> {
    let mut groups: Vec<LossGroup> = Vec::new();
    for report in &scope.fit.proof.losses {
        for (workload, fate) in &report.fates {
            let WorkloadFate::Fails { why, .. } = fate else {
                continue;
            };
            if scope.is_refused(*workload) {
                continue;
            }
            let (kind, reasons) = classify_failure(*workload, why);
            let known = groups
                .iter()
                .position(|g| g.kind == kind)
                .unwrap_or(groups.len());
            if known == groups.len() {
                groups.push(LossGroup {
                    kind,
                    workloads: BTreeSet::new(),
                    losses: Vec::new(),
                    reasons,
                });
            }
            let group = &mut groups[known];
            group.workloads.insert(*workload);
            if !group.losses.contains(&report.loss) {
                group.losses.push(report.loss.clone());
            }
        }
    }
    groups
}

fn classify_failure(
    workload: usize,
    why: &LossFailure,
) -> (LossKind, BTreeMap<usize, Vec<FilterReason>>) {
    match why {
        LossFailure::MajorityLost => (LossKind::MajorityLost(workload), BTreeMap::new()),
        LossFailure::VolumeLost => (LossKind::VolumeLost(workload), BTreeMap::new()),
        LossFailure::NotFenced => (LossKind::NotFenced, BTreeMap::new()),
        LossFailure::NotEvicted => (LossKind::NotEvicted, BTreeMap::new()),
        LossFailure::NotProved => (LossKind::NotProved, BTreeMap::new()),
        LossFailure::OnlyByMoving(reasons) => (LossKind::NotProved, reasons.clone()),
        LossFailure::NoPlace(reasons) if reasons.values().flatten().any(FilterReason::capacity) => {
            (LossKind::NoRoom, reasons.clone())
        }
        LossFailure::NoPlace(reasons) => (LossKind::NoNode(workload), reasons.clone()),
    }
}

fn report_group(scope: &FitScope<'_>, group: &LossGroup) -> Diagnostic {
    let first = group.workloads.first().copied().unwrap_or_default();
    let names = name_workloads(scope, &group.workloads.iter().copied().collect::<Vec<_>>());
    let lost = name_losses(scope, &group.losses);
    let (message, label, help) = match group.kind {
        LossKind::MajorityLost(_) => (
            format!("{names} loses its majority with {lost}"),
            "half of its pods or more can be on one of them",
            "keep its pods on different nodes, or run more of them",
        ),
        LossKind::VolumeLost(_) => (
            format!("{names} does not survive the loss of {lost}: its volume is there"),
            "its volume can be used on one node only",
            "give it storage that every node reaches, more replicas with a `quorum`, or write `survives: {value: false, reason: …}` for the part",
        ),
        LossKind::NoNode(_) => (
            format!("{names} does not survive the loss of {lost}: no other node takes its pods"),
            "has no place after the loss",
            "widen where it may run, add nodes, or write `survives: {value: false, reason: …}` for the part",
        ),
        LossKind::NotFenced => (
            format!(
                "{names} cannot start elsewhere after the loss of {lost}: nothing fences a node that fails"
            ),
            "waits for its node",
            "add an app with a NodeHealthCheck that watches these nodes, or write `survives: {value: false, reason: …}` for the part",
        ),
        LossKind::NotEvicted => (
            format!(
                "{names} does not move after the loss of {lost}: its pods tolerate that their node is unreachable, so nobody evicts them"
            ),
            "stays on a dead node",
            "name the taints that it has to tolerate, or write `tolerationSeconds` beside the toleration",
        ),
        LossKind::NoRoom => (
            format!("after the loss of {lost} the other nodes have no room for {names}"),
            "has no place after the loss",
            "ask for less, add capacity, or write `survives: {value: false, reason: …}` for what may be missed",
        ),
        LossKind::NotProved => {
            return rules::NOT_PROVED
                .report(format!(
                    "it is not proved that {names} survives the loss of {lost}"
                ))
                .primary_key(
                    scope.fit.pods.sources[first].origin.clone(),
                    "has a place only if pods that run are moved",
                )
                .context(origin_of_promise(scope), "promised here")
                .help("leave more room on the nodes");
        }
    };
    let diagnostic = rules::LOSS_NOT_SURVIVED
        .report(message)
        .primary_key(scope.fit.pods.sources[first].origin.clone(), label)
        .help(help);
    add_context(
        scope,
        add_promise(scope, diagnostic, &group.losses),
        &group.reasons,
    )
}

/// Adds the line of the promise, where it is about such a loss.
fn add_promise(scope: &FitScope<'_>, diagnostic: Diagnostic, losses: &[NodeLoss]) -> Diagnostic {
    let promise = scope.plan.site.spec.ha.survive;
    let covers = |l: &NodeLoss| {
        if l.zones.is_empty() {
            l.nodes.len() <= promise.nodes as usize
        } else {
            promise.zones > 0
        }
    };
    if losses.iter().any(covers) {
        diagnostic.context(origin_of_promise(scope), "promised here")
    } else {
        diagnostic
    }
}

/// Returns where the promise is written.
fn origin_of_promise(scope: &FitScope<'_>) -> Origin {
    scope.plan.origin(&Pointer::parse("/ha/survive"))
}

/// Returns what is lost, in words: one of several nodes, one of several sets of nodes, zones.
fn name_losses(scope: &FitScope<'_>, losses: &[NodeLoss]) -> String {
    let zones: Vec<&str> = losses
        .iter()
        .flat_map(|l| &l.zones)
        .map(String::as_str)
        .collect();
    let nodes: Vec<&str> = losses
        .iter()
        .filter(|l| l.zones.is_empty())
        .flat_map(|l| &l.nodes)
        .map(|n| scope.node(*n))
        .collect();
    let several = losses
        .iter()
        .any(|l| l.nodes.len() > 1 && l.zones.is_empty());
    match (zones.is_empty(), several) {
        (false, _) => format!("zone {}", quote_names(&zones).replace(" and ", " or ")),
        (true, false) => quote_names(&nodes).replace(" and ", " or "),
        (true, true) if losses.len() == 1 => format!("{} together", quote_names(&nodes)),
        (true, true) => {
            let first: Vec<&str> = losses
                .iter()
                .take(1)
                .flat_map(|l| &l.nodes)
                .map(|n| scope.node(*n))
                .collect();
            format!(
                "{} together, and {} other sets of nodes",
                quote_names(&first),
                losses.len() - 1
            )
        }
    }
}
