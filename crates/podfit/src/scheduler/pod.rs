//! Requirements of a pod on its node, read from a pod specification or from the single fields that operators' resources copy into one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::pod_terms::{
    HostPort, PodAffinityTerm, PodVolume, PreferredTerm, SpreadConstraint, WhenUnsatisfiable,
};
use super::requests::sum_pod_requests;
use super::spec_error::{SpecError, parse_field};
use kubernetes_vocabulary::fields::NODE_NAME;
use kubernetes_vocabulary::labels::POD_TEMPLATE_HASH;
use kubernetes_vocabulary::{
    LabelRequirement, Labels, NodeSelectorTerm, Quantity, Taint, TaintEffect, Toleration,
    null_as_default, taint,
};

/// The value of the label `pod-template-hash` that stands for the revision that runs.
pub const CURRENT: &str = "current";
const NEXT: &str = "next";

/// The requirements of a pod. Pods of one workload share them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodSpec {
    /// The workload, as messages name it.
    pub owner: String,
    /// The namespace.
    pub namespace: String,
    /// The pod's labels.
    pub labels: Labels,
    /// The requests, by resource; see [`sum_pod_requests`].
    pub requests: BTreeMap<String, Quantity>,
    /// `nodeName`.
    pub node_name: Option<String>,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// The terms of the required node affinity, ORed; `None`: nothing is required.
    pub node_affinity: Option<Vec<NodeSelectorTerm>>,
    /// The preferred node affinity.
    pub preferred: Vec<PreferredTerm>,
    /// The required pod affinity, ANDed.
    pub affinity: Vec<PodAffinityTerm>,
    /// The required pod anti-affinity, ANDed.
    pub anti_affinity: Vec<PodAffinityTerm>,
    /// The spread constraints, those that only prefer among them.
    pub spread: Vec<SpreadConstraint>,
    /// The taints that are tolerated.
    pub tolerations: Vec<Toleration>,
    /// The ports of the node that it listens on.
    pub host_ports: Vec<HostPort>,
    /// Volumes that say where it can run.
    pub volumes: Vec<PodVolume>,
    /// The priority class, where one is named.
    pub priority_class: Option<String>,
}

impl PodSpec {
    /// Reads a pod specification (`core/v1.PodSpec`). Fields that cannot be read are left out and reported.
    pub fn read(
        owner: &str,
        namespace: &str,
        labels: &Labels,
        spec: &Value,
    ) -> (Self, Vec<SpecError>) {
        let mut pod = Self {
            owner: owner.to_owned(),
            namespace: namespace.to_owned(),
            labels: labels.clone(),
            ..Self::default()
        };
        let mut errors = Vec::new();
        pod.node_name = spec
            .get("nodeName")
            .and_then(Value::as_str)
            .filter(|n| !n.is_empty())
            .map(str::to_owned);
        pod.priority_class = spec
            .get("priorityClassName")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mut note = |result: Result<(), SpecError>| errors.extend(result.err());
        for (key, set) in FIELDS {
            if let Some(value) = spec.get(key) {
                note(set(&mut pod, value));
            }
        }
        note(sum_pod_requests(spec).map(|requests| pod.requests = requests));
        note(read_host_ports(spec).map(|ports| pod.host_ports = ports));
        (pod.resolved(), errors)
    }

    /// Reads `nodeSelector`.
    pub fn set_node_selector(&mut self, value: &Value) -> Result<(), SpecError> {
        self.node_selector = parse_field("nodeSelector", value)?.unwrap_or_default();
        Ok(())
    }

    /// Reads `affinity` (`core/v1.Affinity`); call [`PodSpec::resolved`] at the end.
    pub fn set_affinity(&mut self, value: &Value) -> Result<(), SpecError> {
        let affinity: RawAffinity = parse_field("affinity", value)?.unwrap_or_default();
        let node = affinity.to_nodes.unwrap_or_default();
        self.node_affinity = node.required.map(|r| r.node_selector_terms);
        self.preferred = node.preferred;
        self.affinity = affinity.to_pods.unwrap_or_default().required;
        self.anti_affinity = affinity.away_from_pods.unwrap_or_default().required;
        Ok(())
    }

