//! ResourceQuotas and LimitRanges (`pkg/apis/core/validation/validation.go` `ValidateResourceQuotaSpec`,
//! `ValidateLimitRange`).

use crate::field::Field;
use crate::pods::resources::{
    ResourceOwner, allows_overcommit, check_amount, check_quantity_syntax, check_resource_name,
};
use crate::quantity::Quantity;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use std::cmp::Ordering;

/// Scopes and the resources that they can be combined with, beside resources with a domain.
const POD_RESOURCES: [&str; 7] = [
    "pods",
    "cpu",
    "memory",
    "limits.cpu",
    "limits.memory",
    "requests.cpu",
    "requests.memory",
];
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "VolumeAttributesClass",
    "CrossNamespacePodAffinity",
];
/// Scopes that exclude each other.
const OPPOSITES: [(&str, &str); 2] = [
    ("BestEffort", "NotBestEffort"),
    ("Terminating", "NotTerminating"),
];

/// Checks a ResourceQuota.
pub(crate) fn check_quota(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let hard = spec.get("hard");
    for (name, field) in hard.entries() {
        check_resource_name(&field, name, ResourceOwner::Quota, report);
        check_amount(&field, name, report);
    }
    let scopes = spec.get("scopes");
    for scope in scopes.items() {
        check_scope(&scope.unplaced(), scope.text(), &hard, report);
    }
    let listed = |name: &str| scopes.items().any(|scope| scope.text() == name);
    if OPPOSITES.iter().any(|(a, b)| listed(a) && listed(b)) {
        report.invalid(
            &scopes,
            &rules::QUOTA_SCOPE,
            "scopes that exclude each other",
        );
    }
    check_scope_selector(&spec, &hard, report);
}

/// Checks a scope and the resources beside it (`validateResourceQuotaScopes`).
fn check_scope(field: &Field, scope: &str, hard: &Field, report: &mut Report) {
    if !SCOPES.contains(&scope) {
        report.invalid(
            field,
            &rules::QUOTA_SCOPE,
            format!("`{}` is no scope of a quota", shorten(scope)),
        );
        return;
    }
    let unfit = hard.entries().find(|(name, _)| !fits_scope(scope, name));
    if let Some((name, _)) = unfit {
        let message = format!(
            "scope `{scope}` beside `{}`, which it does not apply to",
            shorten(name)
        );
        report.invalid(field, &rules::QUOTA_SCOPE, message);
    }
}

/// Tells that a scope applies to a resource (`IsResourceQuotaScopeValidForResource`).
fn fits_scope(scope: &str, name: &str) -> bool {
    if name.contains('/') {
        return true;
    }
    match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        _ => POD_RESOURCES.contains(&name),
    }
}

/// Checks a selector of scopes (`validateScopedResourceSelectorRequirement`).
fn check_scope_selector(spec: &Field, hard: &Field, report: &mut Report) {
    let selector = spec.get("scopeSelector");
    let list = selector.get("matchExpressions");
    for expression in list.items() {
        let place = expression.unplaced();
        let (name, operator, values) = (
            place.get("scopeName"),
            place.get("operator"),
            place.get("values"),
        );
        if SCOPES.contains(&name.text()) {
            check_scope(&place.get_as("scopeName", ""), name.text(), hard, report);
        } else {
            report.invalid(
                &name,
                &rules::QUOTA_SCOPE,
                format!("`{}` is no scope of a quota", shorten(name.text())),
            );
        }
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                report.required(&values, "missing: at least one value is required");
            }
            "Exists" | "DoesNotExist" if values.count() > 0 => {
                let message = format!("values beside `{}`, which takes none", operator.text());
                report.invalid(&values, &rules::SELECTOR_VALUES, message);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            text => {
                let message = format!(
                    "`{}` is no operator: expected `In`, `NotIn`, `Exists` or `DoesNotExist`",
                    shorten(text)
                );
                report.invalid(&operator, &rules::SELECTOR_OPERATOR, message);
            }
        }
        let alone = !matches!(name.text(), "PriorityClass" | "VolumeAttributesClass")
            && SCOPES.contains(&name.text());
        if alone && matches!(operator.text(), "In" | "NotIn" | "DoesNotExist") {
            let message = format!(
                "`{}` with scope `{}`: expected `Exists`",
                operator.text(),
                name.text()
            );
            report.invalid(&operator, &rules::QUOTA_SCOPE, message);
        }
    }
    let listed = |name: &str| {
        list.items()
            .any(|expression| expression.get("scopeName").text() == name)
    };
    if OPPOSITES.iter().any(|(a, b)| listed(a) && listed(b)) {
        report.invalid(&list, &rules::QUOTA_SCOPE, "scopes that exclude each other");
    }
}

/// The lists of amounts of a limit.
const LISTS: [&str; 5] = [
    "max",
    "min",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];

/// Pairs of amounts that are ordered: the one that is reported, the smaller and the larger.
const ORDERS: [(&str, &str, &str); 6] = [
    ("min", "min", "max"),
    ("defaultRequest", "min", "defaultRequest"),
    ("defaultRequest", "defaultRequest", "max"),
    ("defaultRequest", "defaultRequest", "default"),
    ("default", "min", "default"),
    ("default", "default", "max"),
];

