//! Requests, limits and claims of resources (`validateResourceRequirements`, `validateContainerResourceName`,
//! `pkg/apis/core/helper/helpers.go`).

use super::PodFacts;
use crate::field::Field;
use crate::quantity::Quantity;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use crate::violation::Cause;
use serde_json::Value;
use std::cmp::Ordering;

/// Resources that are counted (`integerResources`).
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Resources without a domain that Kubernetes knows, beside the counted ones (`standardResources`).
const MEASURED: [&str; 11] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "storage",
    "requests.storage",
];

/// Objects that name resources: each has a set of permitted names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceOwner {
    /// A container, the overhead of a pod or a limit for containers.
    Container,
    /// A pod as a whole.
    Pod,
    /// A ResourceQuota.
    Quota,
    /// Anything else.
    Any,
}

/// Tells that a name stands for huge pages.
pub(crate) fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Tells that a resource belongs to Kubernetes (`IsNativeResource`).
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Tells that a resource belongs to a device plugin (`IsExtendedResourceName`).
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && TextForm::QualifiedName.accepts(&format!("requests.{name}"))
}

/// Tells that requests may be lower than limits (`IsOvercommitAllowed`).
pub(crate) fn allows_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

fn is_standard(name: &str) -> bool {
    COUNTED.contains(&name)
        || MEASURED.contains(&name)
        || is_huge_page(name)
        || name.starts_with("requests.hugepages-")
}

/// Checks the name of a resource; the field is its quantity.
pub(crate) fn check_resource_name(
    field: &Field,
    name: &str,
    owner: ResourceOwner,
    report: &mut Report,
) {
    if !report.form_of(field, name, &rules::RESOURCE_NAME, TextForm::QualifiedName) {
        return;
    }
    let has_domain = name.contains('/');
    let for_containers =
        ["cpu", "memory", "ephemeral-storage"].contains(&name) || is_huge_page(name);
    let (fits, expected) = match owner {
        ResourceOwner::Container if has_domain => (
            is_native(name) || is_extended(name),
            "a resource of a device plugin",
        ),
        ResourceOwner::Container => (
            for_containers,
            "`cpu`, `memory`, `ephemeral-storage`, `hugepages-…` or a resource with a domain",
        ),
        ResourceOwner::Pod => (
            ["cpu", "memory"].contains(&name) || is_huge_page(name),
            "`cpu`, `memory` or `hugepages-…`",
        ),
        ResourceOwner::Quota => (
            has_domain || (is_standard(name) && name != "storage"),
            "a resource that quotas count, such as `requests.cpu`",
        ),
        ResourceOwner::Any => (
            has_domain || is_standard(name),
            "a resource of Kubernetes or one with a domain",
        ),
    };
    if !fits {
        let cause = if owner == ResourceOwner::Pod {
            Cause::NotSupported
        } else {
            Cause::Invalid
        };
        report.add(
            field,
            cause,
            &rules::RESOURCE_NAME,
            format!(
                "`{}` is no resource here: expected {expected}",
                shorten(name)
            ),
        );
    }
}

/// Refuses a text that is no quantity; another type is the schema's matter.
pub(crate) fn check_quantity_syntax(field: &Field, report: &mut Report) -> Option<Quantity> {
    let quantity = Quantity::of(field.value());
    if let (None, Value::String(text)) = (quantity, field.value()) {
        let message = format!(
            "`{}` is no quantity: expected a number with a unit such as `500m`, `2`, `1Gi`",
            shorten(text)
        );
        report.add(field, Cause::Malformed, &rules::QUANTITY_SYNTAX, message);
    }
    quantity
}

/// Checks the amount of a resource (`ValidateResourceQuantityValue`).
pub(crate) fn check_amount(field: &Field, name: &str, report: &mut Report) -> Option<Quantity> {
    let quantity = check_quantity_syntax(field, report)?;
    if quantity.is_negative() {
        let message = format!("{} is negative: expected 0 or more", field.value());
        report.invalid(field, &rules::QUANTITY_VALUE, message);
    }
    if (COUNTED.contains(&name) || is_extended(name)) && !quantity.is_whole() {
        let message = format!(
            "{} of `{}`: expected a whole number",
            field.value(),
            shorten(name)
        );
        report.invalid(field, &rules::QUANTITY_VALUE, message);
    }
    Some(quantity)
}

