//! Webhooks and admission policies (`pkg/apis/admissionregistration/validation/validation.go`). Expressions are
//! required here and not compiled.

use crate::field::Field;
use crate::list_keys::check_unique_key;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::selector::check_label_selector;
use crate::text::TextForm;
use crate::webhook_client::{check_client, check_review_versions};

/// The kind of a webhook: one that reads objects, or one that changes them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WebhookKind {
    Validating,
    Mutating,
}

/// Checks a ValidatingWebhookConfiguration.
pub(crate) fn check_validating_webhooks(object: &Field, report: &mut Report) {
    check_webhooks(object, WebhookKind::Validating, report);
}

/// Checks a MutatingWebhookConfiguration.
pub(crate) fn check_mutating_webhooks(object: &Field, report: &mut Report) {
    check_webhooks(object, WebhookKind::Mutating, report);
}

fn check_webhooks(object: &Field, kind: WebhookKind, report: &mut Report) {
    let mut names = Seen::new();
    for hook in object.get("webhooks").items() {
        let name = hook.get("name");
        report.required_form(&name, &rules::NAME_SYNTAX, TextForm::FullyQualifiedName);
        if !name.is_blank() && !names.insert(name.text()) {
            let message = format!(
                "`{}` is the name of another webhook too",
                shorten(name.text())
            );
            report.duplicate(&name, &rules::DUPLICATE_NAME, message);
        }
        for rule in hook.get("rules").items() {
            check_rule(&rule, report);
        }
        report.exactly_one_of(&hook.get("failurePolicy"), &["Fail", "Ignore"]);
        report.exactly_one_of(&hook.get("matchPolicy"), &["Equivalent", "Exact"]);
        let effects = hook.get("sideEffects");
        if effects.exists() {
            report.exactly_one_of(&effects, &["None", "NoneOnDryRun"]);
        } else {
            report.required(&effects, "missing: expected `None` or `NoneOnDryRun`");
        }
        report.in_range(&hook.get("timeoutSeconds"), 1, 30);
        check_label_selector(&hook.get("namespaceSelector"), report);
        check_label_selector(&hook.get("objectSelector"), report);
        if kind == WebhookKind::Mutating {
            report.exactly_one_of(&hook.get("reinvocationPolicy"), &["IfNeeded", "Never"]);
        }
        check_client(&hook.get("clientConfig"), report);
        check_review_versions(&hook.get("admissionReviewVersions"), report);
        check_conditions(&hook.get("matchConditions"), report);
    }
}

/// Checks which requests are meant (`validateRuleWithOperations`, `validateRule`).
fn check_rule(rule: &Field, report: &mut Report) {
    let operations = rule.get("operations");
    report.present(&operations);
    check_wildcard(&operations, report);
    for operation in operations.items() {
        report.exactly_one_of(&operation, &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]);
    }
    for name in ["apiGroups", "apiVersions"] {
        let list = rule.get(name);
        report.present(&list);
        check_wildcard(&list, report);
    }
    for version in rule.get("apiVersions").items() {
        report.present(&version);
    }
    check_resources(&rule.get("resources"), report);
    report.exactly_one_of(&rule.get("scope"), &["*", "Cluster", "Namespaced"]);
}

fn check_wildcard(list: &Field, report: &mut Report) {
    if list.count() > 1 && list.items().any(|item| item.text() == "*") {
        report.invalid(
            list,
            &rules::WILDCARD,
            "`*` beside other entries: expected it alone",
        );
    }
}