/// Checks a LimitRange. Defaults that are left out are filled in from the maximum, for containers.
pub(crate) fn check_limit_range(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let mut types = Seen::new();
    for limit in spec.get("limits").items() {
        let kind = limit.get("type");
        check_limit_type(&kind, report);
        if !types.insert(kind.text()) {
            report.duplicate(
                &kind,
                &rules::LIMITS,
                format!(
                    "`{}` is the type of another limit too",
                    shorten(kind.text())
                ),
            );
        }
        check_limit(&limit, kind.text(), report);
    }
}

fn check_limit_type(kind: &Field, report: &mut Report) {
    let text = kind.text();
    let standard = matches!(text, "Pod" | "Container" | "PersistentVolumeClaim");
    if report.form_of(kind, text, &rules::LIMITS, TextForm::QualifiedName)
        && !text.contains('/')
        && !standard
    {
        let message = format!(
            "`{}` is no type: expected `Pod`, `Container` or `PersistentVolumeClaim`",
            shorten(text)
        );
        report.invalid(kind, &rules::LIMITS, message);
    }
}

fn check_limit(limit: &Field, kind: &str, report: &mut Report) {
    let owner = if matches!(kind, "Pod" | "Container") {
        ResourceOwner::Container
    } else {
        ResourceOwner::Any
    };
    for list in LISTS {
        let amounts = limit.get(list);
        if kind == "Pod" && list.starts_with("default") && amounts.count() > 0 {
            report.forbidden(
                &amounts,
                &rules::LIMITS,
                "defaults for pods: expected them for `Container`",
            );
            continue;
        }
        for (name, field) in amounts.entries() {
            check_resource_name(&field, name, owner, report);
            check_quantity_syntax(&field, report);
        }
    }
    if kind == "PersistentVolumeClaim"
        && !["min", "max"]
            .iter()
            .any(|list| limit.get(list).key("storage").exists())
    {
        report.required(
            &limit.label("limits"),
            "missing: `min.storage` or `max.storage` is required",
        );
    }
    check_orders(limit, kind, report);
    check_ratios(limit, report);
}

/// Returns an amount of a limit, as the API server fills it in for containers.
fn amount(limit: &Field, list: &str, name: &str, kind: &str) -> Option<Quantity> {
    let of = |list: &str| {
        limit
            .value()
            .get(list)
            .and_then(|amounts| amounts.get(name))
            .and_then(Quantity::of)
    };
    let own = of(list);
    if own.is_some() || kind != "Container" {
        return own;
    }
    match list {
        "default" => of("max"),
        "defaultRequest" => of("default").or_else(|| of("min")).or_else(|| of("max")),
        _ => None,
    }
}

fn check_orders(limit: &Field, kind: &str, report: &mut Report) {
    for (told, lower, upper) in ORDERS {
        if kind == "Pod" && (lower.starts_with("default") || upper.starts_with("default")) {
            continue;
        }
        for (name, _) in limit.get(lower).entries().chain(limit.get(upper).entries()) {
            let (low, high) = (
                amount(limit, lower, name, kind),
                amount(limit, upper, name, kind),
            );
            if let (Some(low), Some(high)) = (low, high)
                && low.compare(high) == Ordering::Greater
            {
                let list = limit.get(told);
                let message = format!("`{lower}` of `{}` is above `{upper}`", shorten(name));
                report.invalid(&list.key(name), &rules::LIMITS, message);
            }
        }
    }
    let (limits, requests) = (limit.get("default"), limit.get("defaultRequest"));
    for (name, _) in limits.entries() {
        let (most, asked) = (
            amount(limit, "default", name, kind),
            amount(limit, "defaultRequest", name, kind),
        );
        let differ = most
            .zip(asked)
            .is_some_and(|(a, b)| a.compare(b) != Ordering::Equal);
        if differ && !allows_overcommit(name) && kind != "Pod" {
            let message = format!(
                "`default` and `defaultRequest` of `{}` differ: expected the same",
                shorten(name)
            );
            report.invalid(&requests.key(name), &rules::LIMITS, message);
        }
    }
}

/// Checks how far limits may lie above requests.
fn check_ratios(limit: &Field, report: &mut Report) {
    for (name, field) in limit.get("maxLimitRequestRatio").entries() {
        let Some(ratio) = Quantity::of(field.value()) else {
            continue;
        };
        if ratio.compare(Quantity::one()) == Ordering::Less {
            report.invalid(
                &field,
                &rules::LIMITS,
                format!("{}: expected 1 or more", field.value()),
            );
            continue;
        }
        let of = |list: &str| limit.get(list).value().get(name).and_then(Quantity::of);
        if let (Some(least), Some(most)) = (of("min"), of("max"))
            && !least.is_zero()
            && (least.is_negative()
                || least.milli().saturating_mul(ratio.milli()) > most.milli().saturating_mul(1000))
        {
            report.invalid(
                &field,
                &rules::LIMITS,
                format!("{} is above `max` divided by `min`", field.value()),
            );
        }
    }
}
