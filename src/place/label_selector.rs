//! Label selectors (`meta/v1 LabelSelector`): whether they select pods with certain labels.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether a selector selects pods with the labels. An empty selector selects all; a missing one none.
pub(super) fn selects(selector: Option<&Value>, labels: &BTreeMap<String, String>) -> bool {
    let Some(selector) = selector.and_then(Value::as_object) else {
        return false;
    };
    let by_label = selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let by_expression = selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    by_label
        .into_iter()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
        && by_expression.into_iter().all(|e| meets(e, labels))
}

fn meets(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let text = |key: &str| {
        expression
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let label = labels.get(text("key"));
    let listed = || {
        let values = expression
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        values
            .into_iter()
            .any(|v| v.as_str() == label.map(String::as_str))
    };
    match text("operator") {
        "In" => label.is_some() && listed(),
        "NotIn" => label.is_none() || !listed(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}
