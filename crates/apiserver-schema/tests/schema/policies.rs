//! What a real API server said of objects under ValidatingAdmissionPolicies (`tests/truth/policy-cases.py`), asked again.

use apiserver_schema::{
    AdmissionContext, AdmissionOperation, AdmissionPolicies, AdmissionRequest, PolicyFinding,
    PolicyVerdict, SchemaSet, SchemaVersion, ValidationAction,
};
use serde_json::{Value, json};

use crate::documents::{read_documents, read_text, test_path};

fn judge(documents: &[Value], object: &Value) -> Vec<PolicyFinding> {
    let policies = AdmissionPolicies::import(documents);
    assert_eq!(policies.errors, []);
    let schemas = SchemaSet::for_version("1.34".parse::<SchemaVersion>().expect("known"));
    let objects: Vec<&Value> = documents.iter().collect();
    let request = AdmissionRequest {
        object,
        old_object: None,
        operation: AdmissionOperation::Create,
    };
    policies
        .evaluate(
            request,
            AdmissionContext {
                schemas: &schemas,
                objects: &objects,
            },
        )
        .findings
}

#[test]
fn policies_have_the_verdicts_of_an_api_server() {
    let documents = read_documents(&test_path("truth/policies.yaml"));
    let recorded: Vec<Value> =
        serde_json::from_str(&read_text(&test_path("truth/policies.json"))).expect("recorded");
    assert!(recorded.len() >= 40);
    let mut problems = Vec::new();
    for case in &recorded {
        let findings = judge(&documents, &case["object"]);
        let refusals: Vec<&PolicyFinding> = findings
            .iter()
            .filter(|finding| finding.is_refusal())
            .collect();
        let warnings: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.actions == [ValidationAction::Warn])
            .map(|finding| finding.policy.as_str())
            .collect();
        let own_words = |message: &str| {
            !message.contains("resulted in error") && !message.contains("failed to configure")
        };
        let message = case["message"]
            .as_str()
            .filter(|message| own_words(message));
        let right = match case["refused_by"].as_str() {
            None => refusals.is_empty(),
            Some(policy) => refusals
                .iter()
                .any(|f| f.policy == policy && message.is_none_or(|message| f.message == message)),
        };
        if !right
            || json!(warnings) != case["warned_by"]
            || findings
                .iter()
                .any(|f| f.verdict == PolicyVerdict::NotEvaluated)
        {
            problems.push(format!("{case}\n  {findings:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn policy(spec: &Value) -> Vec<Value> {
    let mut policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "p"},
        "spec": {"matchConstraints": {"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]}},
    });
    let fields = spec.as_object().expect("a map").clone();
    policy["spec"]
        .as_object_mut()
        .expect("a map")
        .extend(fields);
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "b"},
        "spec": {"policyName": "p", "validationActions": ["Deny"]},
    });
    vec![policy, binding]
}

#[test]
fn what_a_file_cannot_tell_is_said() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    for expression in [
        "request.userInfo.username == 'x'",
        "authorizer.group('').resource('pods').check('get').allowed()",
    ] {
        let findings = judge(
            &policy(&json!({"validations": [{"expression": expression}]})),
            &object,
        );
        assert_eq!(
            findings[0].verdict,
            PolicyVerdict::NotEvaluated,
            "{findings:?}"
        );
        assert_eq!(findings[0].pointer, "/spec/validations/0/expression");
    }
}

#[test]
fn policies_that_cannot_be_read_are_errors_at_their_place() {
    let mut documents =
        policy(&json!({"validations": [{"expression": "true"}, {"expression": "object.spec.("}]}));
    let policies = AdmissionPolicies::import(&documents);
    let places: Vec<(&str, &str)> = policies
        .errors
        .iter()
        .map(|error| (error.name.as_str(), error.pointer.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("p", "/spec/validations/1/expression"),
            ("b", "/spec/policyName")
        ]
    );
    documents[1]["spec"]["validationActions"] = json!(["Refuse"]);
    let errors = AdmissionPolicies::import(&documents[1..]).errors;
    assert_eq!(errors[0].pointer, "/spec/validationActions/0");
}

#[test]
fn an_update_sees_the_old_object() {
    let documents = policy(
        &json!({"validations": [{"expression": "oldObject == null || object.data.a == oldObject.data.a"}]}),
    );
    let object = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": value}});
    let (new, old) = (object("x"), object("y"));
    let schemas = SchemaSet::for_version(SchemaVersion::NEWEST);
    let policies = AdmissionPolicies::import(&documents);
    let evaluate = |old_object, operation| {
        let request = AdmissionRequest {
            object: &new,
            old_object,
            operation,
        };
        policies
            .evaluate(
                request,
                AdmissionContext {
                    schemas: &schemas,
                    objects: &[],
                },
            )
            .findings
            .len()
    };
    assert_eq!(evaluate(None, AdmissionOperation::Create), 0);
    assert_eq!(evaluate(Some(&new), AdmissionOperation::Update), 0);
    assert_eq!(evaluate(Some(&old), AdmissionOperation::Update), 1);
}
