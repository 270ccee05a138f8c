//! Checks the scheduling fields of a pod: affinity, spread, tolerations (`validateAffinity`, `validateTopologySpreadConstraints`,
//! `ValidateTolerations`).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::selector::{check_label_selector, check_requirement_key, check_requirement_values};
use crate::text::TextForm;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Effects of taints.
pub(crate) const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks affinity to nodes and pods.
pub(super) fn check_affinity(affinity: &Field, report: &mut Report) {
    let nodes = affinity.get("nodeAffinity");
    check_node_selector(&nodes.get(REQUIRED), report);
    for term in nodes.get(PREFERRED).items() {
        report_weight(&term, report);
        check_node_term(&term.get("preference"), ValueForms::Ignored, report);
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.get(name);
        for term in pods.get(REQUIRED).items() {
            check_pod_term(&term, report);
        }
        for term in pods.get(PREFERRED).items() {
            report_weight(&term, report);
            check_pod_term(&term.get("podAffinityTerm"), report);
        }
    }
}

/// Requires a weight from 1 to 100; absent is 0.
fn report_weight(term: &Field, report: &mut Report) {
    let weight = term.get("weight");
    if weight.exists() {
        report.in_range(&weight, 1, 100);
    } else if term.value().is_object() {
        report.invalid(
            &weight,
            &rules::NUMBER_RANGE,
            "missing: expected a weight from 1 to 100",
        );
    }
}

/// Forms that values of node requirements may have: any, or that of labels' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueForms {
    Checked,
    Ignored,
}

/// Checks a selector of nodes (`ValidateNodeSelector`).
pub(crate) fn check_node_selector(selector: &Field, report: &mut Report) {
    if !selector.exists() {
        return;
    }
    let terms = selector.get("nodeSelectorTerms");
    if terms.is_empty() {
        report.required(&terms, "missing or empty: at least one term is required");
    }
    for term in terms.items() {
        check_node_term(&term, ValueForms::Checked, report);
    }
}

/// Checks a term of a node selector (`ValidateNodeSelectorTerm`).
fn check_node_term(term: &Field, forms: ValueForms, report: &mut Report) {
    for requirement in term.get("matchExpressions").items() {
        check_node_requirement(&requirement, report);
        check_requirement_key(&requirement, report);
        // Values of required terms are checked from Kubernetes 1.32 on.
        if forms == ValueForms::Checked && report.since(32) {
            check_requirement_values(&requirement.get("values"), report);
        }
    }
    for requirement in term.get("matchFields").items() {
        check_node_field(&requirement, report);
    }
}