    /// Reads `nodeAffinity` alone (`core/v1.NodeAffinity`).
    pub fn set_node_affinity(&mut self, value: &Value) -> Result<(), SpecError> {
        let node: RawNodeAffinity = parse_field("nodeAffinity", value)?.unwrap_or_default();
        self.node_affinity = node.required.map(|r| r.node_selector_terms);
        self.preferred = node.preferred;
        Ok(())
    }

    /// Reads a bare node selector (`core/v1.NodeSelector`, `{nodeSelectorTerms: […]}`) as required node affinity.
    pub fn set_node_selector_terms(&mut self, value: &Value) -> Result<(), SpecError> {
        self.node_affinity =
            parse_field::<RawNodeSelector>("nodeSelector", value)?.map(|r| r.node_selector_terms);
        Ok(())
    }

    /// Reads `podAntiAffinity` alone (`core/v1.PodAntiAffinity`).
    pub fn set_pod_anti_affinity(&mut self, value: &Value) -> Result<(), SpecError> {
        self.anti_affinity = parse_field::<RawPodAffinity>("podAntiAffinity", value)?
            .unwrap_or_default()
            .required;
        Ok(())
    }

    /// Reads `podAffinity` alone (`core/v1.PodAffinity`).
    pub fn set_pod_affinity(&mut self, value: &Value) -> Result<(), SpecError> {
        self.affinity = parse_field::<RawPodAffinity>("podAffinity", value)?
            .unwrap_or_default()
            .required;
        Ok(())
    }

    /// Reads `tolerations`.
    pub fn set_tolerations(&mut self, value: &Value) -> Result<(), SpecError> {
        self.tolerations = parse_field("tolerations", value)?.unwrap_or_default();
        Ok(())
    }

    /// Reads `topologySpreadConstraints`.
    pub fn set_spread(&mut self, value: &Value) -> Result<(), SpecError> {
        self.spread = parse_field("topologySpreadConstraints", value)?.unwrap_or_default();
        Ok(())
    }

    /// Fills in what the terms imply: the pod's own namespace, and its labels for label keys.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        let (namespace, labels) = (&self.namespace, &self.labels);
        for term in self.affinity.iter_mut().chain(&mut self.anti_affinity) {
            term.resolve(namespace, labels);
        }
        for constraint in &mut self.spread {
            constraint.resolve(labels);
        }
        self
    }

    /// Returns the same pod in the next revision of its Deployment: the label of the revision is another, also where selectors name it by key.
    #[must_use]
    pub fn of_next_revision(&self) -> Self {
        let mut spec = self.clone();
        if spec
            .labels
            .get(POD_TEMPLATE_HASH)
            .is_none_or(|value| value != CURRENT)
        {
            return spec;
        }
        spec.labels
            .insert(POD_TEMPLATE_HASH.to_owned(), NEXT.to_owned());
        let terms = spec
            .affinity
            .iter_mut()
            .chain(&mut spec.anti_affinity)
            .filter_map(|t| t.selector.as_mut());
        let selectors = terms.chain(spec.spread.iter_mut().filter_map(|c| c.selector.as_mut()));
        for requirement in selectors
            .flat_map(|s| &mut s.requirements)
            .filter(|r| r.key == POD_TEMPLATE_HASH)
        {
            for value in requirement.values.iter_mut().filter(|v| *v == CURRENT) {
                NEXT.clone_into(value);
            }
        }
        spec
    }

    /// Returns the spread constraints that forbid.
    pub fn required_spread(&self) -> impl Iterator<Item = &SpreadConstraint> {
        self.spread
            .iter()
            .filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule)
    }

    /// Tells whether the pod stays on a node that is dead: nobody evicts a pod that tolerates for ever that its node is unreachable
    /// (`pkg/controller/tainteviction`), and the API server adds its own toleration of 300 seconds to pods without one alone.
    pub fn stays_on_dead_node(&self) -> bool {
        let taint = Taint {
            key: taint::UNREACHABLE.to_owned(),
            value: String::new(),
            effect: TaintEffect::NoExecute,
        };
        let tolerated = self.tolerations.iter().filter(|t| t.tolerates(&taint));
        let mut seconds = tolerated.map(|t| t.toleration_seconds).peekable();
        // Of several tolerations the shortest time counts.
        seconds.peek().is_some() && seconds.all(|time| time.is_none())
    }

    /// Returns the same pod with the tolerations that the DaemonSet controller adds
    /// (`pkg/controller/daemon/util.AddOrUpdateDaemonPodTolerations`).
    #[must_use]
    pub fn with_daemon_tolerations(&self) -> Self {
        let added = [
            (taint::NOT_READY, TaintEffect::NoExecute),
            (taint::UNREACHABLE, TaintEffect::NoExecute),
            (taint::DISK_PRESSURE, TaintEffect::NoSchedule),
            (taint::MEMORY_PRESSURE, TaintEffect::NoSchedule),
            (taint::PID_PRESSURE, TaintEffect::NoSchedule),
            (taint::UNSCHEDULABLE, TaintEffect::NoSchedule),
        ];
        let mut spec = self.clone();
        spec.tolerations
            .extend(added.map(|(key, effect)| Toleration::exists(key, Some(effect))));
        spec
    }

    /// Returns the same pod, pinned to one node as the DaemonSet controller does it: by `matchFields` in every term.
    #[must_use]
    pub fn pinned_to(&self, node: &str) -> Self {
        let mut spec = self.clone();
        let pin = LabelRequirement::equals(NODE_NAME, node);
        let mut terms = spec
            .node_affinity
            .take()
            .unwrap_or_else(|| vec![NodeSelectorTerm::default()]);
        for term in &mut terms {
            term.match_fields.push(pin.clone());
        }
        spec.node_affinity = Some(terms);
        spec
    }
}

