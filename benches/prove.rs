//! How long a proof takes, with the loss of each node, for sites of 3, 12, 50 and 200 nodes and ten pods a node.
//!
//! `cargo bench --bench prove`: prints the best of several runs for each size. The first argument that is a number is the size to run
//! alone.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use kubernetes_vocabulary::labels::HOSTNAME;
use std::time::{Duration, Instant};

use kubernetes_vocabulary::Quantity;
use podfit::prove::{PlacementProblem, ProofOutcome, Redundancy, Workload, prove};
use podfit::scheduler::{NodeInfo, PodSpec};
use serde_json::{Value, json};

fn main() {
    let only: Option<usize> = std::env::args().find_map(|a| a.parse().ok());
    for nodes in [3, 12, 50, 200]
        .into_iter()
        .filter(|n| only.is_none_or(|o| o == *n))
    {
        let problem = site(nodes);
        let pods: u32 = problem
            .workloads
            .iter()
            .map(|w| if w.per_node { count(nodes) } else { w.pods })
            .sum();
        let runs = if nodes < 50 { 50 } else { 5 };
        let times: Vec<Duration> = (0..runs).map(|_| time(&problem)).collect();
        let best = times.iter().min().copied().unwrap_or_default();
        println!(
            "{nodes:>4} nodes {pods:>5} pods {:>10.3} ms",
            best.as_secs_f64() * 1000.0
        );
    }
}

fn time(problem: &PlacementProblem) -> Duration {
    let start = Instant::now();
    let proof = prove(problem);
    let took = start.elapsed();
    assert!(
        matches!(proof.outcome, ProofOutcome::Proved(_)),
        "every pod has a node"
    );
    let failing: Vec<_> = proof
        .losses
        .iter()
        .flat_map(|l| l.fates.values().filter(|f| f.fails()))
        .collect();
    assert!(failing.is_empty(), "every loss is survived: {failing:?}");
    took
}

/// A mixed site: a tenth of the nodes another architecture, DaemonSets, databases that keep apart, web servers that are spread.
fn site(nodes: usize) -> PlacementProblem {
    let mut problem = PlacementProblem {
        lost_nodes: 1,
        ..PlacementProblem::default()
    };
    for n in 0..nodes {
        let arch = if n % 10 == 9 { "ppc64le" } else { "amd64" };
        problem.nodes.push(node(
            &format!("node-{n:03}"),
            arch,
            &format!("zone-{}", n % 3),
        ));
    }
    for app in ["exporter", "storage-agent"] {
        problem.workloads.push(Workload {
            per_node: true,
            ..workload(app, 0, json!({}), "200m", "256Mi")
        });
    }
    let wanted = count(nodes) * 8;
    let mut pods = 0;
    for number in 0.. {
        let app = format!("app-{number:03}");
        let made = match number % 4 {
            0 => Workload {
                redundancy: Redundancy::Majority,
                ..workload(&app, 3, apart(&app), "1", "4Gi")
            },
            1 => Workload {
                redundancy: Redundancy::Copies,
                ..workload(&app, 6, spread(&app), "500m", "1Gi")
            },
            2 => workload(
                &app,
                5,
                json!({"nodeSelector": {"kubernetes.io/arch": "amd64"}}),
                "250m",
                "512Mi",
            ),
            _ => workload(&app, 2, json!({}), "1500m", "8Gi"),
        };
        let room = wanted - pods;
        pods += made.pods.min(room);
        problem.workloads.push(Workload {
            pods: made.pods.min(room),
            ..made
        });
        if pods == wanted {
            break;
        }
    }
    problem
}

fn node(name: &str, arch: &str, zone: &str) -> NodeInfo {
    let labels = [
        ("kubernetes.io/arch", arch),
        (HOSTNAME, name),
        ("topology.kubernetes.io/zone", zone),
    ];
    let offers = [("cpu", 16), ("memory", 64 << 30), ("pods", 110)];
    NodeInfo {
        name: name.to_owned(),
        labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        allocatable: Some(
            offers
                .map(|(k, v)| (k.to_owned(), Quantity::units(v)))
                .into(),
        ),
        ..NodeInfo::default()
    }
}

fn workload(app: &str, pods: u32, mut spec: Value, cpu: &str, memory: &str) -> Workload {
    spec["containers"] = json!([{"resources": {"requests": {"cpu": cpu, "memory": memory}}}]);
    let labels = [("app".to_owned(), app.to_owned())].into();
    let (spec, errors) = PodSpec::read(&format!("Deployment/{app}"), "default", &labels, &spec);
    assert!(errors.is_empty(), "{errors:?}");
    Workload {
        spec,
        pods,
        ..Workload::default()
    }
}

fn apart(app: &str) -> Value {
    json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": {"app": app}}}]}}})
}

fn spread(app: &str) -> Value {
    json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": app}}}]})
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
