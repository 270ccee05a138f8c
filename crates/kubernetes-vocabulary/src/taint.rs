//! Taints of nodes, and pods' tolerations of them (`core/v1.Taint`, `core/v1.Toleration`).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::selector::null_as_default;

/// The taint that the node controller sets where the kubelet reports that the node is not ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// The taint that the node controller sets where it hears nothing of the kubelet.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// The taint of a node that is short of disk.
pub const DISK_PRESSURE: &str = "node.kubernetes.io/disk-pressure";
/// The taint of a node that is short of memory.
pub const MEMORY_PRESSURE: &str = "node.kubernetes.io/memory-pressure";
/// The taint of a node that is short of process ids.
pub const PID_PRESSURE: &str = "node.kubernetes.io/pid-pressure";
/// The taint of a cordoned node.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Taint {
    /// The taint's key.
    #[cfg_attr(
        feature = "schemars",
        schemars(schema_with = "crate::schema::qualified_name")
    )]
    pub key: String,
    /// The taint's value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(
        feature = "schemars",
        schemars(schema_with = "crate::schema::label_value")
    )]
    pub value: String,
    /// Effect on pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// Effect of a taint on pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename = "Effect")
)]
pub enum TaintEffect {
    /// New pods are not scheduled.
    NoSchedule,
    /// New pods are scheduled elsewhere if possible.
    PreferNoSchedule,
    /// Running pods are evicted too.
    NoExecute,
}

impl Taint {
    /// Returns whether the taint keeps pods off its node that do not tolerate it. `PreferNoSchedule` keeps nobody away.
    pub fn is_hard(&self) -> bool {
        self.effect != TaintEffect::PreferNoSchedule
    }
}

impl TaintEffect {
    /// Returns the effect as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl fmt::Display for TaintEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A pod's toleration of taints. Empty strings mean the same as absent fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Toleration {
    /// The taint's key; empty: every key.
    #[serde(default, deserialize_with = "null_as_default")]
    pub key: String,
    /// Operator that compares the value.
    #[serde(default, deserialize_with = "null_as_default")]
    pub operator: TolerationOperator,
    /// The taint's value.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: String,
    /// The taint's effect; empty: every effect.
    #[serde(default, deserialize_with = "null_as_default")]
    pub effect: String,
    /// The time that a `NoExecute` taint is tolerated, in seconds; `None`: for ever.
    #[serde(default, rename = "tolerationSeconds")]
    pub toleration_seconds: Option<i64>,
}

/// Operator by which a toleration compares values.
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
    /// Any other word; tolerates nothing.
    #[serde(other)]
    Unknown,
}

impl Toleration {
    /// Creates a toleration of a key with any value, for one effect or, if `None`, for all.
    pub fn exists(key: &str, effect: Option<TaintEffect>) -> Self {
        Self {
            key: key.to_owned(),
            operator: TolerationOperator::Exists,
            value: String::new(),
            effect: effect.map_or("", TaintEffect::as_str).to_owned(),
            toleration_seconds: None,
        }
    }

    /// Returns whether the taint is tolerated (`core/v1.Toleration.ToleratesTaint`).
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let effect = self.effect.is_empty() || self.effect == taint.effect.as_str();
        let key = self.key.is_empty() || self.key == taint.key;
        effect && key && self.tolerates_value(&taint.value)
    }

    fn tolerates_value(&self, value: &str) -> bool {
        match self.operator {
            TolerationOperator::Equal => self.value == value,
            TolerationOperator::Exists => true,
            TolerationOperator::Gt => self.bounds(value, |taint, own| taint > own),
            TolerationOperator::Lt => self.bounds(value, |taint, own| taint < own),
            TolerationOperator::Unknown => false,
        }
    }

    fn bounds(&self, value: &str, is_beyond: fn(i64, i64) -> bool) -> bool {
        match (value.parse(), self.value.parse()) {
            (Ok(taint), Ok(own)) => is_beyond(taint, own),
            _ => false,
        }
    }
}

/// Returns the first hard taint that none of the tolerations covers.
pub fn find_untolerated<'t>(taints: &'t [Taint], tolerations: &[Toleration]) -> Option<&'t Taint> {
    taints
        .iter()
        .filter(|taint| taint.is_hard())
        .find(|taint| !tolerations.iter().any(|t| t.tolerates(taint)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taint(effect: TaintEffect) -> Taint {
        Taint {
            key: "edge".to_owned(),
            value: "5".to_owned(),
            effect,
        }
    }

    #[track_caller]
    fn check(toleration: &serde_json::Value, expected: bool) {
        let read: Toleration = serde_json::from_value(toleration.clone()).unwrap();
        let tolerated = read.tolerates(&taint(TaintEffect::NoSchedule));
        assert_eq!(tolerated, expected, "{toleration}");
    }

    #[test]
    fn a_toleration_compares_key_value_and_effect() {
        check(&json!({"key": "edge", "value": "5"}), true);
        check(
            &json!({"key": "edge", "operator": "Equal", "value": "5", "effect": "NoSchedule"}),
            true,
        );
        check(&json!({"key": "edge", "value": "6"}), false);
        check(&json!({"key": "else", "value": "5"}), false);
        check(
            &json!({"key": "edge", "value": "5", "effect": "NoExecute"}),
            false,
        );
        check(&json!({"key": "edge", "operator": "Exists"}), true);
        check(&json!({"key": "else", "operator": "Exists"}), false);
        check(&json!({"operator": "Exists"}), true);
        check(&json!({"operator": "Exists", "effect": "NoExecute"}), false);
        check(
            &json!({"key": "edge", "operator": "", "value": "5", "effect": ""}),
            true,
        );
        check(
            &json!({"key": "edge", "operator": "Is", "value": "5"}),
            false,
        );
    }

    #[test]
    fn a_toleration_can_compare_numbers() {
        for (operator, value, expected) in [
            ("Gt", "4", true),
            ("Gt", "5", false),
            ("Gt", "x", false),
            ("Lt", "6", true),
            ("Lt", "5", false),
        ] {
            check(
                &json!({"key": "edge", "operator": operator, "value": value}),
                expected,
            );
        }
    }

    #[test]
    fn a_soft_taint_needs_no_toleration() {
        let soft = [taint(TaintEffect::PreferNoSchedule)];
        assert_eq!(find_untolerated(&soft, &[]), None);
        let both = [
            taint(TaintEffect::NoExecute),
            taint(TaintEffect::NoSchedule),
        ];
        let only_evicting = [Toleration::exists("edge", Some(TaintEffect::NoExecute))];
        assert_eq!(find_untolerated(&both, &[]), Some(&both[0]));
        assert_eq!(find_untolerated(&both, &only_evicting), Some(&both[1]));
        assert_eq!(
            find_untolerated(&both, &[Toleration::exists("", None)]),
            None
        );
    }
}
