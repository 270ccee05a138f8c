//! The prover against the reference that tries everything, and small problems with known answers.

mod orders;
mod placement;
mod random;
mod survival;

use kubernetes_vocabulary::labels::HOSTNAME;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::scheduler::{FilterReason, NodeInfo, PodSpec};
use kubernetes_vocabulary::{Labels, Quantity};

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn node(name: &str, pairs: &[(&str, &str)], cpu: i64, memory: i64) -> NodeInfo {
    let mut all = labels(pairs);
    all.insert(HOSTNAME.to_owned(), name.to_owned());
    let offers = [("cpu", cpu), ("memory", memory), ("pods", 110)];
    let allocatable = offers
        .map(|(k, v)| (k.to_owned(), Quantity::units(v)))
        .into();
    NodeInfo {
        name: name.to_owned(),
        labels: all,
        allocatable: Some(allocatable),
        ..NodeInfo::default()
    }
}

fn workload(app: &str, pods: u32, spec: &Value) -> Workload {
    let (spec, errors) = PodSpec::read(app, "default", &labels(&[("app", app)]), spec);
    assert_eq!(errors, []);
    Workload {
        spec,
        pods,
        ..Workload::default()
    }
}

fn cpu(cpu: u64) -> Value {
    json!({"containers": [{"resources": {"requests": {"cpu": cpu.to_string()}}}]})
}

fn apart(app: &str, key: &str) -> Value {
    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}]}})
}

fn proof(nodes: Vec<NodeInfo>, workloads: Vec<Workload>) -> Proof {
    let machines = vec![
        MachineState {
            remediated: true,
            ..MachineState::default()
        };
        nodes.len()
    ];
    prove(&PlacementProblem {
        nodes,
        workloads,
        machines,
        lost_nodes: 1,
        ..PlacementProblem::default()
    })
}

fn three() -> Vec<NodeInfo> {
    ["a", "b", "c"]
        .map(|name| node(name, &[("topology.kubernetes.io/zone", name)], 8, 8))
        .into()
}

fn core(proof: &Proof) -> &UnplaceableCore {
    let ProofOutcome::Impossible(core) = &proof.outcome else {
        panic!("{proof:?}")
    };
    core
}

fn words(reasons: &BTreeMap<usize, Vec<FilterReason>>) -> Vec<String> {
    reasons
        .values()
        .map(|of| {
            of.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        })
        .collect()
}
