//! Tolerations: those that the site writes, and for taints that every node of the selected pool carries. Never for an architecture.

use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use kubernetes_vocabulary::taint::find_untolerated;
use kubernetes_vocabulary::{Taint, Toleration};
use serde::Deserialize as _;

use super::scope::{PlacedPart, PlacementScope};

/// Returns the tolerations that the part needs and does not have.
pub(super) fn wanted(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    object: &Object,
) -> Vec<Value> {
    let mut there: Vec<Value> = subject
        .at
        .value(object, Field::Tolerations)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let had = there.len();
    for toleration in subject
        .placement
        .into_iter()
        .flat_map(|(_, p)| &p.tolerations)
    {
        let value = serde_json::to_value(toleration).unwrap_or_default();
        if !there.contains(&value) {
            there.push(value);
        }
    }
    let pool = subject
        .pool(scope)
        .and_then(|name| scope.site.pools.get(name));
    for taint in pool.into_iter().flat_map(|p| &p.taints) {
        if !there.iter().any(|t| tolerates(t, taint)) {
            there.push(toleration_of(taint));
        }
    }
    there.split_off(had)
}

/// Returns whether pods with the tolerations may start on a node with the taints. A toleration that cannot be read covers none.
pub(super) fn admit_pods(taints: &[Taint], tolerations: &[&Value]) -> bool {
    let readable: Vec<Toleration> = tolerations
        .iter()
        .filter_map(|toleration| Toleration::deserialize(*toleration).ok())
        .collect();
    find_untolerated(taints, &readable).is_none()
}

/// Returns whether a toleration covers a taint.
fn tolerates(toleration: &Value, taint: &Taint) -> bool {
    Toleration::deserialize(toleration).is_ok_and(|toleration| toleration.tolerates(taint))
}

fn toleration_of(taint: &Taint) -> Value {
    let effect = taint.effect;
    match taint.value.as_str() {
        "" => json!({"key": taint.key, "operator": "Exists", "effect": effect}),
        value => json!({"key": taint.key, "operator": "Equal", "value": value, "effect": effect}),
    }
}
