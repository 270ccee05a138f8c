//! PodDisruptionBudgets: no more pods of a part may be evicted at once than the site survives.

use kubernetes_vocabulary::labels::APP_PREFIX;
use serde_json::{Map, Value, json};

use crate::catalogue::{BudgetMaker, PartNaming, PodRun};
use crate::manifest::Object;

use super::replicas::Promise;
use super::requirement::selects_pods;
use super::scope::PlacedPart;

/// Returns the budget of a part; `None` where an operator or the base has one, or where the pods end by themselves.
pub(super) fn make_budget(
    subject: &PlacedPart<'_>,
    promise: &Promise,
    selector: &Value,
    objects: &[Object],
) -> Option<Object> {
    let object = &objects[subject.object];
    let stated = subject.spec.and_then(|(_, s)| s.budget_by_operator);
    let by_operator = stated.unwrap_or(subject.at.part.budget == BudgetMaker::Operator);
    if by_operator || subject.at.part.run != PodRun::Replicated || has_budget(subject, objects) {
        return None;
    }
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(name(subject, objects)));
    if let Some(namespace) = object.namespace() {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    let labels = labels(object);
    if !labels.is_empty() {
        metadata.insert("labels".to_owned(), Value::Object(labels));
    }
    Some(Object::new(json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {"maxUnavailable": promise.nodes.max(1), "selector": selector},
    })))
}

/// Returns whether the base has a budget for these pods. Two budgets over one pod block every eviction.
fn has_budget(subject: &PlacedPart<'_>, objects: &[Object]) -> bool {
    let object = &objects[subject.object];
    let labels = subject.at.pod_labels(object);
    objects.iter().any(|o| {
        o.kind() == "PodDisruptionBudget"
            && o.namespace() == object.namespace()
            && selects_pods(o.get("/spec/selector"), &labels)
    })
}

/// Returns the workload's name, with the part's where that is not enough.
fn name(subject: &PlacedPart<'_>, objects: &[Object]) -> String {
    let object = &objects[subject.object];
    let part = &subject.at;
    let base = match (part.part.naming, &part.element) {
        (PartNaming::ByObject, _) => object.name().to_owned(),
        (PartNaming::ByPart, None) => format!("{}-{}", object.name(), part.part.name),
        (PartNaming::ByPart, Some(element)) => {
            format!("{}-{}-{element}", object.name(), part.part.name)
        }
    };
    let taken = |name: &str| {
        objects
            .iter()
            .any(|o| o.kind() == "PodDisruptionBudget" && o.name() == name)
    };
    if taken(&base) {
        format!("{base}-budget")
    } else {
        base
    }
}

/// Returns the recommended labels of the workload, so that its budget is found with it.
fn labels(object: &Object) -> Map<String, Value> {
    let all = object
        .get("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    all.filter(|(key, _)| key.starts_with(APP_PREFIX))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}
