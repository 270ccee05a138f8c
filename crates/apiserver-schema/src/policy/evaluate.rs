//! Evaluates policies on a request.

use std::collections::BTreeMap;

use kube_cel::cel::{Context, Value as CelValue};
use serde_json::{Value, json};

use super::matching::Subject;
use super::params::{Parameters, find_parameters};
use super::{
    AdmissionContext, AdmissionOperation, AdmissionPolicies, AdmissionRequest, Binding,
    FailurePolicy, PlacedExpression, Policy, PolicyFinding, PolicyReport, PolicyVerdict,
    Validation,
};
use crate::cel::{Evaluation, convert_dynamic, measure_collections, root_context};

impl AdmissionPolicies {
    /// Evaluates all policies on a request.
    pub fn evaluate(
        &self,
        request: AdmissionRequest<'_>,
        context: AdmissionContext<'_>,
    ) -> PolicyReport {
        let mut report = PolicyReport::default();
        let Some(subject) = Subject::find(request, context) else {
            return report;
        };
        for policy in self
            .policies
            .iter()
            .filter(|policy| subject.is_matched(&policy.constraints, context))
        {
            let bindings = self
                .bindings
                .iter()
                .filter(|binding| binding.policy == policy.name);
            for binding in
                bindings.filter(|binding| subject.is_matched(&binding.resources, context))
            {
                evaluate_binding(policy, binding, &subject, context, &mut report);
            }
        }
        report
    }
}

fn evaluate_binding(
    policy: &Policy,
    binding: &Binding,
    subject: &Subject<'_>,
    context: AdmissionContext<'_>,
    report: &mut PolicyReport,
) {
    let parameters = match find_parameters(policy, binding, subject, context) {
        Parameters::Skipped => return,
        Parameters::None => vec![None],
        Parameters::Each(found) if found.is_empty() => vec![None],
        Parameters::Each(found) => found.into_iter().map(Some).collect(),
        Parameters::Missing(message) => {
            let judge = Judge {
                policy,
                binding,
                parameter: None,
            };
            let finding = judge.finding(
                "/spec/paramKind",
                PolicyVerdict::of_failure(policy.failure),
                message,
            );
            report.findings.push(finding);
            return;
        }
    };
    for parameter in parameters {
        let judge = Judge {
            policy,
            binding,
            parameter,
        };
        judge.evaluate(subject, report);
    }
}

impl PolicyVerdict {
    fn of_failure(failure: FailurePolicy) -> Self {
        match failure {
            FailurePolicy::Fail => Self::Failed,
            FailurePolicy::Ignore => Self::FailureIgnored,
        }
    }
}

/// One policy with one binding and one parameter.
struct Judge<'p> {
    policy: &'p Policy,
    binding: &'p Binding,
    parameter: Option<&'p Value>,
}

