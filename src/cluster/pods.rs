//! The platform's share of each node, measured from the pods that run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::input::{ClusterInputError, read_object};
use kubernetes_vocabulary::Quantity;

/// Sums what the platform's pods request, by node: from `oc get pods -A -o yaml` or `-o json`, the pods in namespaces of the platform (`openshift-…`,
/// `kube-…`) that are not among `own`, the namespaces that a site file describes itself.
pub fn measure_reserved(
    text: &str,
    own: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<String, Quantity>>, ClusterInputError> {
    let document = read_object(text, "oc get pods -A")?;
    let items = document
        .get("items")
        .and_then(Value::as_array)
        .ok_or(ClusterInputError::NoPods)?;
    let mut reserved: BTreeMap<String, BTreeMap<String, Quantity>> = BTreeMap::new();
    for pod in items
        .iter()
        .filter(|pod| is_platform_pod(pod, own) && holds_resources(pod))
    {
        let Some(node) = pod.pointer("/spec/nodeName").and_then(Value::as_str) else {
            continue;
        };
        let of_node = reserved.entry(node.to_owned()).or_default();
        for (resource, quantity) in sum_requests(pod) {
            let sum = of_node.entry(resource).or_default();
            *sum = sum.plus(quantity);
        }
        let pods = of_node.entry("pods".to_owned()).or_default();
        *pods = pods.plus(Quantity::units(1));
    }
    Ok(reserved)
}

fn is_platform_pod(pod: &Value, own: &BTreeSet<String>) -> bool {
    let namespace = pod
        .pointer("/metadata/namespace")
        .and_then(Value::as_str)
        .unwrap_or_default();
    (namespace.starts_with("openshift-") || namespace.starts_with("kube-"))
        && !own.contains(namespace)
}

fn holds_resources(pod: &Value) -> bool {
    !matches!(
        pod.pointer("/status/phase").and_then(Value::as_str),
        Some("Succeeded" | "Failed")
    )
}

/// Sums the requests of a pod: its containers and restartable init containers together, or the largest of the other init containers.
fn sum_requests(pod: &Value) -> BTreeMap<String, Quantity> {
    let list = |name: &str| {
        pod.pointer(&format!("/spec/{name}"))
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (sidecars, init): (Vec<Value>, Vec<Value>) = list("initContainers")
        .into_iter()
        .partition(|c| c.get("restartPolicy").and_then(Value::as_str) == Some("Always"));
    let mut total: BTreeMap<String, Quantity> = BTreeMap::new();
    for (resource, quantity) in list("containers")
        .iter()
        .chain(&sidecars)
        .flat_map(container_requests)
    {
        let sum = total.entry(resource).or_default();
        *sum = sum.plus(quantity);
    }
    for (resource, quantity) in init.iter().flat_map(container_requests) {
        let sum = total.entry(resource).or_default();
        *sum = (*sum).max(quantity);
    }
    total
}

fn container_requests(container: &Value) -> Vec<(String, Quantity)> {
    let requests = container
        .pointer("/resources/requests")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let parsed = requests.filter_map(|(resource, value)| {
        let quantity = Quantity::parse(
            &value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
        .ok()?;
        matches!(resource.as_str(), "cpu" | "memory").then(|| (resource.clone(), quantity))
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_running_pods_of_the_platform_count() {
        let pod = |namespace: &str, phase: &str, cpu: &str| {
            json!({"metadata": {"namespace": namespace}, "status": {"phase": phase},
                   "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": cpu}}}],
                            "initContainers": [{"resources": {"requests": {"cpu": "300m"}}}]}})
        };
        let items = [
            pod("openshift-etcd", "Running", "200m"),
            pod("openshift-storage", "Running", "1"),
            pod("openshift-etcd", "Succeeded", "1"),
            pod("web", "Running", "1"),
        ];
        let own = BTreeSet::from(["openshift-storage".to_owned()]);
        let reserved = measure_reserved(&json!({"items": items}).to_string(), &own).unwrap();
        assert_eq!(reserved["n"]["cpu"], Quantity::milli(300));
        assert_eq!(reserved["n"]["pods"], Quantity::units(1));
    }
}