/// Checks names of resources with their subresources (`validateResources`).
fn check_resources(resources: &Field, report: &mut Report) {
    report.present(resources);
    let (mut double, mut single, mut plain) = (false, false, false);
    let (mut whole, mut parts) = (Seen::new(), Seen::new());
    for resource in resources.items() {
        let text = resource.text();
        if !report.present(&resource) {
            continue;
        }
        double |= text == "*/*";
        single |= text == "*";
        let Some((name, part)) = text.split_once('/') else {
            plain = text != "*";
            continue;
        };
        if whole.contains(name) || parts.contains(part) {
            report.invalid(
                &resource,
                &rules::WILDCARD,
                format!("`{}` is covered by an entry with `*`", shorten(text)),
            );
        }
        if part == "*" {
            whole.insert(name);
        }
        if name == "*" {
            parts.insert(part);
        }
    }
    if double && resources.count() > 1 {
        report.invalid(
            resources,
            &rules::WILDCARD,
            "`*/*` beside other entries: expected it alone",
        );
    } else if single && plain {
        report.invalid(
            resources,
            &rules::WILDCARD,
            "`*` beside other resources: expected it alone",
        );
    }
}

/// Checks conditions under which something applies (`validateMatchConditions`).
fn check_conditions(conditions: &Field, report: &mut Report) {
    report.at_most(conditions, 64);
    let mut names = Seen::new();
    for condition in conditions.items() {
        let name = condition.get("name");
        check_expression(&condition.get("expression"), report);
        report.required_form(&name, &rules::NAME_SYNTAX, TextForm::QualifiedName);
        if !name.is_blank() && !names.insert(name.text()) {
            let message = format!(
                "`{}` is the name of another condition too",
                shorten(name.text())
            );
            report.duplicate(&name, &rules::DUPLICATE_NAME, message);
        }
    }
}

fn check_expression(expression: &Field, report: &mut Report) {
    if expression.is_blank()
        || (expression.value().is_string() && expression.text().trim().is_empty())
    {
        report.required(expression, "missing or empty: an expression is required");
    }
}

/// Checks a ValidatingAdmissionPolicy (`validateValidatingAdmissionPolicySpec`).
pub(crate) fn check_policy(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.exactly_one_of(&spec.get("failurePolicy"), &["Fail", "Ignore"]);
    check_param_kind(&spec.get("paramKind"), report);
    let constraints = spec.get("matchConstraints");
    if constraints.exists() {
        check_match(&constraints, report);
        report.present(&constraints.get("resourceRules"));
    } else {
        report.required(
            &constraints,
            "missing: the objects that are checked are required",
        );
    }
    check_conditions(&spec.get("matchConditions"), report);
    let variables = spec.get("variables");
    check_unique_key(&variables, "name", report);
    for variable in variables.items() {
        report.required_form(
            &variable.get("name"),
            &rules::NAME_SYNTAX,
            TextForm::CIdentifier,
        );
        check_expression(&variable.get("expression"), report);
    }
    let (validations, annotations) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        report.required(
            &validations,
            "missing: `validations` or `auditAnnotations` are required",
        );
    }
    for validation in validations.items() {
        check_validation(&validation, report);
    }
    check_audit_annotations(object, &annotations, report);
}

fn check_validation(validation: &Field, report: &mut Report) {
    check_expression(&validation.get("expression"), report);
    for name in ["message", "messageExpression"] {
        let field = validation.get(name);
        if !field.text().is_empty() && field.text().trim().is_empty() {
            report.invalid(
                &field,
                &rules::POLICY_MESSAGE,
                "white space only: expected a text, or none",
            );
        }
    }
    let message = validation.get("message");
    if message.text().trim().contains(['\n', '\r']) {
        report.invalid(
            &message,
            &rules::POLICY_MESSAGE,
            "a message of several lines: expected one",
        );
    }
    report.exactly_one_of(
        &validation.get("reason"),
        &[
            "Forbidden",
            "Invalid",
            "RequestEntityTooLarge",
            "Unauthorized",
        ],
    );
}

