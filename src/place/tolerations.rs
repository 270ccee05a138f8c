//! Tolerations: those that the site writes, and for taints that every node of the selected pool carries. Never for an architecture.

use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use kubernetes_vocabulary::{Taint, TaintEffect};

use super::scope::{Scope, Subject};

/// The tolerations that the part needs and does not have.
pub(super) fn wanted(scope: &Scope<'_>, subject: &Subject<'_>, object: &Object) -> Vec<Value> {
    let mut there: Vec<Value> = subject
        .part
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

/// Whether pods with the tolerations may start on a node with the taints. `PreferNoSchedule` keeps nobody away.
pub(super) fn admit(taints: &[Taint], tolerations: &[&Value]) -> bool {
    let hard = taints
        .iter()
        .filter(|t| t.effect != TaintEffect::PreferNoSchedule);
    hard.into_iter()
        .all(|taint| tolerations.iter().any(|t| tolerates(t, taint)))
}

/// Whether a toleration covers a taint (`core/v1 Toleration.ToleratesTaint`).
fn tolerates(toleration: &Value, taint: &Taint) -> bool {
    let text = |key: &str| {
        toleration
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let effect = text("effect").is_empty() || text("effect") == effect_name(taint.effect);
    let key = text("key").is_empty() || text("key") == taint.key;
    let value = match text("operator") {
        "Exists" => true,
        "" | "Equal" => !text("key").is_empty() && text("value") == taint.value,
        _ => false,
    };
    effect && key && value
}

fn toleration_of(taint: &Taint) -> Value {
    let effect = effect_name(taint.effect);
    match taint.value.as_str() {
        "" => json!({"key": taint.key, "operator": "Exists", "effect": effect}),
        value => json!({"key": taint.key, "operator": "Equal", "value": value, "effect": effect}),
    }
}

fn effect_name(effect: TaintEffect) -> &'static str {
    match effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    }
}
