//! HorizontalPodAutoscalers (`pkg/apis/autoscaling/validation/validation.go`).

use crate::field::Field;
use crate::pods::resources::{ResourceOwner, check_quantity_syntax, check_resource_name};
use crate::quantity::Quantity;
use crate::report::{Report, list_names, shorten};
use crate::rules;
use crate::text::TextForm;

/// The members of metrics and the types that they belong to.
const METRICS: [(&str, &str); 5] = [
    ("object", "Object"),
    ("external", "External"),
    ("pods", "Pods"),
    ("resource", "Resource"),
    ("containerResource", "ContainerResource"),
];
/// The longest time that a recommendation is kept, in seconds.
const WINDOW_MOST: i64 = 3600;
/// The longest time that a policy looks back, in seconds.
const PERIOD_MOST: i64 = 1800;
/// The minor version from which on API versions of references are checked.
const VERSIONS_CHECKED: u16 = 34;

/// Checks a HorizontalPodAutoscaler of any version (`validateHorizontalPodAutoscalerSpec`).
pub(crate) fn check_autoscaler(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let (least, most) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    report.in_range(&least, 1, i64::MAX);
    if most.exists() {
        report.in_range(&most, 1, i64::MAX);
    } else {
        report.invalid(&most, &rules::NUMBER_RANGE, "missing: expected 1 or more");
    }
    if let (Some(low), Some(high)) = (least.int(), most.int())
        && high < low
    {
        report.invalid(
            &most,
            &rules::REPLICAS,
            format!("{high} is below `minReplicas`, {low}"),
        );
    }
    let target = spec.get("scaleTargetRef");
    let core = target.get("kind").text() == "ReplicationController";
    check_object_reference(
        &target,
        if core {
            CoreGroup::Allowed
        } else {
            CoreGroup::Refused
        },
        report,
    );
    for metric in spec.get("metrics").items() {
        check_metric(&metric, report);
    }
    let behavior = spec.get("behavior");
    for direction in ["scaleUp", "scaleDown"] {
        check_scaling_rules(&behavior.get(direction), report);
    }
    // The first version of the API has one number instead of metrics; the conversion makes a metric of it.
    let share = spec.get("targetCPUUtilizationPercentage");
    if share.int().is_some_and(|number| number < 1) {
        let named = spec.get_as(
            "targetCPUUtilizationPercentage",
            "metrics[0].resource.target.averageUtilization",
        );
        report.in_range(&named, 1, i64::MAX);
    }
}

/// The treatment of references without an API group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CoreGroup {
    Allowed,
    Refused,
}

/// Checks a reference to an object (`ValidateCrossVersionObjectReference`).
fn check_object_reference(reference: &Field, core: CoreGroup, report: &mut Report) {
    for name in ["kind", "name"] {
        report.required_form(
            &reference.get(name),
            &rules::NAME_SYNTAX,
            TextForm::PathSegment,
        );
    }
    let version = reference.get("apiVersion");
    let text = version.text();
    if text.matches('/').count() > 1 {
        report.invalid(
            &version,
            &rules::API_VERSION,
            format!(
                "`{}` is no API version: expected `group/version`",
                shorten(text)
            ),
        );
    } else if core == CoreGroup::Refused
        && text
            .split_once('/')
            .is_none_or(|(group, _)| group.is_empty())
        && report.since(VERSIONS_CHECKED)
    {
        let message = format!(
            "`{}` has no group: expected one such as `apps/v1`",
            shorten(text)
        );
        report.invalid(&version, &rules::API_VERSION, message);
    }
}

/// Checks a metric (`validateMetricSpec`).
fn check_metric(metric: &Field, report: &mut Report) {
    let kind = metric.get("type");
    let types: Vec<&str> = METRICS.iter().map(|(_, name)| *name).collect();
    let expected = METRICS
        .iter()
        .find(|(_, name)| *name == kind.text())
        .map(|(member, _)| *member);
    if report.present(&kind) {
        report.exactly_one_of(&kind, &types);
    }
    let mut first = None;
    let mut several = false;
    for (member, _) in METRICS {
        let source = metric.get(member);
        if source.exists() {
            several |= first.is_some();
            if first.is_none() {
                first = Some(member);
                check_metric_source(&source, member, report);
            }
        }
    }
    if let Some(member) = expected
        && !metric.get(member).exists()
    {
        report.required(
            &metric.get(member),
            format!("missing: `type: {}` needs it", kind.text()),
        );
    }
    if several {
        for (member, _) in METRICS
            .iter()
            .filter(|(member, _)| Some(*member) != expected)
        {
            let source = metric.get(member);
            if source.exists() {
                report.forbidden(
                    &source,
                    &rules::METRIC,
                    format!("`{member}` beside another source: expected one"),
                );
            }
        }
    }
}

