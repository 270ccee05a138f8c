//! Finds the nodes that are fenced when they fail: those that a `NodeHealthCheck` watches and can have remediated.

use kubernetes_vocabulary::LabelSelector;
use serde::Deserialize as _;
use serde_json::Value;

use super::{PodsInput, list_objects};
use crate::manifest::Object;
use crate::model::NodeState;
use podfit::scheduler::NodeInfo;

/// For each node, whether something fences it. A check that would stop at the promised loss, because too few nodes would be healthy
/// (`minHealthy`), fences nothing.
pub(super) fn find_remediated(input: &PodsInput<'_>, nodes: &[NodeInfo]) -> Vec<bool> {
    let away = input
        .plan
        .nodes
        .iter()
        .filter(|n| n.state == Some(NodeState::Replacing))
        .count();
    let lost = (input.plan.site.spec.ha.survive.nodes as usize)
        .max(away)
        .max(1);
    let checks: Vec<&Object> = list_objects(input)
        .map(|(_, object)| object)
        .filter(|o| {
            o.group() == "remediation.medik8s.io"
                && o.kind() == "NodeHealthCheck"
                && has_remediation(o)
        })
        .collect();
    let mut fenced = vec![false; nodes.len()];
    for check in checks {
        let Some(selector) = read_selector(check) else {
            continue;
        };
        let watched: Vec<usize> = (0..nodes.len())
            .filter(|n| selector.matches(&nodes[*n].labels))
            .collect();
        if watched.len().saturating_sub(lost) >= read_least_healthy(check, watched.len()) {
            for n in watched {
                fenced[n] = true;
            }
        }
    }
    fenced
}

fn has_remediation(check: &Object) -> bool {
    let escalating = check
        .get("/spec/escalatingRemediations")
        .and_then(Value::as_array);
    check
        .get("/spec/remediationTemplate")
        .is_some_and(Value::is_object)
        || escalating.is_some_and(|e| !e.is_empty())
}

/// Returns the nodes that it watches; all where no selector is written.
fn read_selector(check: &Object) -> Option<LabelSelector> {
    match check.get("/spec/selector") {
        None => Some(LabelSelector::default()),
        Some(written) => LabelSelector::deserialize(written).ok(),
    }
}

/// `minHealthy`, 51% if not written, or `maxUnhealthy`; percentages are rounded up.
fn read_least_healthy(check: &Object, watched: usize) -> usize {
    if let Some(most) = check.get("/spec/maxUnhealthy") {
        return watched.saturating_sub(scale_share(most, watched, 0));
    }
    check
        .get("/spec/minHealthy")
        .map_or(scale_share(&Value::from("51%"), watched, watched), |v| {
            scale_share(v, watched, watched)
        })
}

fn scale_share(value: &Value, of: usize, otherwise: usize) -> usize {
    let percent = value
        .as_str()
        .and_then(|t| t.strip_suffix('%'))
        .and_then(|t| t.parse::<usize>().ok());
    let plain = value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .and_then(|n| usize::try_from(n).ok());
    match percent {
        Some(percent) => of.saturating_mul(percent).div_ceil(100),
        None => plain.unwrap_or(otherwise),
    }
}