type Setter = fn(&mut PodSpec, &Value) -> Result<(), SpecError>;

const FIELDS: [(&str, Setter); 4] = [
    ("nodeSelector", PodSpec::set_node_selector),
    ("affinity", PodSpec::set_affinity),
    ("tolerations", PodSpec::set_tolerations),
    ("topologySpreadConstraints", PodSpec::set_spread),
];

#[derive(Default, Deserialize)]
struct RawAffinity {
    #[serde(rename = "nodeAffinity")]
    to_nodes: Option<RawNodeAffinity>,
    #[serde(rename = "podAffinity")]
    to_pods: Option<RawPodAffinity>,
    #[serde(rename = "podAntiAffinity")]
    away_from_pods: Option<RawPodAffinity>,
}

#[derive(Default, Deserialize)]
struct RawNodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<RawNodeSelector>,
    #[serde(
        rename = "preferredDuringSchedulingIgnoredDuringExecution",
        default,
        deserialize_with = "null_as_default"
    )]
    preferred: Vec<PreferredTerm>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawNodeSelector {
    #[serde(default, deserialize_with = "null_as_default")]
    node_selector_terms: Vec<NodeSelectorTerm>,
}

#[derive(Default, Deserialize)]
struct RawPodAffinity {
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        default,
        deserialize_with = "null_as_default"
    )]
    required: Vec<PodAffinityTerm>,
}

#[derive(Deserialize)]
struct ContainerPort {
    #[serde(rename = "containerPort")]
    container: Option<u16>,
    #[serde(rename = "hostPort")]
    host: Option<u16>,
    #[serde(default, deserialize_with = "null_as_default")]
    protocol: String,
    #[serde(rename = "hostIP", default, deserialize_with = "null_as_default")]
    host_ip: String,
}

/// Returns the host ports of containers and sidecars. With `hostNetwork`, the API server makes every container port a host port.
fn read_host_ports(spec: &Value) -> Result<Vec<HostPort>, SpecError> {
    let host_network = spec
        .get("hostNetwork")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let list = |key: &str| {
        spec.get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let sidecars = list("initContainers")
        .filter(|c| c.get("restartPolicy").and_then(Value::as_str) == Some("Always"));
    let mut ports = Vec::new();
    for container in list("containers").chain(sidecars) {
        let declared: Vec<ContainerPort> = match container.get("ports") {
            Some(value) => parse_field("containers.ports", value)?.unwrap_or_default(),
            None => Vec::new(),
        };
        for port in declared {
            let number = port
                .host
                .filter(|p| *p > 0)
                .or(port.container.filter(|_| host_network));
            let or = |text: String, default: &str| {
                if text.is_empty() {
                    default.to_owned()
                } else {
                    text
                }
            };
            ports.extend(number.filter(|p| *p > 0).map(|number| HostPort {
                ip: or(port.host_ip, "0.0.0.0"),
                protocol: or(port.protocol, "TCP"),
                port: number,
            }));
        }
    }
    Ok(ports)
}
