//! Keeps the pods of a part apart, so that a loss takes as few of them as promised.
//!
//! *Quorum* parts get required anti-affinity over nodes: one loss takes one of them, and a pod that finds no free node waits, which
//! its majority bears.
//!
//! *Replicated* parts get a topology spread over nodes with `maxSkew: 1` that is `DoNotSchedule`. Required anti-affinity would be
//! wrong for them: with more replicas than nodes some could never start, and after a loss a replacement might have no node of its own.
//! `ScheduleAnyway` would be wrong too: the scheduler may then put all of them on one node. Spread alone has a trap: a lost node stays a
//! domain with no pods, so the skew forbids a second pod on the others. `nodeTaintsPolicy: Honor` takes a node that is unreachable or
//! drained out of the count. During a rolling update old pods count as well and may leave the new ones together when they go, so
//! Deployments spread each revision by itself (`matchLabelKeys`).

use kubernetes_vocabulary::fields::{PREFERRED_DURING_SCHEDULING, REQUIRED_DURING_SCHEDULING};
use kubernetes_vocabulary::labels::{HOSTNAME, POD_TEMPLATE_HASH};
use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::patch::{Editor, Reason};
use pointer_diagnostics::Pointer;

use super::requirement::selects_pods;
use super::scope::Subject;

/// Adds a spread over a topology, unless there is one. `None`: the kind has no place for one.
pub(super) fn over(
    editor: &mut Editor<'_>,
    object: &Object,
    subject: &Subject<'_>,
    (topology, selector): (&str, &Value),
    reason: &Reason,
) -> Option<bool> {
    let list = subject.part.pointer(object, Field::TopologySpread)?;
    let there = editor
        .get(&list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    if there.into_iter().any(|c| is_hard_over(c, topology)) {
        return Some(true);
    }
    let mut constraint = json!({
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "DoNotSchedule",
        "nodeTaintsPolicy": "Honor",
        "labelSelector": selector,
    });
    if subject.part.part.places.contains_key(&Field::Rollout) {
        constraint["matchLabelKeys"] = json!([POD_TEMPLATE_HASH]);
    }
    Some(editor.append(&list, constraint, reason))
}

/// Adds anti-affinity over nodes, required or preferred, unless the part has it. `None`: the kind has no place for it.
pub(super) fn apart(
    editor: &mut Editor<'_>,
    object: &Object,
    subject: &Subject<'_>,
    (selector, required): (&Value, bool),
    reason: &Reason,
) -> Option<bool> {
    let affinity = subject.part.pointer(object, Field::PodAntiAffinity)?;
    if is_apart(subject, object) {
        return Some(true);
    }
    let term = json!({"labelSelector": selector, "topologyKey": HOSTNAME});
    let (field, element) = match required {
        true => (REQUIRED_DURING_SCHEDULING, term),
        false => (
            PREFERRED_DURING_SCHEDULING,
            json!({"weight": 100, "podAffinityTerm": term}),
        ),
    };
    let list = affinity.at(field);
    let there = editor
        .get(&list)
        .and_then(Value::as_array)
        .is_some_and(|l| l.contains(&element));
    Some(there || editor.append(&list, element, reason))
}

/// Whether no two pods of the part may share a node.
pub(super) fn is_apart(subject: &Subject<'_>, object: &Object) -> bool {
    let Some(affinity) = subject.part.pointer(object, Field::PodAntiAffinity) else {
        return false;
    };
    let labels = subject.part.pod_labels(object);
    let terms = object
        .get(affinity.at(REQUIRED_DURING_SCHEDULING).as_str())
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    terms.into_iter().any(|term| {
        term.get("topologyKey").and_then(Value::as_str) == Some(HOSTNAME)
            && selects_pods(term.get("labelSelector"), &labels)
    })
}

/// Lets a rolling update remove a pod before it starts another, where there is no node left for one more.
pub(super) fn without_surge(editor: &mut Editor<'_>, rollout: &Pointer, reason: &Reason) -> bool {
    let text = |editor: &Editor<'_>, key: &str| {
        editor
            .get(&rollout.at(key))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if text(editor, "type").is_some_and(|kind| kind != "RollingUpdate") {
        return true;
    }
    let rolling = rollout.at("rollingUpdate");
    let unavailable = rolling.at("maxUnavailable");
    let allows_none = match editor.get(&unavailable) {
        None | Some(Value::Null) => true,
        Some(Value::String(percent)) => percent == "0%" || percent == "0",
        Some(number) => number.as_u64() == Some(0),
    };
    editor.set(&rolling.at("maxSurge"), json!(0), reason)
        && (!allows_none || editor.set(&unavailable, json!(1), reason))
}

fn is_hard_over(constraint: &Value, topology: &str) -> bool {
    let text = |key: &str| {
        constraint
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    text("topologyKey") == topology && text("whenUnsatisfiable") != "ScheduleAnyway"
}
