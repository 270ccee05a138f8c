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
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[track_caller]
    fn check_text(selector: &str, value: Option<&str>, expected: bool) {
        let labels = value.map_or_else(Labels::new, |value| labels(&[("a", value)]));
        let parsed = LabelSelector::parse(selector).unwrap();
        assert_eq!(parsed.matches(&labels), expected, "{selector} of {value:?}");
    }

    #[test]
    fn each_operator_compares_as_kubernetes_does() {
        for (selector, value, expected) in [
            ("a=b", Some("b"), true),
            ("a == b", Some("b"), true),
            ("a=b", Some("c"), false),
            ("a=b", None, false),
            ("a!=b", Some("b"), false),
            ("a!=b", Some("c"), true),
            ("a!=b", None, true),
            ("a in (b,c),a", Some("c"), true),
            ("a in (b,c)", Some("d"), false),
            ("a in ()", Some(""), true),
            ("a notin (b, c)", Some("d"), true),
            ("a notin (b, c)", Some("c"), false),
            ("a notin (b, c)", None, true),
            ("a", Some(""), true),
            ("a", None, false),
            ("!a", None, true),
            ("!a", Some("b"), false),
            ("a>3", Some("4"), true),
            ("a>3", Some("3"), false),
            ("a>3", Some("x"), false),
            ("a>3", None, false),
            ("a<3", Some("2"), true),
            ("a<3", Some("3"), false),
            ("", None, true),
        ] {
            check_text(selector, value, expected);
        }
    }

    #[test]
    fn texts_that_are_no_selectors_are_refused() {
        for text in [
            "a in b",
            "a=b,",
            "a,,b",
            "a in (b",
            "a at (b)",
            "a b in (c)",
            "a/b/c=d",
            "a=b/c",
            "a>x",
            "a>-1",
            "=b",
            "a=b=c",
        ] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            LabelSelector::parse("a=b,").unwrap_err().to_string(),
            "the selector `a=b,` ends in a comma"
        );
        assert_eq!(
            LabelSelector::parse("a, b c").unwrap_err().to_string(),
            "`b c` is not a condition of a label selector"
        );
    }

    #[test]
    fn a_malformed_requirement_matches_nothing() {
        use SelectorOperator::{DoesNotExist, Exists, Gt, In, Lt, NotIn, Unknown};
        let anything = [labels(&[]), labels(&[("a", "1")]), labels(&[("a", "x")])];
        for requirement in [
            LabelRequirement::new("a", In, &[]),
            LabelRequirement::new("a", NotIn, &[]),
            LabelRequirement::new("a", Exists, &["1"]),
            LabelRequirement::new("a", DoesNotExist, &["1"]),
            LabelRequirement::new("a", Gt, &[]),
            LabelRequirement::new("a", Gt, &["0", "0"]),
            LabelRequirement::new("a", Gt, &["-1"]),
            LabelRequirement::new("a", Lt, &["x"]),
            LabelRequirement::new("a", Unknown, &["1"]),
            LabelRequirement::new("-", DoesNotExist, &[]),
            LabelRequirement::new("a", NotIn, &["not a value"]),
        ] {
            assert!(!requirement.is_well_formed(), "{requirement}");
            for labels in &anything {
                assert!(!requirement.matches(labels), "{requirement} of {labels:?}");
            }
        }
    }

    #[test]
    fn selectors_are_read_from_objects() {
        let selector: LabelSelector = serde_json::from_value(json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["test"]}, {"key": "x", "operator": "Is"}],
        }))
        .unwrap();
        assert_eq!(selector.to_string(), "app=web,tier!=test,x ? ()");
        assert!(!selector.matches(&labels(&[("app", "web"), ("x", "")])));
        let empty: LabelSelector =
            serde_json::from_value(json!({"matchLabels": null, "matchExpressions": null})).unwrap();
        assert!(empty.matches(&Labels::new()));
    }

    #[test]
    fn requirements_are_written_without_empty_values() {
        let exists = LabelRequirement::new("a", SelectorOperator::Exists, &[]);
        assert_eq!(
            serde_json::to_value(exists).unwrap(),
            json!({"key": "a", "operator": "Exists"})
        );
        let equals = LabelRequirement::equals("a", "b");
        assert_eq!(
            serde_json::to_value(equals).unwrap(),
            json!({"key": "a", "operator": "In", "values": ["b"]})
        );
    }

    #[test]
    fn one_equal_value_is_told_from_lists_and_exclusions() {
        let (a, in_) = ("a", SelectorOperator::In);
        assert_eq!(LabelRequirement::equals(a, "b").equal_value(), Some("b"));
        let excluded = LabelRequirement::new(a, SelectorOperator::NotIn, &["b"]);
        assert_eq!(excluded.equal_value(), None);
        let listed = LabelRequirement::new(a, in_, &["b", "c"]);
        assert_eq!(listed.equal_value(), None);
    }

    #[track_caller]
    fn check_term(term: &serde_json::Value, expected: bool) {
        let read: NodeSelectorTerm = serde_json::from_value(term.clone()).unwrap();
        let matched = read.matches("acp-01", &labels(&[("arch", "arm64")]));
        assert_eq!(matched, expected, "{term}");
    }

    #[test]
    fn a_node_selector_term_takes_labels_and_the_node_s_name() {
        let arm = json!([{"key": "arch", "operator": "In", "values": ["arm64"]}]);
        let named = |operator: &str, name: &str| json!([{"key": "metadata.name", "operator": operator, "values": [name]}]);
        check_term(&json!({ "matchExpressions": arm }), true);
        check_term(&json!({"matchFields": named("In", "acp-01")}), true);
        check_term(&json!({"matchFields": named("In", "acp-02")}), false);
        check_term(&json!({"matchFields": named("NotIn", "acp-02")}), true);
        check_term(&json!({"matchFields": named("NotIn", "acp-01")}), false);
        check_term(&json!({"matchFields": named("Exists", "acp-01")}), false);
        check_term(
            &json!({"matchExpressions": arm, "matchFields": named("In", "acp-02")}),
            false,
        );
    }

    #[test]
    fn an_empty_term_matches_no_node() {
        check_term(&json!({}), false);
        check_term(&json!({"matchExpressions": null, "matchFields": []}), false);
    }

    #[test]
    fn a_field_that_nodes_do_not_have_is_empty() {
        let other = |value: &str| json!({"matchFields": [{"key": "spec.x", "operator": "In", "values": [value]}]});
        check_term(&other(""), true);
        check_term(&other("acp-01"), false);
    }
}
