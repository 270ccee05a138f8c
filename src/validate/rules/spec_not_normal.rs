//! Applications in the form that Argo CD's controller gives them: it takes empty settings out, and whoever syncs the Application puts
//! them back, for ever.

use kubernetes_vocabulary::annotations::LAST_APPLIED;
use serde_json::{Map, Value};

use crate::validate::CheckedRule;
use crate::validate::argo::Argo;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "spec-not-normal",
        severity: Severity::Error,
        summary: "an Application has fields that Argo CD takes out again",
        explain: include_str!("../../../docs/rules/spec-not-normal.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for argo in &view.argo {
        for trouble in troubles(argo) {
            let says = format!("{} `{}` {trouble}", argo.object.kind(), argo.object.name());
            found.push(
                argo.report(view.plan, &RULE.rule, says)
                    .help("leave it out: Argo CD writes or removes it itself"),
            );
        }
    }
}

fn troubles(argo: &Argo<'_>) -> Vec<String> {
    let mut troubles: Vec<String> = ["operation", "status"]
        .into_iter()
        .filter(|key| argo.object.value().get(key).is_some())
        .map(|key| format!("carries `{key}`, which belongs to the cluster"))
        .collect();
    if argo.object.annotation(LAST_APPLIED).is_some() {
        troubles.push("carries the annotation of an earlier `kubectl apply`".to_owned());
    }
    if !argo.is_application() {
        return troubles;
    }
    let spec = argo.object.get("/spec").unwrap_or(&Value::Null);
    let mut empty = Vec::new();
    collect_empty(spec, &Pointer::parse("/spec"), &mut empty);
    troubles.extend(empty.into_iter().map(|at| {
        format!(
            "has an empty `{}`",
            at.as_str().trim_start_matches('/').replace('/', ".")
        )
    }));
    let automated = spec.pointer("/syncPolicy/automated");
    let switches = automated.and_then(Value::as_object).into_iter().flatten();
    // `enabled: false` is a pointer in Go, and stays.
    let off = switches.filter(|(key, value)| *key != "enabled" && **value == Value::Bool(false));
    troubles.extend(off.map(|(key, _)| format!("has `spec.syncPolicy.automated.{key}: false`")));
    if spec.get("project").and_then(Value::as_str) == Some("") {
        troubles.push("names no project".to_owned());
    }
    for kind in ["kustomize", "helm", "directory"] {
        let settings = spec
            .pointer(&format!("/source/{kind}"))
            .and_then(Value::as_object);
        if settings.is_some_and(|s| !s.is_empty() && s.values().all(is_zero)) {
            troubles.push(format!("has `spec.source.{kind}` with nothing set in it"));
        }
    }
    troubles
}

/// Empty maps, lists and nulls, but for `automated: {}`, which means something.
fn collect_empty(value: &Value, at: &Pointer, found: &mut Vec<Pointer>) {
    match value {
        Value::Null => found.push(at.clone()),
        Value::Array(items) if items.is_empty() => found.push(at.clone()),
        Value::Object(map) if map.is_empty() && at.last().as_deref() != Some("automated") => {
            found.push(at.clone());
        }
        Value::Object(map) => map
            .iter()
            .for_each(|(key, inner)| collect_empty(inner, &at.at(key), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, inner)| collect_empty(inner, &at.at(i), found)),
        _ => {}
    }
}

/// Checks whether Go leaves the value out when it writes JSON.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => Map::values(map).all(is_zero),
    }
}
