//! Terms of a pod specification that say where the pod can run: affinity, spread, ports, volumes.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use kubernetes_vocabulary::labels::HOSTNAME;
use kubernetes_vocabulary::{
    LabelRequirement, LabelSelector, Labels, NodeSelectorTerm, SelectorOperator, null_as_default,
};

/// A preferred node affinity, which the filters do not look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct PreferredTerm {
    /// The weight, 1 to 100.
    pub weight: i32,
    /// The preferred nodes.
    pub preference: NodeSelectorTerm,
}

/// A required term of pod affinity or anti-affinity. The keys of `matchLabelKeys` and `mismatchLabelKeys` are merged into the
/// selector by `PodAffinityTerm::resolve`, as the API server does when the pod is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodAffinityTerm {
    /// Selects the pods that are meant; `None` selects none.
    pub selector: Option<LabelSelector>,
    /// In which namespaces, by name.
    pub namespaces: BTreeSet<String>,
    /// In which namespaces, by label.
    pub namespace_selector: Option<LabelSelector>,
    /// The node label whose values are the domains.
    pub topology_key: String,
    match_keys: Vec<String>,
    mismatch_keys: Vec<String>,
}

impl<'de> Deserialize<'de> for PodAffinityTerm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct RawPodAffinityTerm {
            label_selector: Option<LabelSelector>,
            #[serde(default, deserialize_with = "null_as_default")]
            namespaces: BTreeSet<String>,
            namespace_selector: Option<LabelSelector>,
            topology_key: String,
            #[serde(default, deserialize_with = "null_as_default")]
            match_label_keys: Vec<String>,
            #[serde(default, deserialize_with = "null_as_default")]
            mismatch_label_keys: Vec<String>,
        }
        let raw = RawPodAffinityTerm::deserialize(deserializer)?;
        Ok(Self {
            selector: raw.label_selector,
            namespaces: raw.namespaces,
            namespace_selector: raw.namespace_selector,
            topology_key: raw.topology_key,
            match_keys: raw.match_label_keys,
            mismatch_keys: raw.mismatch_label_keys,
        })
    }
}

impl PodAffinityTerm {
    /// Returns a term over labels in the pod's own namespace.
    pub fn new(selector: LabelSelector, topology_key: &str) -> Self {
        Self {
            selector: Some(selector),
            topology_key: topology_key.to_owned(),
            ..Self::default()
        }
    }

    /// Fills in what the owner of the term implies: its namespace where no namespaces are named, its labels for the label keys.
    pub(super) fn resolve(&mut self, namespace: &str, labels: &Labels) {
        if self.namespaces.is_empty() && self.namespace_selector.is_none() {
            self.namespaces.insert(namespace.to_owned());
        }
        let Some(selector) = &mut self.selector else {
            return;
        };
        for (keys, operator) in [
            (&mut self.match_keys, SelectorOperator::In),
            (&mut self.mismatch_keys, SelectorOperator::NotIn),
        ] {
            let known = std::mem::take(keys).into_iter().filter_map(|key| {
                let value = labels.get(&key)?;
                Some(LabelRequirement::new(&key, operator, &[value]))
            });
            selector.requirements.extend(known);
        }
    }
}

/// A port of the node itself that a pod listens on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The address; `0.0.0.0` is all of them.
    pub ip: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The port, above 0.
    pub port: u16,
}

/// A constraint on how pods are spread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpreadConstraint {
    /// The number of pods by which a domain may exceed the emptiest; at least 1.
    pub max_skew: u32,
    /// The node label whose values are the domains.
    pub topology_key: String,
    /// Tells whether it forbids or only prefers.
    #[serde(default)]
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Selects the pods that are counted; `None` selects none.
    #[serde(rename = "labelSelector")]
    pub selector: Option<LabelSelector>,
    /// With fewer domains, the emptiest counts as 0; 1 if not written.
    pub min_domains: Option<u32>,
    /// Tells whether nodes that the pod's node selector and affinity exclude are left out; `Honor` if not written.
    pub node_affinity_policy: Option<NodePolicy>,
    /// Tells whether nodes with taints that the pod does not tolerate are left out; `Ignore` if not written.
    pub node_taints_policy: Option<NodePolicy>,
    /// Labels of the pod that the counted pods share.
    #[serde(default, deserialize_with = "null_as_default")]
    pub match_label_keys: Vec<String>,
}

/// The effect of a spread constraint that cannot be met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum WhenUnsatisfiable {
    /// The pod waits.
    #[default]
    DoNotSchedule,
    /// The pod is placed all the same.
    ScheduleAnyway,
}

/// The nodes that a constraint counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum NodePolicy {
    /// Nodes that the pod cannot use are left out.
    Honor,
    /// All nodes count.
    Ignore,
}

impl SpreadConstraint {
    /// Merges the pod's labels of `matchLabelKeys` into the selector.
    pub(super) fn resolve(&mut self, labels: &Labels) {
        let Some(selector) = &mut self.selector else {
            return;
        };
        let known = std::mem::take(&mut self.match_label_keys)
            .into_iter()
            .filter_map(|key| {
                let value = labels.get(&key)?;
                Some(LabelRequirement::new(&key, SelectorOperator::In, &[value]))
            });
        selector.requirements.extend(known);
    }

    /// Returns whether nodes with taints that the pod does not tolerate are left out.
    pub fn honors_taints(&self) -> bool {
        self.node_taints_policy == Some(NodePolicy::Honor)
    }
}

/// A volume of a pod, as far as it says where the pod can run.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodVolume {
    /// The claim's name.
    pub claim: String,
    /// The storage class; empty if none is named.
    pub class: String,
    /// True if other pods use the same claim; else each replica has a claim of its own.
    pub shared: bool,
    /// The node labels whose values a bound volume is tied to: `kubernetes.io/hostname` for local volumes, the zone's for zonal ones;
    /// empty where every node reaches it.
    pub segment: Vec<String>,
    /// `allowedTopologies` of the class: terms are ORed, expressions in a term ANDed; empty: everywhere.
    pub allowed: Vec<Vec<LabelRequirement>>,
    /// `nodeAffinity` of a volume that exists already; terms are ORed.
    pub pinned: Option<Vec<NodeSelectorTerm>>,
    /// True if only one pod may use the claim (`ReadWriteOncePod`).
    pub exclusive: bool,
}

impl PodVolume {
    /// Returns whether it can be used on one node only.
    pub fn local(&self) -> bool {
        self.segment.iter().any(|key| key == HOSTNAME)
    }
}
