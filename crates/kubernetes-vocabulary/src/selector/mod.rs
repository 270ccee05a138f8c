//! Selectors over labels, and over the labels and the name of a node.
//!
//! One requirement type serves label selectors (`meta/v1.LabelSelectorRequirement`), node selectors (`core/v1.NodeSelectorRequirement`)
//! and the textual form that kubectl and kustomize read. Rules and evaluation are those of apimachinery's `labels.NewRequirement` and
//! `Requirement.Matches`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::fields::NODE_NAME;
use crate::names::{is_label_value, is_qualified_name};

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// The operator of a selector's requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SelectorOperator {
    /// The value is one of the values.
    In,
    /// The key is absent, or its value is none of the values.
    NotIn,
    /// The key is there.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// The value is an integer above the one value. Node selectors and textual selectors only.
    Gt,
    /// The value is an integer below the one value. Node selectors and textual selectors only.
    Lt,
    /// Any other word; the requirement is malformed and matches nothing.
    #[serde(other)]
    Unknown,
}

impl SelectorOperator {
    /// Returns the operator as Kubernetes writes it; `Unknown` for words that it does not have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
            Self::Gt => "Gt",
            Self::Lt => "Lt",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for SelectorOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LabelRequirement {
    /// The label's key.
    pub key: String,
    /// The comparison.
    pub operator: SelectorOperator,
    /// The operands; none for `Exists` and `DoesNotExist`.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub values: Vec<String>,
}

impl LabelRequirement {
    /// Creates a requirement.
    pub fn new(key: &str, operator: SelectorOperator, values: &[&str]) -> Self {
        Self {
            key: key.to_owned(),
            operator,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    /// Creates the requirement that a label has one value.
    pub fn equals(key: &str, value: &str) -> Self {
        Self::new(key, SelectorOperator::In, &[value])
    }

    /// Returns the value where the requirement is that the label has exactly one.
    pub fn equal_value(&self) -> Option<&str> {
        match (self.operator, &self.values[..]) {
            (SelectorOperator::In, [value]) => Some(value),
            _ => None,
        }
    }

    /// Returns whether Kubernetes accepts the requirement (`labels.NewRequirement`): the key is a qualified name, the values are label
    /// values, and there are as many as the operator takes. A malformed requirement makes its whole term or selector match nothing.
    pub fn is_well_formed(&self) -> bool {
        let fits = match self.operator {
            SelectorOperator::In | SelectorOperator::NotIn => !self.values.is_empty(),
            SelectorOperator::Exists | SelectorOperator::DoesNotExist => self.values.is_empty(),
            SelectorOperator::Gt | SelectorOperator::Lt => self.bound().is_some(),
            SelectorOperator::Unknown => false,
        };
        fits && is_qualified_name(&self.key) && self.values.iter().all(|v| is_label_value(v))
    }

    /// Returns whether the labels meet the requirement; never where it is malformed.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.key).map(String::as_str))
    }

    /// Returns whether a value of the label meets the requirement, `None` for an absent label; never where it is malformed.
    pub fn matches_value(&self, value: Option<&str>) -> bool {
        self.compare(value) && self.is_well_formed()
    }

    /// Compares a value as `labels.Requirement.Matches` does.
    fn compare(&self, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return matches!(
                self.operator,
                SelectorOperator::NotIn | SelectorOperator::DoesNotExist
            );
        };
        match self.operator {
            SelectorOperator::In => self.lists(value),
            SelectorOperator::NotIn => !self.lists(value),
            SelectorOperator::Exists => true,
            SelectorOperator::Gt => self.bounds(value, |number, bound| number > bound),
            SelectorOperator::Lt => self.bounds(value, |number, bound| number < bound),
            SelectorOperator::DoesNotExist | SelectorOperator::Unknown => false,
        }
    }

    fn lists(&self, value: &str) -> bool {
        self.values.iter().any(|listed| listed == value)
    }

    fn bounds(&self, value: &str, is_beyond: fn(i64, i64) -> bool) -> bool {
        match (value.parse(), self.bound()) {
            (Ok(number), Some(bound)) => is_beyond(number, bound),
            _ => false,
        }
    }

    /// Returns the operand of `Gt` and `Lt`.
    fn bound(&self) -> Option<i64> {
        match &self.values[..] {
            [bound] => bound.parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for LabelRequirement {
    /// Formats the requirement as kubectl does: `key in (a,b)`, `!key`, `key>3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.join(",");
        match (self.operator, &self.values[..]) {
            (SelectorOperator::In, [value]) => write!(f, "{}={value}", self.key),
            (SelectorOperator::NotIn, [value]) => write!(f, "{}!={value}", self.key),
            (SelectorOperator::In, _) => write!(f, "{} in ({values})", self.key),
            (SelectorOperator::NotIn, _) => write!(f, "{} notin ({values})", self.key),
            (SelectorOperator::Exists, _) => f.write_str(&self.key),
            (SelectorOperator::DoesNotExist, _) => write!(f, "!{}", self.key),
            (SelectorOperator::Gt, _) => write!(f, "{}>{values}", self.key),
            (SelectorOperator::Lt, _) => write!(f, "{}<{values}", self.key),
            (SelectorOperator::Unknown, _) => write!(f, "{} ? ({values})", self.key),
        }
    }
}

/// A label selector: all of its requirements hold. An empty selector matches everything; an absent one (`Option::None`) nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelSelector {
    /// The requirements, `matchLabels` among them.
    pub requirements: Vec<LabelRequirement>,
}

impl LabelSelector {
    /// Reads the textual form: `a=b, c in (d,e), !f`. Commas mean "and"; the empty text selects everything (`labels.Parse`).
    ///
    /// ```
    /// use kubernetes_vocabulary::{Labels, LabelSelector};
    ///
    /// let selector = LabelSelector::parse("app in (web, api), !legacy").unwrap();
    /// let labels = Labels::from([("app".to_owned(), "web".to_owned())]);
    /// assert!(selector.matches(&labels));
    /// ```
    ///
    /// # Errors
    ///
    /// When a condition cannot be read or is malformed, and when the text ends in a comma.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = find_end_of_condition(rest);
            let condition = rest[..end].trim();
            let requirement = parse_condition(condition).filter(LabelRequirement::is_well_formed);
            requirements
                .push(requirement.ok_or_else(|| SelectorError::Condition(condition.to_owned()))?);
            let Some(after) = rest[end..].strip_prefix(',') else {
                break;
            };
            rest = after.trim_start();
            if rest.is_empty() {
                return Err(SelectorError::TrailingComma(text.to_owned()));
            }
        }
        Ok(Self { requirements })
    }