fn check_audit_annotations(object: &Field, annotations: &Field, report: &mut Report) {
    if annotations.count() > 20 {
        report.invalid(
            annotations,
            &rules::TOO_MANY,
            format!("{} annotations: expected 20 at most", annotations.count()),
        );
    }
    let metadata = object.get("metadata");
    let mut keys = Seen::new();
    for annotation in annotations.items() {
        let key = annotation.get("key");
        let full = format!("{}/{}", metadata.get("name").text(), key.text());
        report.form_of(&key, &full, &rules::KEY_SYNTAX, TextForm::QualifiedName);
        if !keys.insert(key.text()) {
            report.duplicate(
                &key,
                &rules::DUPLICATE_NAME,
                format!("`{}` is another key too", shorten(key.text())),
            );
        }
        check_expression(&annotation.get("valueExpression"), report);
    }
}

fn check_param_kind(kind: &Field, report: &mut Report) {
    if !kind.exists() {
        return;
    }
    let version = kind.get("apiVersion");
    if report.present(&version) && version.value().is_string() {
        let (group, name) = version
            .text()
            .split_once('/')
            .unwrap_or(("", version.text()));
        let fits = (group.is_empty() || TextForm::DnsSubdomain.accepts(group))
            && TextForm::Dns1035Label.accepts(name);
        if !fits {
            let message = format!(
                "`{}` is no API version: expected `group/version`",
                shorten(version.text())
            );
            report.invalid(&version, &rules::API_VERSION, message);
        }
    }
    report.required_form(
        &kind.get("kind"),
        &rules::NAME_SYNTAX,
        TextForm::MixedCase1035Label,
    );
}

/// Checks which objects are meant (`validateMatchResources`).
fn check_match(resources: &Field, report: &mut Report) {
    report.exactly_one_of(&resources.get("matchPolicy"), &["Equivalent", "Exact"]);
    check_label_selector(&resources.get("namespaceSelector"), report);
    check_label_selector(&resources.get("objectSelector"), report);
    for list in ["resourceRules", "excludeResourceRules"] {
        for rule in resources.get(list).items() {
            let mut names = Seen::new();
            for name in rule.get("resourceNames").items() {
                report.form(&name, &rules::NAME_SYNTAX, TextForm::PathSegment);
                if !names.insert(name.text()) {
                    report.duplicate(
                        &name,
                        &rules::DUPLICATE_NAME,
                        format!("`{}` is listed twice", shorten(name.text())),
                    );
                }
            }
            check_rule(&rule, report);
        }
    }
}

/// Checks a ValidatingAdmissionPolicyBinding (`validateValidatingAdmissionPolicyBindingSpec`).
pub(crate) fn check_policy_binding(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.required_form(
        &spec.get("policyName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    check_param_ref(&spec.get("paramRef"), report);
    check_match(&spec.get("matchResources"), report);
    let actions = spec.get("validationActions");
    report.present(&actions);
    let mut seen = Seen::new();
    for action in actions.items() {
        report.exactly_one_of(&action, &["Audit", "Deny", "Warn"]);
        if !seen.insert(action.text()) {
            report.duplicate(
                &action,
                &rules::DUPLICATE_NAME,
                format!("`{}` is listed twice", shorten(action.text())),
            );
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        report.invalid(
            &actions,
            &rules::CONFLICTING_FIELDS,
            "`Warn` beside `Deny`, which tells the same: expected one",
        );
    }
}

fn check_param_ref(reference: &Field, report: &mut Report) {
    if !reference.exists() {
        return;
    }
    let (name, selector) = (reference.get("name"), reference.get("selector"));
    report.form_if_set(&name, &rules::NAME_SYNTAX, TextForm::PathSegment);
    check_label_selector(&selector, report);
    match (!name.is_blank(), selector.exists()) {
        (true, true) => report.forbidden(
            &name,
            &rules::CONFLICTING_FIELDS,
            "`name` beside `selector`: expected one",
        ),
        (false, false) => report.required(reference, "missing: `name` or `selector` is required"),
        _ => {}
    }
    let action = reference.get("parameterNotFoundAction");
    if report.present(&action) {
        report.exactly_one_of(&action, &["Allow", "Deny"]);
    }
}