impl Judge<'_> {
    fn finding(&self, pointer: &str, verdict: PolicyVerdict, message: String) -> PolicyFinding {
        let name = |object: &Value| {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
            let own = text("/metadata/name").unwrap_or_default();
            text("/metadata/namespace")
                .map_or_else(|| own.to_owned(), |namespace| format!("{namespace}/{own}"))
        };
        PolicyFinding {
            policy: self.policy.name.clone(),
            binding: self.binding.name.clone(),
            actions: self.binding.actions.clone(),
            verdict,
            pointer: pointer.to_owned(),
            message,
            reason: "Invalid".to_owned(),
            parameter: self.parameter.map(name),
        }
    }

    fn evaluate(&self, subject: &Subject<'_>, report: &mut PolicyReport) {
        let mut context = root_context().new_inner_scope();
        self.bind(subject, &mut context);
        let size = measure_collections(subject.request.object);
        let mut run = PolicyRun {
            size,
            failed_variables: BTreeMap::new(),
        };
        if !self.conditions_hold(&context, &run, report) {
            return;
        }
        let mut variables = BTreeMap::new();
        for (name, expression) in &self.policy.variables {
            let mut inner = context.new_inner_scope();
            inner.add_variable_from_value("variables", make_variables(&variables));
            match run.evaluate(expression, &inner) {
                Evaluation::Value(value) => _ = variables.insert(name.clone(), value),
                failure => _ = run.failed_variables.insert(name.clone(), failure),
            }
        }
        context.add_variable_from_value("variables", make_variables(&variables));
        for validation in &self.policy.validations {
            report
                .findings
                .extend(self.validate(validation, &context, &run));
        }
        for (key, expression) in &self.policy.annotations {
            match run.evaluate(expression, &context) {
                Evaluation::Value(CelValue::String(text)) if !text.is_empty() => {
                    report
                        .audit_annotations
                        .insert(format!("{}/{key}", self.policy.name), text.to_string());
                }
                Evaluation::Value(_) => {}
                failure => report
                    .findings
                    .extend(self.describe_failure(&expression.pointer, failure)),
            }
        }
    }

    fn bind(&self, subject: &Subject<'_>, context: &mut Context<'_>) {
        let AdmissionRequest {
            object,
            old_object,
            operation,
        } = subject.request;
        let null = CelValue::Null;
        let (new, old) = match operation {
            AdmissionOperation::Delete => (null, convert_dynamic(old_object.unwrap_or(object))),
            _ => (
                convert_dynamic(object),
                old_object.map_or(null, convert_dynamic),
            ),
        };
        context.add_variable_from_value("object", new);
        context.add_variable_from_value("oldObject", old);
        context.add_variable_from_value(
            "params",
            self.parameter.map_or(CelValue::Null, convert_dynamic),
        );
        context.add_variable_from_value("request", convert_dynamic(&describe_request(subject)));
        let assumed = || json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": subject.namespace, "labels": {"kubernetes.io/metadata.name": subject.namespace}}});
        let namespace = match (subject.namespace, subject.namespace_object) {
            ("", _) => CelValue::Null,
            (_, Some(namespace)) => convert_dynamic(namespace),
            (_, None) => convert_dynamic(&assumed()),
        };
        context.add_variable_from_value("namespaceObject", namespace);
    }

    /// Evaluates the match conditions: one that is false wins over one that fails.
    fn conditions_hold(
        &self,
        context: &Context<'_>,
        run: &PolicyRun,
        report: &mut PolicyReport,
    ) -> bool {
        let mut failures = Vec::new();
        for condition in &self.policy.conditions {
            match run.evaluate(condition, context) {
                Evaluation::Value(CelValue::Bool(true)) => {}
                Evaluation::Value(CelValue::Bool(false)) => return false,
                Evaluation::Value(_) => failures.push((
                    condition,
                    Evaluation::Failed("the result is no boolean".to_owned()),
                )),
                failure => failures.push((condition, failure)),
            }
        }
        let holds = failures.is_empty();
        for (condition, failure) in failures {
            report
                .findings
                .extend(self.describe_failure(&condition.pointer, failure));
        }
        holds
    }

    fn validate(
        &self,
        validation: &Validation,
        context: &Context<'_>,
        run: &PolicyRun,
    ) -> Option<PolicyFinding> {
        let pointer = &validation.expression.pointer;
        let finding = match run.evaluate(&validation.expression, context) {
            Evaluation::Value(CelValue::Bool(true)) => return None,
            Evaluation::Value(CelValue::Bool(false)) => self.finding(
                pointer,
                PolicyVerdict::Violated,
                describe_violation(validation, context, run),
            ),
            Evaluation::Value(_) => self.describe_failure(
                pointer,
                Evaluation::Failed("the result is no boolean".to_owned()),
            )?,
            failure => self.describe_failure(pointer, failure)?,
        };
        Some(PolicyFinding {
            reason: validation.reason.clone(),
            ..finding
        })
    }

    fn describe_failure(&self, pointer: &str, failure: Evaluation) -> Option<PolicyFinding> {
        match failure {
            Evaluation::Value(_) => None,
            Evaluation::Failed(reason) => Some(self.finding(
                pointer,
                PolicyVerdict::of_failure(self.policy.failure),
                format!("the expression fails: {reason}"),
            )),
            Evaluation::NotEvaluated(reason) => Some(self.finding(
                pointer,
                PolicyVerdict::NotEvaluated,
                format!("the expression is not evaluated: {reason}"),
            )),
        }
    }
}

/// State that the evaluations of one run share.
struct PolicyRun {
    size: usize,
    /// Variables whose expressions fail: whoever uses one fails as it does.
    failed_variables: BTreeMap<String, Evaluation>,
}

impl PolicyRun {
    fn evaluate(&self, expression: &PlacedExpression, context: &Context<'_>) -> Evaluation {
        let evaluation = expression.compiled.evaluate(context, self.size);
        let Evaluation::Failed(reason) = &evaluation else {
            return evaluation;
        };
        let Some(key) = reason.strip_prefix("no such key: ") else {
            return evaluation;
        };
        if key == "userInfo" {
            return Evaluation::NotEvaluated("who sends the request is not known here".to_owned());
        }
        self.failed_variables
            .get(key)
            .cloned()
            .unwrap_or(evaluation)
    }
}

fn make_variables(variables: &BTreeMap<String, CelValue>) -> CelValue {
    crate::cel::make_map(
        variables
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.clone())),
    )
}

fn describe_request(subject: &Subject<'_>) -> Value {
    let kind = json!({"group": subject.kind.group, "version": subject.kind.version, "kind": subject.kind.kind});
    let resource = json!({"group": subject.kind.group, "version": subject.kind.version, "resource": subject.kind.plural});
    json!({
        "kind": kind,
        "resource": resource,
        "subResource": "",
        "requestKind": kind,
        "requestResource": resource,
        "requestSubResource": "",
        "name": subject.name,
        "namespace": subject.namespace,
        "operation": subject.request.operation.name(),
        "dryRun": false,
        "options": {},
    })
}

fn describe_violation(validation: &Validation, context: &Context<'_>, run: &PolicyRun) -> String {
    let evaluated = validation
        .message_expression
        .as_ref()
        .and_then(|expression| match run.evaluate(expression, context) {
            Evaluation::Value(CelValue::String(text))
                if !text.trim().is_empty() && !text.contains('\n') =>
            {
                Some(text.trim().to_owned())
            }
            _ => None,
        });
    evaluated
        .or_else(|| {
            validation
                .message
                .as_deref()
                .map(|message| message.trim().to_owned())
        })
        .unwrap_or_else(|| format!("failed expression: {}", validation.source.trim()))
}
