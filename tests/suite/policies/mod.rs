//! The starter policies of `base/policies`, beside what a real API server says under them (`record.py`).

use std::collections::BTreeSet;

use apiserver_schema::{
    AdmissionContext, AdmissionOperation, AdmissionPolicies, AdmissionRequest, PolicyFinding,
    SchemaSet, SchemaVersion,
};
use manifest_yaml::{ReadLimits, read_documents};
use serde_json::Value;

use crate::repository;

fn read_all(path: &str) -> Vec<Value> {
    let documents = read_documents(&repository::read(path), &ReadLimits::MANIFEST).unwrap();
    documents.iter().map(|d| d.to_value().unwrap()).collect()
}

/// Returns the policies that say something, with the first message that each has.
fn summarize<'a>(findings: impl Iterator<Item = &'a PolicyFinding>) -> BTreeSet<(String, String)> {
    findings
        .map(|finding| (finding.policy.clone(), finding.message.clone()))
        .collect()
}

fn recorded(answers: &Value) -> BTreeSet<(String, String)> {
    let text = |answer: &Value, key: &str| answer[key].as_str().unwrap().to_owned();
    let answers = answers.as_array().unwrap().iter();
    answers
        .map(|a| (text(a, "policy"), text(a, "message")))
        .collect()
}

#[test]
fn starter_policies_say_what_a_real_api_server_says() {
    let files = repository::list("base/policies");
    let documents: Vec<Value> = files.iter().flat_map(|path| read_all(path)).collect();
    let policies = AdmissionPolicies::import(&documents);
    assert_eq!(policies.errors, []);
    let schemas = SchemaSet::for_version("1.34".parse::<SchemaVersion>().unwrap());
    let objects: Vec<&Value> = documents.iter().collect();
    let answers: Value =
        serde_json::from_str(&repository::read("tests/suite/policies/recorded.json")).unwrap();
    let cases = read_all("tests/suite/policies/cases.yaml");
    assert_eq!(cases.len(), answers.as_array().unwrap().len());
    for (case, answer) in cases.iter().zip(answers.as_array().unwrap()) {
        assert_eq!(case["metadata"]["name"], answer["name"]);
        let request = AdmissionRequest {
            object: case,
            old_object: None,
            operation: AdmissionOperation::Create,
        };
        let context = AdmissionContext {
            schemas: &schemas,
            objects: &objects,
        };
        let findings = policies.evaluate(request, context).findings;
        let refusals = summarize(findings.iter().filter(|f| f.is_refusal()));
        let warnings = summarize(findings.iter().filter(|f| !f.is_refusal()));
        let refused = recorded(&answer["refused_by"]);
        // The server names one of the policies that refuse.
        assert!(refused.is_subset(&refusals), "{answer}: {refusals:?}");
        assert_eq!(refused.is_empty(), refusals.is_empty(), "{answer}");
        assert_eq!(recorded(&answer["warned_by"]), warnings, "{answer}");
    }
}