fn check_metric_source(source: &Field, member: &str, report: &mut Report) {
    let target = source.get("target");
    match member {
        "object" => {
            check_object_reference(&source.get("describedObject"), CoreGroup::Allowed, report);
        }
        "containerResource" => check_container_source(source, report),
        "resource" => {
            report.present(&source.get("name"));
        }
        _ => {}
    }
    if matches!(member, "object" | "external" | "pods") {
        let metric = source.get("metric");
        report.required_form(
            &metric.get("name"),
            &rules::NAME_SYNTAX,
            TextForm::PathSegment,
        );
    }
    check_target(&target, report);
    let (value, average, share) = (
        target.get("value"),
        target.get("averageValue"),
        target.get("averageUtilization"),
    );
    match member {
        "pods" if !average.exists() => {
            report.required(&average, "missing: an average of the pods is required");
        }
        "object" | "external" if !value.exists() && !average.exists() => {
            report.required(&average, "missing: `value` or `averageValue` is required");
        }
        "external" if value.exists() && average.exists() => {
            report.forbidden(
                &value,
                &rules::METRIC,
                "`value` beside `averageValue`: expected one",
            );
        }
        "resource" | "containerResource" if !share.exists() && !average.exists() => {
            report.required(
                &share,
                "missing: `averageUtilization` or `averageValue` is required",
            );
        }
        "resource" | "containerResource" if share.exists() && average.exists() => {
            report.forbidden(
                &average,
                &rules::METRIC,
                "`averageValue` beside `averageUtilization`: expected one",
            );
        }
        _ => {}
    }
}

fn check_container_source(source: &Field, report: &mut Report) {
    let name = source.get("name");
    if report.present(&name) {
        check_resource_name(&name, name.text(), ResourceOwner::Container, report);
    }
    report.required_form(
        &source.get("container"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
}

/// Checks the value that a metric is held at (`validateMetricTarget`).
fn check_target(target: &Field, report: &mut Report) {
    let kind = target.get("type");
    let types = ["Utilization", "Value", "AverageValue"];
    if report.present(&kind) && kind.value().is_string() && !types.contains(&kind.text()) {
        let message = format!(
            "`{}` is no type of target: expected {}",
            shorten(kind.text()),
            list_names(&types)
        );
        report.invalid(&kind, &rules::UNSUPPORTED_VALUE, message);
    }
    for name in ["value", "averageValue"] {
        let field = target.get(name);
        if check_quantity_syntax(&field, report).is_some_and(|quantity| !quantity.is_positive()) {
            report.invalid(
                &field,
                &rules::QUANTITY_VALUE,
                format!("{}: expected more than 0", field.value()),
            );
        }
    }
    report.in_range(&target.get("averageUtilization"), 1, i64::MAX);
}

/// Checks how fast is scaled (`validateScalingRules`); policies that are left out are filled in.
fn check_scaling_rules(behavior: &Field, report: &mut Report) {
    if !behavior.exists() {
        return;
    }
    report.in_range(&behavior.get("stabilizationWindowSeconds"), 0, WINDOW_MOST);
    report.exactly_one_of(&behavior.get("selectPolicy"), &["Disabled", "Max", "Min"]);
    let policies = behavior.get("policies");
    if policies.value().as_array().is_some_and(Vec::is_empty) {
        report.required(&policies, "an empty list: expected a policy, or no list");
    }
    for policy in policies.items() {
        let (kind, value, period) = (
            policy.get("type"),
            policy.get("value"),
            policy.get("periodSeconds"),
        );
        if kind.is_blank() {
            report.unsupported(&kind, "", &["Percent", "Pods"]);
        } else {
            report.exactly_one_of(&kind, &["Percent", "Pods"]);
        }
        report_absent_number(&value, report);
        report.in_range(&value, 1, i64::MAX);
        report_absent_number(&period, report);
        report.in_range(&period, 1, PERIOD_MOST);
    }
    let tolerance = behavior.get("tolerance");
    if Quantity::of(tolerance.value()).is_some_and(Quantity::is_negative) && report.since(35) {
        report.invalid(
            &tolerance,
            &rules::QUANTITY_VALUE,
            format!("{}: expected 0 or more", tolerance.value()),
        );
    }
}

fn report_absent_number(field: &Field, report: &mut Report) {
    if !field.exists() {
        report.invalid(field, &rules::NUMBER_RANGE, "missing: expected 1 or more");
    }
}
