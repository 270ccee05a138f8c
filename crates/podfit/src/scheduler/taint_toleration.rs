//! `TaintToleration`: every `NoSchedule` and `NoExecute` taint of the node is tolerated (`api/core/v1.Toleration.ToleratesTaint`).

use serde::Deserialize;

use super::selector::null_as_default;
use super::{Node, PodSpec, Reason};
use kubernetes_vocabulary::{Taint, TaintEffect};

/// A pod's tolerance of taints. Empty strings are as good as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Toleration {
    /// The taint's key; empty: every key.
    #[serde(default, deserialize_with = "null_as_default")]
    pub key: String,
    /// How the value is compared.
    #[serde(default, deserialize_with = "null_as_default")]
    pub operator: TolerationOperator,
    /// The taint's value.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: String,
    /// The taint's effect; empty: every effect.
    #[serde(default, deserialize_with = "null_as_default")]
    pub effect: String,
}

/// How a toleration compares values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum TolerationOperator {
    /// The values are equal.
    #[default]
    #[serde(alias = "")]
    Equal,
    /// Every value.
    Exists,
    /// The taint's value is an integer above the toleration's.
    Gt,
    /// The taint's value is an integer below the toleration's.
    Lt,
    /// Anything else; tolerates nothing.
    #[serde(other)]
    Unknown,
}

impl Toleration {
    /// Tolerates a key with any value, for one effect or, if empty, for all.
    pub fn exists(key: &str, effect: &str) -> Self {
        Self {
            key: key.to_owned(),
            operator: TolerationOperator::Exists,
            value: String::new(),
            effect: effect.to_owned(),
        }
    }

    /// Whether the taint is tolerated.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let effect = self.effect.is_empty() || self.effect == effect_name(taint.effect);
        let key = self.key.is_empty() || self.key == taint.key;
        effect && key && self.tolerates_value(&taint.value)
    }

    fn tolerates_value(&self, value: &str) -> bool {
        let numbers = || Some((value.parse::<i64>().ok()?, self.value.parse::<i64>().ok()?));
        match self.operator {
            TolerationOperator::Equal => self.value == value,
            TolerationOperator::Exists => true,
            TolerationOperator::Gt => numbers().is_some_and(|(taint, own)| taint > own),
            TolerationOperator::Lt => numbers().is_some_and(|(taint, own)| taint < own),
            TolerationOperator::Unknown => false,
        }
    }
}

/// The first taint that keeps the pod away.
pub(super) fn filter(spec: &PodSpec, node: &Node) -> Option<Reason> {
    node.taints
        .iter()
        .filter(|taint| taint.effect != TaintEffect::PreferNoSchedule)
        .find(|taint| !spec.tolerations.iter().any(|t| t.tolerates(taint)))
        .map(|taint| Reason::Taint(taint.clone()))
}

/// The effect, as Kubernetes writes it.
pub(super) fn effect_name(effect: TaintEffect) -> &'static str {
    match effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    }
}
