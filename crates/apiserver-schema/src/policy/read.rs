//! Reads policies and bindings.

use serde_json::Value;

use super::{
    AdmissionPolicies, Binding, FailurePolicy, MatchPolicy, MatchResources, MissingParameter,
    ParameterReference, PlacedExpression, Policy, PolicyError, ResourceRule, Validation,
    ValidationAction,
};
use crate::cel::Expression;
use crate::document::{list_items, read_text};

const GROUP: &str = "admissionregistration.k8s.io/";

impl AdmissionPolicies {
    /// Reads the policies and bindings among documents; other objects are passed over. A part that cannot be read is noted
    /// in [`AdmissionPolicies::errors`], and its policy left out.
    pub fn import<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut policies = Self::default();
        for document in documents {
            policies.add(document);
        }
        for binding in &policies.bindings {
            if !policies
                .policies
                .iter()
                .any(|policy| policy.name == binding.policy)
            {
                policies.errors.push(PolicyError {
                    kind: "ValidatingAdmissionPolicyBinding".to_owned(),
                    name: binding.name.clone(),
                    pointer: "/spec/policyName".to_owned(),
                    message: format!("no policy `{}` is known", binding.policy),
                });
            }
        }
        policies
    }

    /// Tells whether there is nothing to evaluate.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty() || self.policies.is_empty()
    }

    fn add(&mut self, document: &Value) {
        let text = |pointer: &str| read_text(document, pointer);
        if let Some(items) = list_items(document) {
            for item in items {
                self.add(item);
            }
            return;
        }
        let kind = text("/kind").unwrap_or_default();
        if !text("/apiVersion").unwrap_or_default().starts_with(GROUP) {
            return;
        }
        let name = text("/metadata/name").unwrap_or_default();
        let result = match kind.as_str() {
            "ValidatingAdmissionPolicy" => {
                read_policy(&name, document).map(|policy| self.policies.push(policy))
            }
            "ValidatingAdmissionPolicyBinding" => {
                read_binding(&name, document).map(|binding| self.bindings.push(binding))
            }
            _ => return,
        };
        if let Err(ReadFault { pointer, message }) = result {
            self.errors.push(PolicyError {
                kind,
                name,
                pointer,
                message,
            });
        }
    }
}

struct ReadFault {
    pointer: String,
    message: String,
}

fn fault<T>(pointer: impl Into<String>, message: impl Into<String>) -> Result<T, ReadFault> {
    Err(ReadFault {
        pointer: pointer.into(),
        message: message.into(),
    })
}

