//! Updates of Services (`ValidateServiceUpdate`).

use super::{ObjectUpdate, report_change};
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::violation::Cause;

/// Checks a Service: addresses and their first family stay. What the new object leaves out is kept by the API server.
pub(super) fn check_service(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get("spec"));
    let (before, after) = (
        old.get("type").text_or("ClusterIP"),
        new.get("type").text_or("ClusterIP"),
    );
    if before != "ExternalName" && after != "ExternalName" {
        check_address(&old, &new, report);
        check_family(&old, &new, report);
    }
    if before == "LoadBalancer" && after == "LoadBalancer" {
        let class = new.get("loadBalancerClass");
        if class.value() != old.get("loadBalancerClass").value() {
            report_change(&class, "loadBalancerClass", Cause::Invalid, report);
        }
        check_health_port(&old, &new, report);
    }
}

fn address<'v>(spec: &Field<'v, '_>) -> &'v str {
    let single = spec.get("clusterIP").text();
    if single.is_empty() {
        spec.get("clusterIPs")
            .items()
            .next()
            .map_or("", |ip| ip.text())
    } else {
        single
    }
}

/// Refuses another address, also one that is given to a Service which had none given.
fn check_address(old: &Field, new: &Field, report: &mut Report) {
    let (before, after) = (address(old), address(new));
    if after.is_empty() || before == after {
        return;
    }
    let field = new.get_as("clusterIP", "clusterIPs[0]");
    let former = if before.is_empty() {
        "one that the API server chose"
    } else {
        before
    };
    let message = format!(
        "`{}` replaces `{}`: the address of a Service cannot be changed, expected it as it was or left out",
        shorten(after),
        shorten(former)
    );
    report.invalid(&field, &rules::IMMUTABLE, message);
}

fn check_family(old: &Field, new: &Field, report: &mut Report) {
    let first = |spec: &Field| {
        spec.get("ipFamilies")
            .items()
            .next()
            .map(|family| family.text().to_owned())
    };
    let headless = address(old) == "None" || address(new) == "None";
    if let (Some(before), Some(after)) = (first(old), first(new))
        && before != after
        && !headless
    {
        let families = new.get("ipFamilies");
        for family in families.items().take(1) {
            report_change(&family, "ipFamilies", Cause::Invalid, report);
        }
    }
}

fn check_health_port(old: &Field, new: &Field, report: &mut Report) {
    let local = |spec: &Field| spec.get("externalTrafficPolicy").text() == "Local";
    let (before, after) = (
        old.get("healthCheckNodePort"),
        new.get("healthCheckNodePort"),
    );
    if local(old)
        && local(new)
        && before.int().is_some()
        && after.int().is_some()
        && before.int() != after.int()
    {
        report_change(&after, "healthCheckNodePort", Cause::Forbidden, report);
    }
}
