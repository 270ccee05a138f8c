//! One test or more a filter, named after it.
mod nodes;
mod pods;
mod resources;
mod spread;
mod volumes;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kubernetes_vocabulary::labels::HOSTNAME;
use kubernetes_vocabulary::{LabelRequirement, Labels, NodeSelectorTerm, SelectorOperator};

use super::*;
use kubernetes_vocabulary::{Quantity, Taint, TaintEffect};

fn node(name: &str, labels: &[(&str, &str)]) -> NodeInfo {
    let mut all: Labels = labels
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    all.insert(HOSTNAME.to_owned(), name.to_owned());
    let offers = [("cpu", "4"), ("memory", "8Gi"), ("pods", "10")];
    let allocatable = offers
        .map(|(k, v)| (k.to_owned(), Quantity::parse(v).unwrap()))
        .into();
    NodeInfo {
        name: name.to_owned(),
        labels: all,
        allocatable: Some(allocatable),
        ..NodeInfo::default()
    }
}

fn pod(labels: &[(&str, &str)], spec: &Value) -> PodSpec {
    let labels = labels
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let (pod, errors) = PodSpec::read("Deployment/x", "default", &labels, spec);
    assert_eq!(errors, [], "{spec}");
    pod
}

fn reasons(
    nodes: &[NodeInfo],
    placed: &[(&PodSpec, usize)],
    pod: &PodSpec,
    node: usize,
) -> Vec<String> {
    let namespaces = Namespaces::default();
    let placed = placed
        .iter()
        .map(|(spec, node)| PlacedPod { spec, node: *node })
        .collect();
    let cluster = ClusterState {
        nodes,
        namespaces: &namespaces,
        placed,
    };
    find_reasons(
        &cluster,
        PodCandidate {
            spec: pod,
            home: None,
        },
        node,
    )
    .iter()
    .map(ToString::to_string)
    .collect()
}

/// Returns the nodes on which the pod can be placed.
fn possible(nodes: &[NodeInfo], placed: &[(&PodSpec, usize)], pod: &PodSpec) -> Vec<usize> {
    (0..nodes.len())
        .filter(|n| reasons(nodes, placed, pod, *n).is_empty())
        .collect()
}

fn affinity(terms: &Value) -> Value {
    json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}})
}

fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
    json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
}

fn cpu(cpu: &str) -> Value {
    json!({"resources": {"requests": {"cpu": cpu}}})
}
