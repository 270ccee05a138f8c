//! One item of a LimitRange: defaults and bounds of containers, and bounds of pods.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use kubernetes_vocabulary::Quantity;

/// An item of `LimitRange.spec.limits`, with the defaults that the API server fills in (`pkg/apis/core/v1/defaults.go`,
/// `SetDefaults_LimitRangeItem`).
#[derive(Debug, Clone, Default)]
pub(super) struct LimitItem {
    target: LimitTarget,
    limits: Map<String, Value>,
    requests: Map<String, Value>,
    least: Map<String, Value>,
    most: Map<String, Value>,
}

/// The things that an item is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum LimitTarget {
    Container,
    Pod,
    /// Claims and whatever else there is.
    #[default]
    Other,
}

/// A field of a container's resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResourceField {
    Requests,
    Limits,
}

impl ResourceField {
    fn key(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }
}

impl LimitItem {
    /// Reads an item.
    pub(super) fn read(item: &Value) -> Self {
        let map = |key: &str| {
            item.get(key)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let mut read = Self {
            target: match item.get("type").and_then(Value::as_str) {
                Some("Container") => LimitTarget::Container,
                Some("Pod") => LimitTarget::Pod,
                _ => LimitTarget::Other,
            },
            limits: map("default"),
            requests: map("defaultRequest"),
            least: map("min"),
            most: map("max"),
        };
        if read.target == LimitTarget::Container {
            fill_missing(&mut read.limits, &read.most);
            fill_missing(&mut read.requests, &read.limits);
            fill_missing(&mut read.requests, &read.least);
        }
        read
    }

    /// Gives containers the defaults for what they leave out. A request that is left out beside a limit is the limit.
    pub(super) fn apply(&self, spec: &mut Value) {
        if self.target != LimitTarget::Container {
            return;
        }
        for key in ["containers", "initContainers"] {
            let containers = spec.get_mut(key).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                let Some(fields) = container.as_object_mut() else {
                    continue;
                };
                let resources = fields.entry("resources").or_insert_with(|| json!({}));
                let Some(resources) = resources.as_object_mut() else {
                    continue;
                };
                let written = read_map(resources, ResourceField::Limits);
                let mut requests = read_map(resources, ResourceField::Requests);
                fill_missing(&mut requests, &written);
                fill_missing(&mut requests, &self.requests);
                let mut limits = written;
                fill_missing(&mut limits, &self.limits);
                resources.insert("requests".to_owned(), requests.into());
                resources.insert("limits".to_owned(), limits.into());
            }
        }
    }

    /// Lists the bounds that a pod's containers, or all of them together, do not keep.
    pub(super) fn find_violations(&self, spec: &Value) -> Vec<String> {
        let mut found = Vec::new();
        match self.target {
            LimitTarget::Other => {}
            LimitTarget::Container => {
                for container in list_containers(spec) {
                    let name = container
                        .get("name")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    let amounts = |field| sum_amounts([container].into_iter(), field);
                    let what = format!("its container `{name}`");
                    self.compare(
                        &what,
                        &amounts(ResourceField::Requests),
                        &amounts(ResourceField::Limits),
                        &mut found,
                    );
                }
            }
            LimitTarget::Pod => {
                let amounts = |field| sum_amounts(list_containers(spec), field);
                self.compare(
                    "a pod of it",
                    &amounts(ResourceField::Requests),
                    &amounts(ResourceField::Limits),
                    &mut found,
                );
            }
        }
        found
    }

    fn compare(
        &self,
        what: &str,
        requests: &BTreeMap<String, Quantity>,
        limits: &BTreeMap<String, Quantity>,
        found: &mut Vec<String>,
    ) {
        for (resource, least) in read_amounts(&self.least) {
            match requests.get(&resource) {
                Some(own) if *own >= least => {}
                Some(own) => found.push(format!(
                    "{what} requests {own} {resource}, less than the LimitRange's {least}"
                )),
                None => found.push(format!(
                    "{what} requests no {resource}, and the LimitRange asks for {least}"
                )),
            }
        }
        for (resource, most) in read_amounts(&self.most) {
            match limits.get(&resource) {
                Some(own) if *own <= most => {}
                Some(own) => found.push(format!(
                    "{what} has a limit of {own} {resource}, more than the LimitRange's {most}"
                )),
                None => found.push(format!(
                    "{what} has no limit of {resource}, and the LimitRange allows {most}"
                )),
            }
        }
    }
}

fn fill_missing(map: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    for (key, value) in defaults {
        map.entry(key).or_insert_with(|| value.clone());
    }
}

fn read_map(resources: &Map<String, Value>, field: ResourceField) -> Map<String, Value> {
    let map = resources.get(field.key()).and_then(Value::as_object);
    map.cloned().unwrap_or_default()
}

fn list_containers(spec: &Value) -> impl Iterator<Item = &Value> {
    spec.get("containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Sums a field over containers; a resource that one of them leaves out is left out.
fn sum_amounts<'v>(
    containers: impl Iterator<Item = &'v Value>,
    field: ResourceField,
) -> BTreeMap<String, Quantity> {
    let mut sum: Option<BTreeMap<String, Quantity>> = None;
    for container in containers {
        let written = container.pointer(&format!("/resources/{}", field.key()));
        let own = written
            .and_then(Value::as_object)
            .map(read_amounts)
            .unwrap_or_default();
        sum = Some(match sum {
            None => own,
            Some(before) => {
                let both = before.into_iter().filter_map(|(resource, amount)| {
                    Some((resource.clone(), amount.plus(*own.get(&resource)?)))
                });
                both.collect()
            }
        });
    }
    sum.unwrap_or_default()
}

/// Reads amounts; a malformed one is left out, which its schema reports.
fn read_amounts(map: &Map<String, Value>) -> BTreeMap<String, Quantity> {
    let read = map.iter().filter_map(|(resource, amount)| {
        let text = match amount {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((resource.clone(), Quantity::parse(&text).ok()?))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fill_what_containers_leave_out() {
        let item = LimitItem::read(&json!({
            "type": "Container", "default": {"memory": "512Mi"}, "defaultRequest": {"memory": "256Mi"},
            "max": {"memory": "1Gi", "cpu": "2"}, "min": {"memory": "64Mi"},
        }));
        let mut spec = json!({"containers": [
            {"name": "a"}, {"name": "b", "resources": {"limits": {"memory": "2Gi"}}}]});
        item.apply(&mut spec);
        assert_eq!(
            spec["containers"][0]["resources"],
            json!({"requests": {"memory": "256Mi", "cpu": "2"}, "limits": {"memory": "512Mi", "cpu": "2"}})
        );
        assert_eq!(
            spec["containers"][1]["resources"]["requests"]["memory"],
            "2Gi"
        );
        let violations = item.find_violations(&spec);
        assert_eq!(
            violations,
            ["its container `b` has a limit of 2Gi memory, more than the LimitRange's 1Gi"]
        );
    }

    #[test]
    fn bounds_of_pods_are_over_all_containers() {
        let item = LimitItem::read(&json!({"type": "Pod", "max": {"cpu": "1"}}));
        let container = |cpu: &str| json!({"name": "a", "resources": {"limits": {"cpu": cpu}}});
        let two = json!({"containers": [container("600m"), container("600m")]});
        assert_eq!(item.find_violations(&two).len(), 1);
        assert!(
            item.find_violations(&json!({"containers": [container("600m")]}))
                .is_empty()
        );
    }
}