fn read_items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = (String, &'v Value)> {
    let pointer = pointer.to_owned();
    let items = value
        .pointer(&pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    items
        .enumerate()
        .map(move |(index, item)| (format!("{pointer}/{index}"), item))
}

fn read_expression(item: &Value, place: &str, field: &str) -> Result<PlacedExpression, ReadFault> {
    let pointer = format!("{place}/{field}");
    let Some(source) = item.get(field).and_then(Value::as_str) else {
        return fault(pointer, "an expression expected");
    };
    match Expression::compile(source) {
        Ok(compiled) => Ok(PlacedExpression { pointer, compiled }),
        Err(message) => fault(pointer, message),
    }
}

fn read_policy(name: &str, document: &Value) -> Result<Policy, ReadFault> {
    let failure = match read_text(document, "/spec/failurePolicy").as_deref() {
        Some("Ignore") => FailurePolicy::Ignore,
        _ => FailurePolicy::Fail,
    };
    let kind = document
        .pointer("/spec/paramKind")
        .filter(|kind| !kind.is_null());
    let parameter_kind = kind.map(|kind| {
        (
            read_text(kind, "/apiVersion").unwrap_or_default(),
            read_text(kind, "/kind").unwrap_or_default(),
        )
    });
    let Some(constraints) = document.pointer("/spec/matchConstraints") else {
        return fault("/spec/matchConstraints", "required of a policy");
    };
    let mut policy = Policy {
        name: name.to_owned(),
        failure,
        parameter_kind,
        constraints: read_match_resources(constraints),
        conditions: Vec::new(),
        variables: Vec::new(),
        validations: Vec::new(),
        annotations: Vec::new(),
    };
    for (place, item) in read_items(document, "/spec/matchConditions") {
        policy
            .conditions
            .push(read_expression(item, &place, "expression")?);
    }
    for (place, item) in read_items(document, "/spec/variables") {
        let name = read_text(item, "/name").unwrap_or_default();
        policy
            .variables
            .push((name, read_expression(item, &place, "expression")?));
    }
    for (place, item) in read_items(document, "/spec/validations") {
        policy.validations.push(read_validation(item, &place)?);
    }
    for (place, item) in read_items(document, "/spec/auditAnnotations") {
        let key = read_text(item, "/key").unwrap_or_default();
        policy
            .annotations
            .push((key, read_expression(item, &place, "valueExpression")?));
    }
    Ok(policy)
}

fn read_validation(item: &Value, place: &str) -> Result<Validation, ReadFault> {
    let message_expression = match item.get("messageExpression").and_then(Value::as_str) {
        Some(source) if !source.is_empty() => {
            Some(read_expression(item, place, "messageExpression")?)
        }
        _ => None,
    };
    Ok(Validation {
        source: read_text(item, "/expression").unwrap_or_default(),
        expression: read_expression(item, place, "expression")?,
        message: read_text(item, "/message"),
        message_expression,
        reason: read_text(item, "/reason").unwrap_or_else(|| "Invalid".to_owned()),
    })
}

fn read_binding(name: &str, document: &Value) -> Result<Binding, ReadFault> {
    let Some(policy) = read_text(document, "/spec/policyName") else {
        return fault("/spec/policyName", "required of a binding");
    };
    let mut actions = Vec::new();
    for (place, item) in read_items(document, "/spec/validationActions") {
        actions.push(match item.as_str() {
            Some("Deny") => ValidationAction::Deny,
            Some("Warn") => ValidationAction::Warn,
            Some("Audit") => ValidationAction::Audit,
            _ => return fault(place, "`Deny`, `Warn` or `Audit` expected"),
        });
    }
    if actions.is_empty() {
        return fault(
            "/spec/validationActions",
            "`Deny`, `Warn` or `Audit` expected",
        );
    }
    actions.sort_unstable();
    let reference = document
        .pointer("/spec/paramRef")
        .filter(|reference| !reference.is_null());
    let parameter = reference.map(|reference| ParameterReference {
        name: read_text(reference, "/name"),
        namespace: read_text(reference, "/namespace"),
        selector: reference
            .get("selector")
            .filter(|selector| !selector.is_null())
            .cloned(),
        missing: match read_text(reference, "/parameterNotFoundAction").as_deref() {
            Some("Allow") => MissingParameter::Allow,
            _ => MissingParameter::Deny,
        },
    });
    let resources = document
        .pointer("/spec/matchResources")
        .map(read_match_resources)
        .unwrap_or_default();
    Ok(Binding {
        name: name.to_owned(),
        policy,
        actions,
        parameter,
        resources,
    })
}

fn read_match_resources(value: &Value) -> MatchResources {
    let rules = |field: &str| {
        read_items(value, field)
            .map(|(_, rule)| read_rule(rule))
            .collect::<Vec<_>>()
    };
    let included = rules("/resourceRules");
    let selector = |field: &str| {
        value
            .get(field)
            .filter(|selector| !selector.is_null())
            .cloned()
    };
    MatchResources {
        rules: (!included.is_empty()).then_some(included),
        exclusions: rules("/excludeResourceRules"),
        namespaces: selector("namespaceSelector"),
        objects: selector("objectSelector"),
        policy: match read_text(value, "/matchPolicy").as_deref() {
            Some("Exact") => MatchPolicy::Exact,
            _ => MatchPolicy::Equivalent,
        },
    }
}

fn read_rule(rule: &Value) -> ResourceRule {
    let list = |field: &str| {
        let items = rule
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        items
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    ResourceRule {
        groups: list("apiGroups"),
        versions: list("apiVersions"),
        resources: list("resources"),
        operations: list("operations"),
        names: list("resourceNames"),
        scope: read_text(rule, "/scope").unwrap_or_else(|| "*".to_owned()),
    }
}