/// Checks requests and limits.
pub(crate) fn check_requirements(resources: &Field, owner: ResourceOwner, report: &mut Report) {
    let (limits, requests) = (resources.get("limits"), resources.get("requests"));
    let (mut computes, mut huge_pages) = (false, false);
    for list in [&limits, &requests] {
        for (name, field) in list.entries() {
            check_resource_name(&field, name, owner, report);
            let quantity = check_amount(&field, name, report);
            computes |= matches!(name, "cpu" | "memory");
            if is_huge_page(name) {
                huge_pages = true;
                check_huge_pages(&field, name, quantity, report);
            }
        }
    }
    for (name, field) in requests.entries() {
        check_request(&field, name, &limits, report);
    }
    if huge_pages && !computes {
        report.forbidden(
            resources,
            &rules::HUGE_PAGES,
            "huge pages alone: expected `cpu` or `memory` beside them",
        );
    }
}

/// Requires whole pages (`validateResourceQuantityHugePageValue`).
fn check_huge_pages(field: &Field, name: &str, quantity: Option<Quantity>, report: &mut Report) {
    let Some(quantity) = quantity else { return };
    let size = name.strip_prefix("hugepages-").and_then(Quantity::parse);
    let fits = size.is_some_and(|size| {
        size.whole() > 0 && quantity.whole() >= size.whole() && quantity.whole() % size.whole() == 0
    });
    if !fits {
        let message = format!(
            "{} is no multiple of the size of `{}`",
            field.value(),
            shorten(name)
        );
        report.invalid(field, &rules::HUGE_PAGES, message);
    }
}

/// Compares a request with its limit. Kubernetes' path names the list of requests, or that of limits.
fn check_request(field: &Field, name: &str, limits: &Field, report: &mut Report) {
    let limit = limits.key(name);
    if !limit.exists() {
        if !allows_overcommit(name) {
            let message = format!(
                "`{}` has a request and no limit: expected both, equal",
                shorten(name)
            );
            report.required(&limit.unplaced(), message);
        }
        return;
    }
    let (Some(request), Some(most)) = (Quantity::of(field.value()), Quantity::of(limit.value()))
    else {
        return;
    };
    let order = request.compare(most);
    let (asked, allowed) = (field.value(), limit.value());
    if order != Ordering::Equal && !allows_overcommit(name) {
        let message = format!(
            "request {asked} and limit {allowed} of `{}` differ: expected the same",
            shorten(name)
        );
        report.invalid(&field.unplaced(), &rules::REQUEST_OVER_LIMIT, message);
    } else if order == Ordering::Greater {
        let message = format!(
            "request {asked} of `{}` is above its limit {allowed}",
            shorten(name)
        );
        report.invalid(&field.unplaced(), &rules::REQUEST_OVER_LIMIT, message);
    }
}

/// Checks the resources of a container.
pub(super) fn check_container_resources(container: &Field, facts: &PodFacts, report: &mut Report) {
    let resources = container.get("resources");
    check_requirements(&resources, ResourceOwner::Container, report);
    let claims = facts.spec.get("resourceClaims");
    let mut names = Seen::new();
    for claim in resources.get("claims").items() {
        let (name, request) = (claim.get("name").text(), claim.get("request"));
        if name.is_empty() {
            report.required(&claim, "a claim without `name`");
            continue;
        }
        report.form_if_set(&request, &rules::NAME_SYNTAX, TextForm::DnsLabel);
        if !names.insert((name, request.text()))
            || (!request.is_blank() && names.contains((name, "")))
        {
            let message = format!("`{}` is claimed twice", shorten(name));
            report.duplicate(&claim, &rules::RESOURCE_CLAIM, message);
        }
        if !claims.items().any(|known| known.get("name").text() == name) {
            let message = format!(
                "`{}` is no claim of the pod: expected the name of one under `resourceClaims`",
                shorten(name)
            );
            report.add(&claim, Cause::NotFound, &rules::RESOURCE_CLAIM, message);
        }
    }
}

/// Checks the overhead of a pod.
pub(crate) fn check_overhead(overhead: &Field, report: &mut Report) {
    let limits = overhead.label("limits");
    let (mut computes, mut huge_pages) = (false, false);
    for (name, field) in limits.entries() {
        check_resource_name(&field, name, ResourceOwner::Container, report);
        let quantity = check_amount(&field, name, report);
        computes |= matches!(name, "cpu" | "memory");
        if is_huge_page(name) {
            huge_pages = true;
            check_huge_pages(&field, name, quantity, report);
        }
    }
    if huge_pages && !computes {
        report.forbidden(
            overhead,
            &rules::HUGE_PAGES,
            "huge pages alone: expected `cpu` or `memory` beside them",
        );
    }
}

