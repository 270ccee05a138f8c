//! Compares values as they are after the API server filled in defaults.

use crate::quantity::Quantity;
use serde_json::{Map, Value};

/// Texts that are filled in where a member is left out.
const TEXT_DEFAULTS: [(&str, &str); 22] = [
    ("apiGroup", "rbac.authorization.k8s.io"),
    ("apiVersion", "v1"),
    ("completionMode", "NonIndexed"),
    ("dnsPolicy", "ClusterFirst"),
    ("fieldPath", ""),
    ("imagePullPolicy", "IfNotPresent"),
    ("imagePullPolicy", "Always"),
    ("kind", "PersistentVolumeClaim"),
    ("path", "/"),
    ("podManagementPolicy", "OrderedReady"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("protocol", "TCP"),
    ("reclaimPolicy", "Delete"),
    ("restartPolicy", "Always"),
    ("schedulerName", "default-scheduler"),
    ("scheme", "HTTP"),
    ("status", "True"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("type", ""),
    ("volumeBindingMode", "Immediate"),
    ("volumeMode", "Filesystem"),
];

/// Numbers that are filled in where a member is left out.
const NUMBER_DEFAULTS: [(&str, i64); 7] = [
    ("defaultMode", 420),
    ("expirationSeconds", 3600),
    ("failureThreshold", 3),
    ("periodSeconds", 10),
    ("successThreshold", 1),
    ("terminationGracePeriodSeconds", 30),
    ("timeoutSeconds", 1),
];

/// Members that are true where they are left out; all others are false.
const TRUE_DEFAULTS: [&str; 4] = [
    "attachRequired",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "hostUsers",
];

/// Members that hold quantities.
const QUANTITIES: [&str; 6] = [
    "requests",
    "limits",
    "capacity",
    "hard",
    "podFixed",
    "sizeLimit",
];

/// Members whose absence means the same as what they have: filled in by name, or no part of the comparison.
fn is_default(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => {
            list.is_empty() || (name == "volumeLifecycleModes" && list == &["Persistent"])
        }
        Value::Object(map) => {
            map.iter().all(|(name, value)| is_default(name, value)) || name == "status"
        }
        Value::String(text) => text.is_empty() || TEXT_DEFAULTS.contains(&(name, text)),
        Value::Number(number) => number
            .as_i64()
            .is_some_and(|n| NUMBER_DEFAULTS.contains(&(name, n)) || (n == 0 && name != "value")),
        Value::Bool(flag) => *flag == TRUE_DEFAULTS.contains(&name),
    }
}

/// Tells that two values of a member mean the same.
pub(crate) fn same(name: &str, old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => same_maps(name, a, b),
        (Value::Array(_), Value::Array(_)) if is_default(name, old) && is_default(name, new) => {
            true
        }
        (Value::Array(a), Value::Array(b)) if name == "scopes" => {
            a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same("", a, b))
        }
        (Value::Null, value) | (value, Value::Null) => is_default(name, value),
        _ => old == new,
    }
}

fn same_maps(name: &str, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let quantities = QUANTITIES.contains(&name);
    let null = &Value::Null;
    old.keys()
        .chain(new.keys().filter(|key| !old.contains_key(*key)))
        .all(|key| {
            let (a, b) = (old.get(key).unwrap_or(null), new.get(key).unwrap_or(null));
            let equal_amounts = || {
                Quantity::of(a)
                    .zip(Quantity::of(b))
                    .is_some_and(|(a, b)| a.compare(b).is_eq())
            };
            same(key, a, b) || (quantities && equal_amounts())
        })
}