    /// Returns whether the labels satisfy the selector. A malformed requirement makes it match nothing: the API server refuses it.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|r| r.matches(labels))
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
            match_expressions: Vec<LabelRequirement>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let labels = raw
            .match_labels
            .iter()
            .map(|(key, value)| LabelRequirement::equals(key, value));
        Ok(Self {
            requirements: labels.chain(raw.match_expressions).collect(),
        })
    }
}

/// A text that is not a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectorError {
    /// One of its conditions cannot be read, or is malformed.
    Condition(String),
    /// The whole text ends in a comma.
    TrailingComma(String),
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(text) => write!(f, "`{text}` is not a condition of a label selector"),
            Self::TrailingComma(text) => write!(f, "the selector `{text}` ends in a comma"),
        }
    }
}

impl std::error::Error for SelectorError {}

/// A term of a node selector: all of its requirements hold. Terms are ORed; an empty term matches no node.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelectorTerm {
    /// Requirements on the node's labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub match_expressions: Vec<LabelRequirement>,
    /// Requirements on the node's fields, of which there is `metadata.name` only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub match_fields: Vec<LabelRequirement>,
}

impl NodeSelectorTerm {
    /// Returns whether the term has no requirement, and so matches no node.
    pub fn is_empty(&self) -> bool {
        self.match_expressions.is_empty() && self.match_fields.is_empty()
    }

    /// Returns whether a node with the name and the labels satisfies the term; never where a requirement is malformed.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        !self.is_empty() && self.unmet(name, labels).next().is_none()
    }

    /// Iterates over the requirements that a node with the name and the labels does not meet.
    pub fn unmet<'t>(
        &'t self,
        name: &'t str,
        labels: &'t Labels,
    ) -> impl Iterator<Item = &'t LabelRequirement> {
        let by_label = self.match_expressions.iter().filter(|r| !r.matches(labels));
        let by_field = self.match_fields.iter().filter(|r| !matches_field(r, name));
        by_label.chain(by_field)
    }
}

/// Compares a field of a node: `In` and `NotIn` with exactly one value are known, and a field that nodes do not have is empty
/// (`nodeaffinity.nodeSelectorRequirementsAsFieldSelector`, `apimachinery/pkg/fields`).
fn matches_field(requirement: &LabelRequirement, name: &str) -> bool {
    let [value] = &requirement.values[..] else {
        return false;
    };
    let actual = if requirement.key == NODE_NAME {
        name
    } else {
        ""
    };
    match requirement.operator {
        SelectorOperator::In => actual == value,
        SelectorOperator::NotIn => actual != value,
        _ => false,
    }
}

/// Finds the first comma outside parentheses, or the end.
fn find_end_of_condition(text: &str) -> usize {
    let mut depth = 0_i32;
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => return index,
            _ => {}
        }
    }
    text.len()
}

/// Reads one condition of a textual selector; the syntax of key and values is not checked.
fn parse_condition(text: &str) -> Option<LabelRequirement> {
    if let Some(key) = text.strip_prefix('!') {
        return Some(condition(key, SelectorOperator::DoesNotExist, &[]));
    }
    if let Some(open) = text.find('(') {
        return parse_set_condition(&text[..open], &text[open + 1..]);
    }
    for (word, operator) in COMPARISONS {
        if let Some((key, value)) = text.split_once(word) {
            return Some(condition(key, operator, &[value]));
        }
    }
    Some(condition(text, SelectorOperator::Exists, &[]))
}

/// The comparisons with one value; a word comes before those that are part of it.
const COMPARISONS: [(&str, SelectorOperator); 5] = [
    ("!=", SelectorOperator::NotIn),
    ("==", SelectorOperator::In),
    ("=", SelectorOperator::In),
    (">", SelectorOperator::Gt),
    ("<", SelectorOperator::Lt),
];

/// Reads `key in (a,b)` and `key notin (a,b)`, parted at the parenthesis.
fn parse_set_condition(before: &str, after: &str) -> Option<LabelRequirement> {
    let values: Vec<&str> = after.trim_end().strip_suffix(')')?.split(',').collect();
    let mut words = before.split_whitespace();
    let (key, word) = (words.next()?, words.next()?);
    let operator = match word {
        "in" => SelectorOperator::In,
        "notin" => SelectorOperator::NotIn,
        _ => return None,
    };
    words
        .next()
        .is_none()
        .then(|| condition(key, operator, &values))
}

fn condition(key: &str, operator: SelectorOperator, values: &[&str]) -> LabelRequirement {
    let values: Vec<&str> = values.iter().map(|value| value.trim()).collect();
    LabelRequirement::new(key.trim(), operator, &values)
}

/// Reads `null` as the default, as the Kubernetes API reads it as absent. For `#[serde(deserialize_with)]`.
pub fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