/// Checks the resources of a pod as a whole, from Kubernetes 1.34 on (`validatePodResources`).
pub(super) fn check_pod_resources(spec: &Field, report: &mut Report) {
    let resources = spec.get("resources");
    if !resources.exists() || !report.since(34) {
        return;
    }
    let claims = resources.get("claims");
    if claims.exists() {
        report.forbidden(
            &claims,
            &rules::RESOURCE_CLAIM,
            "claims of a pod as a whole: expected them in containers",
        );
    }
    check_requirements(&resources, ResourceOwner::Pod, report);
    check_aggregate(spec, &resources, report);
    let limits = resources.get("limits");
    for (place, container) in spec.get("containers").items().enumerate() {
        let own = container.get("resources");
        for (name, limit) in own.get("limits").entries() {
            let most = limits.key(name);
            let (Some(asked), Some(allowed)) =
                (Quantity::of(limit.value()), Quantity::of(most.value()))
            else {
                continue;
            };
            if asked.compare(allowed) == Ordering::Greater {
                let label = format!("containers[{place}][{name}].limits");
                let message = format!(
                    "limit {} of a container is above the pod's limit {}",
                    limit.value(),
                    most.value()
                );
                report.invalid(
                    &resources.label(&label),
                    &rules::REQUEST_OVER_LIMIT,
                    message,
                );
            }
        }
    }
}

/// Requires the pod's requests to cover those of its containers (`validatePodResourceConsistency`).
fn check_aggregate(spec: &Field, resources: &Field, report: &mut Report) {
    for (name, field) in resources.get("requests").entries() {
        let Some(whole) = Quantity::of(field.value()) else {
            continue;
        };
        let sidecars = spec.get("initContainers");
        let containers = spec.get("containers");
        let beside = sidecars
            .items()
            .filter(|c| c.get("restartPolicy").text() == "Always");
        let amount = |c: &Field| {
            c.value()
                .pointer("/resources/requests")?
                .get(name)
                .and_then(Quantity::of)
        };
        let sum = containers
            .items()
            .chain(beside)
            .filter_map(|c| amount(&c))
            .reduce(Quantity::plus);
        if let Some(sum) = sum
            && sum.compare(whole) == Ordering::Greater
        {
            let message = format!(
                "{} for the pod is below the requests of its containers together",
                field.value()
            );
            report.invalid(&field, &rules::REQUEST_OVER_LIMIT, message);
        }
    }
}

/// Checks claims of devices (`validatePodResourceClaim`).
pub(super) fn check_pod_claims(claims: &Field, report: &mut Report) {
    let mut names = Seen::new();
    for claim in claims.items() {
        let name = claim.get("name");
        if report.required_form(&name, &rules::NAME_SYNTAX, TextForm::DnsLabel)
            && !names.insert(name.text())
        {
            report.duplicate(
                &name,
                &rules::DUPLICATE_NAME,
                format!(
                    "`{}` is the name of another claim too",
                    shorten(name.text())
                ),
            );
        }
        let (own, template) = (
            claim.get("resourceClaimName"),
            claim.get("resourceClaimTemplateName"),
        );
        if own.exists() == template.exists() {
            let message = "expected one of `resourceClaimName` and `resourceClaimTemplateName`";
            report.invalid(&claim, &rules::RESOURCE_CLAIM, message);
        }
        report.form(&own, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
        report.form(&template, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
}

/// Checks what a resize of a container does (`validateResizePolicy`).
pub(super) fn check_resize_policy(container: &Field, facts: &PodFacts, report: &mut Report) {
    let mut names = Seen::new();
    for policy in container.get("resizePolicy").items() {
        let (name, restart) = (policy.get("resourceName"), policy.get("restartPolicy"));
        if !name.is_blank() && !names.insert(name.text()) {
            report.duplicate(
                &policy,
                &rules::DUPLICATE_NAME,
                format!("a second policy for `{}`", shorten(name.text())),
            );
        }
        let place = policy.unplaced();
        for (member, values) in [
            ("resourceName", ["cpu", "memory"]),
            ("restartPolicy", ["NotRequired", "RestartContainer"]),
        ] {
            let field = place.get_as(member, "");
            if report.present(&field) {
                report.exactly_one_of(&field, &values);
            }
        }
        if facts.restart_policy == "Never" && restart.text() == "RestartContainer" {
            let message =
                "`RestartContainer` in a pod with `restartPolicy: Never`: expected `NotRequired`";
            report.invalid(
                &place.get_as("restartPolicy", ""),
                &rules::RESTART_POLICY,
                message,
            );
        }
    }
}
