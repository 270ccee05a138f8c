//! Reasons why a pod cannot be placed on a node, in words.

use std::fmt;

use super::NodeInfo;
use super::resource::CPU;
use kubernetes_vocabulary::fields::NODE_NAME;
use kubernetes_vocabulary::{LabelRequirement, Quantity, Taint};
use kubernetes_vocabulary::{SelectorOperator, labels};

/// Reason why a pod cannot be placed on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilterReason {
    /// There is no node with the index.
    NoSuchNode,
    /// `spec.nodeName` names another node.
    OtherNode {
        /// The node it names.
        wanted: String,
    },
    /// The node is cordoned.
    Unschedulable,
    /// The node has a taint that is not tolerated.
    Taint(Taint),
    /// The node selector or the required node affinity does not hold.
    Mismatch {
        /// The unmet requirements, each with the value that the node has instead; empty if no term can match.
        wants: Vec<(LabelRequirement, Option<String>)>,
    },
    /// Another pod has the host port.
    PortTaken {
        /// The port.
        port: u16,
        /// Its protocol.
        protocol: String,
        /// The workload that has it.
        by: String,
    },
    /// A resource is short.
    Insufficient {
        /// The resource.
        resource: String,
        /// The request, in the scheduler's whole numbers.
        needs: i128,
        /// The free capacity.
        free: i128,
    },
    /// The node has as many pods as it takes.
    TooManyPods {
        /// The number of pods that the node takes.
        limit: i128,
    },
    /// A volume is, or may only be, elsewhere.
    VolumeElsewhere {
        /// The claim.
        claim: String,
        /// Its storage class.
        class: String,
        /// The node where it was bound.
        at: Option<String>,
    },
    /// A claim for one pod only is in use.
    ClaimInUse {
        /// The claim.
        claim: String,
        /// The workload that uses it.
        by: String,
    },
    /// The node lacks the label that domains are made of.
    MissingTopologyKey {
        /// The label.
        key: String,
    },
    /// No pod that the affinity asks for is in the node's domain.
    Affinity {
        /// The label that domains are made of.
        key: String,
    },
    /// A pod that the anti-affinity forbids is in the node's domain.
    AntiAffinity {
        /// The label that domains are made of.
        key: String,
        /// The workload of the pod that is there.
        with: String,
    },
    /// The node's domain would have too many pods more than the emptiest.
    Skew {
        /// The label that domains are made of.
        key: String,
        /// The allowed skew.
        max: u32,
    },
}

impl FilterReason {
    /// Creates the reason from unmet requirements on a node's labels.
    pub(super) fn mismatch(wants: &[LabelRequirement], node: &NodeInfo) -> Self {
        let have = |key: &str| {
            if key == NODE_NAME {
                Some(node.name.clone())
            } else {
                node.labels.get(key).cloned()
            }
        };
        Self::Mismatch {
            wants: wants.iter().map(|r| (r.clone(), have(&r.key))).collect(),
        }
    }

    /// Returns whether it holds whatever other pods there are.
    pub fn is_static(&self) -> bool {
        matches!(
            self,
            Self::NoSuchNode
                | Self::OtherNode { .. }
                | Self::Unschedulable
                | Self::Taint(_)
                | Self::Mismatch { .. }
                | Self::MissingTopologyKey { .. }
        ) || matches!(self, Self::VolumeElsewhere { at: None, .. })
    }

    /// Returns whether a resource or the number of pods is short.
    pub fn capacity(&self) -> bool {
        matches!(self, Self::Insufficient { .. } | Self::TooManyPods { .. })
    }
}

impl fmt::Display for FilterReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchNode => f.write_str("no such node"),
            Self::OtherNode { wanted } => write!(f, "pinned to node {wanted}"),
            Self::Unschedulable => f.write_str("cordoned"),
            Self::Taint(taint) => write!(f, "taint {} is not tolerated", taint_text(taint)),
            Self::Mismatch { wants } => f.write_str(&mismatch_text(wants)),
            Self::PortTaken { port, protocol, by } => {
                write!(f, "host port {port}/{protocol} is taken by {by}")
            }
            Self::Insufficient {
                resource,
                needs,
                free,
            } => {
                let (needs, free) = (amount(resource, *needs), amount(resource, (*free).max(0)));
                write!(f, "{free} {} free, needs {needs}", resource_word(resource))
            }
            Self::TooManyPods { limit } => write!(f, "has its {limit} pods already"),
            Self::VolumeElsewhere {
                claim,
                at: Some(at),
                ..
            } => write!(f, "volume {claim} is on {at}"),
            Self::VolumeElsewhere {
                claim,
                class,
                at: None,
            } => {
                write!(f, "volume {claim} ({class}) is not available here")
            }
            Self::ClaimInUse { claim, by } => {
                write!(f, "claim {claim} is for one pod and used by {by}")
            }
            Self::MissingTopologyKey { key } => write!(f, "lacks label {key}"),
            Self::Affinity { key } => {
                write!(f, "no pod it must be with in the same {}", domain_word(key))
            }
            Self::AntiAffinity { key, with } => {
                write!(f, "{with} is in the same {}", domain_word(key))
            }
            Self::Skew { key, max } => {
                write!(f, "more than {max} above the emptiest {}", domain_word(key))
            }
        }
    }
}

/// `key=value:Effect`, as kubectl writes taints.
fn taint_text(taint: &Taint) -> String {
    let value = if taint.value.is_empty() {
        String::new()
    } else {
        format!("={}", taint.value)
    };
    format!("{}{value}:{}", taint.key, taint.effect)
}

fn mismatch_text(wants: &[(LabelRequirement, Option<String>)]) -> String {
    if wants.is_empty() {
        return "no node affinity term can match".to_owned();
    }
    let words: Vec<String> = wants
        .iter()
        .map(|(want, have)| match have {
            Some(have) => format!("{} {have}, needs {}", label_word(&want.key), bare(want)),
            None => format!("lacks label {want}"),
        })
        .collect();
    words.join("; ")
}

/// Formats a requirement without its key where that reads better: `ppc64le`, `a or b`, `not a`.
fn bare(want: &LabelRequirement) -> String {
    match want.operator {
        SelectorOperator::In => want.values.join(" or "),
        SelectorOperator::NotIn => format!("not {}", want.values.join(" or ")),
        _ => want.to_string(),
    }
}

fn label_word(key: &str) -> &str {
    match key {
        labels::ARCH => "arch",
        labels::HOSTNAME | NODE_NAME => "name",
        labels::ZONE => "zone",
        key => key,
    }
}

fn domain_word(key: &str) -> &str {
    match key {
        labels::HOSTNAME => "node",
        labels::ZONE => "zone",
        key => key,
    }
}

fn resource_word(resource: &str) -> &str {
    if resource == CPU { "CPU" } else { resource }
}

/// Returns an amount of a resource, exact: `1,500m`, `64Gi`, `2`.
fn amount(resource: &str, whole: i128) -> String {
    if resource == CPU {
        return format!("{}m", grouped(&whole.to_string()));
    }
    i64::try_from(whole).map_or_else(
        |_| whole.to_string(),
        |units| Quantity::units(units).to_string(),
    )
}

/// Digits with a comma before each group of three.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
