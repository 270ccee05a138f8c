//! Nothing that is thrown at the crate makes it panic or run on.

use apiserver_schema::{AdmissionPolicies, Definitions, SchemaSet, SchemaVersion, ViolationKind};
use serde_json::{Value, json};

use crate::documents::{read_documents, test_path};

fn odd_values() -> Vec<Value> {
    // Readers of YAML and JSON refuse what is nested deeper than 100 or 128 levels.
    let deep = (0..400).fold(json!(1), |value, _| json!([value]));
    let wide: Value = (0..200).map(|n| json!(n)).collect();
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("é".repeat(500)),
        json!([]),
        json!([null]),
        json!({}),
        json!({"": {"": null}}),
        deep,
        wide,
    ]
}

/// Puts a value into every place of a document, one at a time.
fn for_each_place(document: &Value, visit: &mut dyn FnMut(&str)) {
    fn walk(value: &Value, pointer: &str, visit: &mut dyn FnMut(&str)) {
        visit(pointer);
        let step = |key: &str| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, child)| walk(child, &step(key), visit)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, child)| walk(child, &step(&index.to_string()), visit)),
            _ => {}
        }
    }
    walk(document, "", visit);
}

#[test]
fn odd_values_in_every_place_of_an_object_are_survived() {
    let documents = read_documents(&test_path("truth/crds.yaml"));
    let mut schemas = SchemaSet::for_version(SchemaVersion::NEWEST);
    schemas.extend(Definitions::import_all(&documents));
    let widget = documents.last().expect("a widget");
    let odd = odd_values();
    let mut turn = 0;
    for_each_place(widget, &mut |pointer| {
        turn += 1;
        for value in odd.iter().cycle().skip(turn * 3).take(3) {
            let mut changed = widget.clone();
            *changed.pointer_mut(pointer).expect("a place") = value.clone();
            schemas.check(&changed);
            schemas.check_update(widget, &changed);
        }
    });
}

#[test]
fn odd_values_in_every_place_of_a_definition_or_policy_are_survived() {
    let odd = odd_values();
    let crd = &read_documents(&test_path("truth/crds.yaml"))[0];
    let policies = read_documents(&test_path("truth/policies.yaml"));
    for_each_place(crd, &mut |pointer| {
        let mut changed = crd.clone();
        *changed.pointer_mut(pointer).expect("a place") = odd[pointer.len() % odd.len()].clone();
        Definitions::import(&changed);
    });
    for policy in &policies {
        for_each_place(policy, &mut |pointer| {
            let mut changed = policy.clone();
            *changed.pointer_mut(pointer).expect("a place") =
                odd[pointer.len() % odd.len()].clone();
            AdmissionPolicies::import([&changed]);
        });
    }
}

#[test]
fn a_rule_that_would_run_on_is_said_not_to_be_evaluated() {
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "loops.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Loop", "plural": "loops"}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"items": {"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": [
                {"rule": "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))"},
                {"rule": "Odd{a: 1}.a == 1"},
                {"rule": "self.all("},
                {"rule": "unheard(self)"},
            ]}},
        }}}]},
    });
    let mut schemas = SchemaSet::for_version(SchemaVersion::NEWEST);
    schemas.extend(Definitions::import(&crd));
    let items: Vec<u32> = (0..1_000).collect();
    let found = schemas.check(&json!({"apiVersion": "example.com/v1", "kind": "Loop", "metadata": {"name": "l"}, "items": items}));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(
        |violation| violation.kind == ViolationKind::RuleNotEvaluated && violation.field == "items"
    ));
}
