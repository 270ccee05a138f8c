//! The algebra of node affinity on random selectors and nodes.

use kubernetes_vocabulary::{LabelRequirement, SelectorOperator};
use std::borrow::Cow;
use std::collections::BTreeMap;

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use serde_json::{Value, json};

use crate::manifest::Object;
use crate::model::Arch;
use crate::patch::{FieldAuthor, Reason};
use crate::place::affinity::find_contradicted_label;
use crate::place::candidate::CandidateNode;
use crate::place::edit::{FieldEdit, PlacementChange, write_edits};
use crate::place::requirement::{terms_select_node, to_expression};
use crate::plan::NodePlan;
use pointer_diagnostics::{Origin, Pointer};

const KEYS: [&str; 3] = ["arch", "zone", "disk"];
/// All operators; the first four are those of rules.
const OPERATORS: [SelectorOperator; 6] = [
    SelectorOperator::In,
    SelectorOperator::NotIn,
    SelectorOperator::Exists,
    SelectorOperator::DoesNotExist,
    SelectorOperator::Gt,
    SelectorOperator::Lt,
];
const VALUES: [&str; 3] = ["1", "2", "3"];

fn values(u: &mut Unstructured<'_>) -> Result<Vec<String>> {
    let count = u.int_in_range(1..=2)?;
    (0..count)
        .map(|_| Ok((*u.choose(&VALUES)?).to_owned()))
        .collect()
}

fn requirement(
    u: &mut Unstructured<'_>,
    operators: &[SelectorOperator],
) -> Result<LabelRequirement> {
    let operator = *u.choose(operators)?;
    let values = match operator {
        SelectorOperator::Exists | SelectorOperator::DoesNotExist => Vec::new(),
        SelectorOperator::Gt | SelectorOperator::Lt => vec![(*u.choose(&VALUES)?).to_owned()],
        _ => values(u)?,
    };
    Ok(LabelRequirement {
        key: (*u.choose(&KEYS)?).to_owned(),
        operator,
        values,
    })
}

fn term(u: &mut Unstructured<'_>) -> Result<Value> {
    let count = u.int_in_range(0..=3)?;
    let expressions: Vec<Value> = (0..count)
        .map(|_| requirement(u, &OPERATORS).map(|r| to_expression(&r)))
        .collect::<Result<_>>()?;
    Ok(match u.int_in_range(0..=4)? {
        0 => json!({}),
        1 => {
            json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n0"]}], "matchExpressions": expressions})
        }
        2 => {
            json!({"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]})
        }
        _ => json!({"matchExpressions": expressions}),
    })
}

fn node(u: &mut Unstructured<'_>, index: usize) -> Result<(NodePlan, BTreeMap<String, String>)> {
    let mut labels = BTreeMap::new();
    for key in KEYS {
        if u.arbitrary()? {
            labels.insert(key.to_owned(), (*u.choose(&VALUES)?).to_owned());
        }
    }
    let plan = NodePlan::new(
        &format!("n{index}"),
        "p",
        Arch::Amd64,
        Origin::file("a test"),
    );
    Ok((plan, labels))
}

fn selected(terms: &Value, nodes: &[(NodePlan, BTreeMap<String, String>)]) -> Vec<String> {
    let candidates = nodes.iter().map(|(node, labels)| CandidateNode {
        node,
        labels: Cow::Borrowed(labels),
    });
    candidates
        .filter(|c| terms_select_node(terms.get("terms"), c))
        .map(|c| c.node.name.clone())
        .collect()
}

fn written(object: &Value, rule: &[LabelRequirement]) -> (Value, usize) {
    let edit = FieldEdit {
        change: PlacementChange::RequireOfNodes {
            terms: Pointer::parse("/terms"),
            requirements: rule.to_vec(),
        },
        reason: Reason {
            author: FieldAuthor::Placement,
            origins: Vec::new(),
        },
    };
    let mut written = Object::new(object.clone());
    let operations = write_edits(&mut written, &[edit]).unwrap().len();
    (written.into_value(), operations)
}

#[test]
fn after_the_rule_the_nodes_are_those_before_that_meet_it_and_a_second_time_changes_nothing() {
    arbtest(|u| {
        let nodes: Vec<_> = (0..5).map(|i| node(u, i)).collect::<Result<_>>()?;
        let object = match u.int_in_range(0..=3)? {
            0 => json!({}),
            count => json!({"terms": (1..=count).map(|_| term(u)).collect::<Result<Vec<_>>>()?}),
        };
        let count = u.int_in_range(1..=3)?;
        let rule: Vec<LabelRequirement> = (0..count)
            .map(|_| requirement(u, &OPERATORS[..4]))
            .collect::<Result<_>>()?;
        let (after, _) = written(&object, &rule);
        let meeting = nodes
            .iter()
            .filter(|(_, labels)| rule.iter().all(|r| r.matches(labels)))
            .map(|(n, _)| n.name.clone());
        let before = selected(&object, &nodes);
        let expected: Vec<String> = meeting.filter(|n| before.contains(n)).collect();
        assert_eq!(
            selected(&after, &nodes),
            expected,
            "{object} and {rule:?} give {after}"
        );
        assert_eq!(
            written(&after, &rule),
            (after.clone(), 0),
            "{object} and {rule:?}"
        );
        if find_contradicted_label(object.get("terms"), None, &rule).is_some() {
            assert!(
                expected.is_empty(),
                "{object} and {rule:?} are no contradiction"
            );
        }
        Ok(())
    });
}

#[test]
fn an_empty_term_goes_on_matching_nothing() {
    let rule = [LabelRequirement {
        key: "arch".to_owned(),
        operator: SelectorOperator::In,
        values: vec!["1".to_owned()],
    }];
    let (after, operations) = written(&json!({"terms": [{}]}), &rule);
    assert_eq!((after, operations), (json!({"terms": [{}]}), 0));
}

#[test]
fn an_equal_expression_is_not_added_again() {
    let rule = [LabelRequirement {
        key: "arch".to_owned(),
        operator: SelectorOperator::In,
        values: vec!["1".to_owned(), "2".to_owned()],
    }];
    let terms = json!({"terms": [{"matchExpressions": [{"key": "arch", "operator": "In", "values": ["2", "1"]}]}]});
    assert_eq!(written(&terms, &rule).1, 0);
}
