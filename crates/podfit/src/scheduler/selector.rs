//! Label selectors (`apimachinery/pkg/labels`, `apimachinery/pkg/apis/meta/v1.LabelSelectorAsSelector`).

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::Labels;

/// An operator of a label or field expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Operator {
    /// The value is one of the values.
    In,
    /// The key is absent, or its value is none of the values.
    NotIn,
    /// The key is there.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// The value is an integer above the one value. Node affinity only.
    Gt,
    /// The value is an integer below the one value. Node affinity only.
    Lt,
    /// Anything else; matches nothing.
    #[serde(other)]
    Unknown,
}

/// One expression over labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; none for `Exists` and `DoesNotExist`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub values: Vec<String>,
}

impl Requirement {
    /// An expression.
    pub fn new(key: &str, operator: Operator, values: &[&str]) -> Self {
        Self {
            key: key.to_owned(),
            operator,
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        }
    }

    /// Whether the expression is well-formed (`labels.NewRequirement`). One that is not makes its whole term match nothing.
    pub fn well_formed(&self) -> bool {
        match self.operator {
            Operator::In | Operator::NotIn => !self.values.is_empty(),
            Operator::Exists | Operator::DoesNotExist => self.values.is_empty(),
            Operator::Gt | Operator::Lt => {
                matches!(&self.values[..], [value] if value.parse::<i64>().is_ok())
            }
            Operator::Unknown => false,
        }
    }

    /// Whether the labels satisfy the expression (`labels.Requirement.Matches`).
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|v| self.values.contains(v)),
            Operator::NotIn => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => self
                .numbers(value)
                .is_some_and(|(have, bound)| have > bound),
            Operator::Lt => self
                .numbers(value)
                .is_some_and(|(have, bound)| have < bound),
            Operator::Unknown => false,
        }
    }

    fn numbers(&self, value: Option<&String>) -> Option<(i64, i64)> {
        let [bound] = &self.values[..] else {
            return None;
        };
        Some((value?.parse().ok()?, bound.parse().ok()?))
    }
}

impl fmt::Display for Requirement {
    /// As kubectl prints selectors: `key in (a,b)`, `!key`, `key>3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.join(",");
        match (self.operator, &self.values[..]) {
            (Operator::In, [value]) => write!(f, "{}={value}", self.key),
            (Operator::NotIn, [value]) => write!(f, "{}!={value}", self.key),
            (Operator::In, _) => write!(f, "{} in ({values})", self.key),
            (Operator::NotIn, _) => write!(f, "{} notin ({values})", self.key),
            (Operator::Exists, _) => f.write_str(&self.key),
            (Operator::DoesNotExist, _) => write!(f, "!{}", self.key),
            (Operator::Gt, _) => write!(f, "{}>{values}", self.key),
            (Operator::Lt, _) => write!(f, "{}<{values}", self.key),
            (Operator::Unknown, _) => write!(f, "{} ? ({values})", self.key),
        }
    }
}

/// A label selector: all of its expressions hold. The empty selector matches everything; where a selector is absent, nothing matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelSelector {
    /// The expressions, `matchLabels` among them.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether the labels satisfy the selector. A selector with an expression that is not well-formed matches nothing: the API server
    /// refuses it.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements
            .iter()
            .all(|r| r.well_formed() && r.matches(labels))
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&words.join(","))
    }
}

impl<'de> Deserialize<'de> for LabelSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Raw {
            #[serde(default, deserialize_with = "null_as_default")]
            match_labels: Labels,
            #[serde(default, deserialize_with = "null_as_default")]
            match_expressions: Vec<Requirement>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let labels = raw
            .match_labels
            .iter()
            .map(|(key, value)| Requirement::new(key, Operator::In, &[value]));
        Ok(Self {
            requirements: labels.chain(raw.match_expressions).collect(),
        })
    }
}

/// Reads `null` as absent, as the Kubernetes API does.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
