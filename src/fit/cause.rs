//! Explains why nodes do not take a pod, as labels at the lines of the site file that make it so.

use kubernetes_vocabulary::labels::ARCH;
use std::collections::BTreeMap;

use super::FitScope;
use crate::plan::NodePlan;
use podfit::scheduler::FilterReason;
use pointer_diagnostics::{Diagnostic, Origin, Pointer};

/// Nodes that are named one by one in one label.
const NAMED: usize = 6;

/// Adds a label for each group of nodes with the same reason: at the architecture, labels, taints or capacity that is the cause.
pub(super) fn add_context(
    scope: &FitScope<'_>,
    mut diagnostic: Diagnostic,
    reasons: &BTreeMap<usize, Vec<FilterReason>>,
) -> Diagnostic {
    let mut groups: Vec<(Origin, String, Vec<&str>)> = Vec::new();
    for (node, of_node) in reasons {
        let Some(plan) = scope.plan.nodes.get(*node) else {
            continue;
        };
        let text = word_reasons(of_node);
        let origin = find_origin(scope, plan, of_node);
        match groups
            .iter_mut()
            .find(|(o, t, _)| *o == origin && *t == text)
        {
            Some((_, _, names)) => names.push(scope.node(*node)),
            None => groups.push((origin, text, vec![scope.node(*node)])),
        }
    }
    for (origin, text, names) in groups {
        diagnostic = diagnostic.context(origin, format!("{}: {text}", join_names(&names)));
    }
    diagnostic
}

/// Returns the reason that says most: what holds whatever else runs, else what is short.
fn word_reasons(reasons: &[FilterReason]) -> String {
    let fixed: Vec<String> = reasons
        .iter()
        .filter(|r| r.is_static())
        .map(ToString::to_string)
        .collect();
    let all = if fixed.is_empty() {
        reasons.iter().map(ToString::to_string).collect()
    } else {
        fixed
    };
    all.join(", ")
}

fn find_origin(scope: &FitScope<'_>, node: &NodePlan, reasons: &[FilterReason]) -> Origin {
    let first = reasons
        .iter()
        .find(|r| r.is_static())
        .or_else(|| reasons.first());
    let pool = scope.plan.origin(&Pointer::parse("/pools").at(&node.pool));
    match first {
        Some(FilterReason::Mismatch { wants }) if wants.iter().any(|(w, _)| w.key == ARCH) => scope
            .plan
            .origin(&Pointer::parse("/pools").at(&node.pool).at("arch")),
        Some(FilterReason::Taint(taint)) if node.spec.taints.contains(taint) => {
            node.origin.at("taints")
        }
        Some(FilterReason::Taint(_)) => origin_of_pool(scope, node, "taints"),
        Some(FilterReason::Insufficient { resource, .. }) => {
            find_capacity_origin(scope, node, resource)
        }
        _ if node.unnamed => pool,
        _ => node.origin.clone(),
    }
}

/// Returns where the node's share of a resource is written.
fn find_capacity_origin(scope: &FitScope<'_>, node: &NodePlan, resource: &str) -> Origin {
    let own = [
        ("allocatable", &node.spec.allocatable),
        ("capacity", &node.spec.capacity),
    ];
    if let Some((field, _)) = own.into_iter().find(|(_, map)| map.contains_key(resource)) {
        return node.origin.at(field).at(resource);
    }
    let pool = [
        ("allocatable", &node.allocatable),
        ("capacity", &node.capacity),
    ];
    match pool.into_iter().find(|(_, map)| map.contains_key(resource)) {
        Some((field, _)) => scope.plan.origin(
            &Pointer::parse("/pools")
                .at(&node.pool)
                .at(field)
                .at(resource),
        ),
        None => node.origin.clone(),
    }
}

fn origin_of_pool(scope: &FitScope<'_>, node: &NodePlan, field: &str) -> Origin {
    scope
        .plan
        .origin(&Pointer::parse("/pools").at(&node.pool).at(field))
}

/// Names in a row, the rest counted: `a, b and c`, `a, b, c, d, e, f and 12 more`.
pub(super) fn join_names(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] if names.len() <= NAMED => format!("{} and {last}", all.join(", ")),
        _ => format!(
            "{} and {} more",
            names[..NAMED].join(", "),
            names.len() - NAMED
        ),
    }
}

/// Names in backticks, the rest counted.
pub(super) fn quote_names(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    join_names(&quoted.iter().map(String::as_str).collect::<Vec<_>>())
}