fn check_node_requirement(requirement: &Field, report: &mut Report) {
    let (operator, values) = (requirement.get("operator"), requirement.get("values"));
    let text = operator.text();
    match text {
        "In" | "NotIn" if values.is_empty() => report.required(
            &values,
            format!("missing: `{text}` needs at least one value"),
        ),
        "Exists" | "DoesNotExist" if values.count() > 0 => {
            report.forbidden(
                &values,
                &rules::SELECTOR_VALUES,
                format!("values beside `{text}`, which takes none"),
            );
        }
        "Gt" | "Lt" if values.count() != 1 => {
            report.required(&values, format!("`{text}` needs exactly one value"));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        _ if operator.is_blank() || operator.value().is_string() => {
            let message = format!(
                "`{}` is no operator: expected `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`",
                shorten(text)
            );
            report.invalid(&operator, &rules::SELECTOR_OPERATOR, message);
        }
        _ => {}
    }
}

/// Checks a requirement for a field of a node (`ValidateNodeFieldSelectorRequirement`).
fn check_node_field(requirement: &Field, report: &mut Report) {
    let (key, operator, values) = (
        requirement.get("key"),
        requirement.get("operator"),
        requirement.get("values"),
    );
    if !matches!(operator.text(), "In" | "NotIn") {
        let message = format!(
            "`{}` is no operator here: expected `In` or `NotIn`",
            shorten(operator.text())
        );
        report.invalid(&operator, &rules::SELECTOR_OPERATOR, message);
    } else if values.count() != 1 {
        report.required(&values, "expected exactly one value for a field of a node");
    }
    if key.text() == "metadata.name" {
        for value in values.items() {
            report.form(&value, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
        }
    } else {
        let message = format!(
            "`{}` is no field that nodes are selected by: expected `metadata.name`",
            shorten(key.text())
        );
        report.invalid(&key, &rules::SELECTOR_OPERATOR, message);
    }
}

/// Checks a term of affinity to pods (`validatePodAffinityTerm`).
fn check_pod_term(term: &Field, report: &mut Report) {
    let selector = term.get("labelSelector");
    check_label_selector(&selector, report);
    check_label_selector(&term.get("namespaceSelector"), report);
    let namespaces = term.get_as("namespaces", "namespace");
    for namespace in namespaces.items() {
        report.form(
            &namespace.unplaced(),
            &rules::NAME_SYNTAX,
            TextForm::DnsLabel,
        );
    }
    check_label_keys(term, report);
    let key = term.get("topologyKey");
    if report.present(&key) {
        report.form(&key, &rules::LABEL_KEY, TextForm::QualifiedName);
    }
}

/// Checks keys of labels whose values are those of the pod (`ValidateMatchLabelKeysAndMismatchLabelKeys`).
fn check_label_keys(owner: &Field, report: &mut Report) {
    let selector = owner.get("labelSelector");
    let (equal, unequal) = (owner.get("matchLabelKeys"), owner.get("mismatchLabelKeys"));
    for keys in [&equal, &unequal] {
        if keys.count() > 0 && !selector.exists() {
            report.forbidden(
                keys,
                &rules::CONFLICTING_FIELDS,
                "keys of labels without a `labelSelector`: expected one beside them",
            );
            continue;
        }
        for key in keys.items() {
            report.form(&key, &rules::LABEL_KEY, TextForm::QualifiedName);
        }
    }
    for key in equal.items() {
        if unequal.items().any(|other| other.text() == key.text()) {
            let message = format!(
                "`{}` is in `matchLabelKeys` and `mismatchLabelKeys`",
                shorten(key.text())
            );
            report.invalid(&key, &rules::CONFLICTING_FIELDS, message);
        }
    }
}

/// Checks spread over domains.
pub(super) fn check_spread(constraints: &Field, report: &mut Report) {
    let mut pairs = Seen::new();
    for constraint in constraints.items() {
        let (skew, key, action) = (
            constraint.get("maxSkew"),
            constraint.get("topologyKey"),
            constraint.get("whenUnsatisfiable"),
        );
        if skew.exists() {
            report.in_range(&skew, 1, i64::MAX);
        } else {
            report.invalid(&skew, &rules::NUMBER_RANGE, "missing: expected 1 or more");
        }
        report.present(&key);
        if action.is_blank() {
            report.unsupported(&action, "", &["DoNotSchedule", "ScheduleAnyway"]);
        } else {
            report.exactly_one_of(&action, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        if !pairs.insert((key.text(), action.text())) {
            report_repeated_spread(constraints, &constraint, report);
        }
        let domains = constraint.get("minDomains");
        report.in_range(&domains, 1, i64::MAX);
        if domains.exists() && action.text() != "DoNotSchedule" {
            let message =
                "`minDomains` without `whenUnsatisfiable: DoNotSchedule`, which alone uses it";
            report.invalid(&domains, &rules::SPREAD, message);
        }
        for name in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            report.exactly_one_of(&constraint.get(name), &["Ignore", "Honor"]);
        }
        check_spread_keys(&constraint, report);
        check_label_selector(&constraint.get("labelSelector"), report);
    }
}

/// Reports a constraint whose key and action a former one has; Kubernetes names the former.
fn report_repeated_spread(constraints: &Field, repeated: &Field, report: &mut Report) {
    let (key, action) = (
        repeated.get("topologyKey"),
        repeated.get("whenUnsatisfiable"),
    );
    let same = |c: &Field| {
        c.get("topologyKey").text() == key.text()
            && c.get("whenUnsatisfiable").text() == action.text()
    };
    if let Some(former) = constraints.items().find(|c| same(c)) {
        let message = format!(
            "`{}` with `{}` is in another constraint too",
            shorten(key.text()),
            shorten(action.text())
        );
        report.duplicate(
            &former.label("{topologyKey, whenUnsatisfiable}"),
            &rules::SPREAD,
            message,
        );
    }
}

fn check_spread_keys(constraint: &Field, report: &mut Report) {
    check_label_keys(constraint, report);
    // Until Kubernetes 1.33, keys of the selector could not be repeated; from 1.34 on they are merged into it.
    if report.since(34) {
        return;
    }
    let selector = constraint.get("labelSelector");
    for key in constraint.get("matchLabelKeys").items() {
        let in_labels = selector
            .get("matchLabels")
            .value()
            .get(key.text())
            .is_some();
        let in_expressions = selector
            .get("matchExpressions")
            .items()
            .any(|e| e.get("key").text() == key.text());
        if in_labels || in_expressions {
            let message = format!(
                "`{}` is in `matchLabelKeys` and in `labelSelector`",
                shorten(key.text())
            );
            report.invalid(&key, &rules::CONFLICTING_FIELDS, message);
        }
    }
}

/// Checks gates of scheduling and of readiness (`validateSchedulingGates`, `validateReadinessGates`).
pub(super) fn check_gates(spec: &Field, report: &mut Report) {
    let mut names = Seen::new();
    for gate in spec.get("schedulingGates").items() {
        let name = gate.get_as("name", "");
        report.form_of(
            &name,
            name.text(),
            &rules::NAME_SYNTAX,
            TextForm::QualifiedName,
        );
        if !names.insert(name.text()) {
            report.duplicate(
                &name,
                &rules::DUPLICATE_NAME,
                format!("`{}` is a gate twice", shorten(name.text())),
            );
        }
    }
    for gate in spec.get("readinessGates").items() {
        let condition = gate.get("conditionType");
        report.form_of(
            &condition,
            condition.text(),
            &rules::NAME_SYNTAX,
            TextForm::QualifiedName,
        );
    }
}

/// Checks tolerations. Kubernetes names the operator where the value is at fault.
pub(crate) fn check_tolerations(tolerations: &Field, report: &mut Report) {
    for toleration in tolerations.items() {
        let (key, operator, value) = (
            toleration.get("key"),
            toleration.get("operator"),
            toleration.get("value"),
        );
        report.form_if_set(&key, &rules::LABEL_KEY, TextForm::QualifiedName);
        if key.is_blank() && operator.text() != "Exists" {
            report.invalid(
                &operator,
                &rules::TOLERATION,
                "a toleration without `key`: expected `operator: Exists`",
            );
        }
        let effect = toleration.get("effect");
        if toleration.get("tolerationSeconds").exists() && effect.text() != "NoExecute" {
            let message = "`tolerationSeconds` without `effect: NoExecute`, which alone uses it";
            report.invalid(&effect, &rules::TOLERATION, message);
        }
        let named = toleration.get_as("value", "operator");
        match operator.text_or("Equal") {
            "Equal" => {
                report.form(&named, &rules::LABEL_VALUE, TextForm::LabelValue);
            }
            "Exists" if !value.is_blank() => {
                let message = format!(
                    "`{}` beside `Exists`, which takes no value",
                    shorten(value.text())
                );
                report.invalid(&named, &rules::TOLERATION, message);
            }
            _ => {
                report.one_of(&operator, &["Equal", "Exists"]);
            }
        }
        report.one_of(&effect, &EFFECTS);
    }
}
