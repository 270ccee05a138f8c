//! Computes the requests of a pod (`component-helpers/resource.PodRequests`).
//!
//! - Containers run at the same time: their requests add up, and so do those of sidecars (init containers with `restartPolicy: Always`).
//! - Other init containers run one after the other, each beside the sidecars before it: the largest counts.
//! - A request that is not written is the limit, where one is written.
//! - Requests of the pod as a whole (`spec.resources`) replace the sum for CPU, memory and huge pages; `overhead` comes on top.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::resource::CPU;
use super::spec_error::{SpecError, parse_field};
use kubernetes_vocabulary::Quantity;
use kubernetes_vocabulary::null_as_default;

type Resources = BTreeMap<String, Quantity>;

#[derive(Default, Deserialize)]
struct Requirements {
    #[serde(default, deserialize_with = "null_as_default")]
    requests: Resources,
    #[serde(default, deserialize_with = "null_as_default")]
    limits: Resources,
}

impl Requirements {
    fn effective(mut self) -> Resources {
        for (resource, limit) in self.limits {
            self.requests.entry(resource).or_insert(limit);
        }
        self.requests
    }
}

/// Sums the requests of a pod, by resource.
///
/// # Errors
///
/// When a quantity or a list of resources cannot be read.
pub fn sum_pod_requests(spec: &Value) -> Result<Resources, SpecError> {
    let mut total = Resources::new();
    for container in containers(spec, "containers") {
        add(
            &mut total,
            &container_requests(container, "containers.resources")?,
        );
    }
    let (mut sidecars, mut peak) = (Resources::new(), Resources::new());
    for container in containers(spec, "initContainers") {
        let mut requests = container_requests(container, "initContainers.resources")?;
        if container.get("restartPolicy").and_then(Value::as_str) == Some("Always") {
            add(&mut total, &requests);
            add(&mut sidecars, &requests);
            requests.clone_from(&sidecars);
        } else {
            add(&mut requests, &sidecars);
        }
        raise(&mut peak, &requests);
    }
    raise(&mut total, &peak);
    pod_level(spec, &mut total)?;
    if let Some(overhead) = spec.get("overhead") {
        add(
            &mut total,
            &parse_field("overhead", overhead)?.unwrap_or_default(),
        );
    }
    Ok(total)
}

/// Requests of the pod as a whole. Where only a limit is written, the containers' sum stands, or else the limit.
fn pod_level(spec: &Value, total: &mut Resources) -> Result<(), SpecError> {
    let Some(value) = spec.get("resources") else {
        return Ok(());
    };
    let Requirements { requests, limits } = parse_field("resources", value)?.unwrap_or_default();
    let supported = |name: &str| name == CPU || name == "memory" || name.starts_with("hugepages-");
    for (resource, limit) in limits.into_iter().filter(|(name, _)| supported(name)) {
        total.entry(resource).or_insert(limit);
    }
    total.extend(requests.into_iter().filter(|(name, _)| supported(name)));
    Ok(())
}

fn containers<'a>(spec: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    spec.get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn container_requests(container: &Value, field: &'static str) -> Result<Resources, SpecError> {
    let requirements: Requirements = match container.get("resources") {
        Some(value) => parse_field(field, value)?.unwrap_or_default(),
        None => Requirements::default(),
    };
    Ok(requirements.effective())
}

fn add(total: &mut Resources, more: &Resources) {
    for (resource, quantity) in more {
        let entry = total.entry(resource.clone()).or_default();
        *entry = entry.plus(*quantity);
    }
}

fn raise(total: &mut Resources, least: &Resources) {
    for (resource, quantity) in least {
        let entry = total.entry(resource.clone()).or_default();
        *entry = (*entry).max(*quantity);
    }
}
