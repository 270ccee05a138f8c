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
