//! The ports that Services, Routes, Ingresses, monitors and probes name are there.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::ports::{PortFaultClass, find_port_faults};
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-port",
        severity: Severity::Error,
        summary: "a port is named that the target does not have",
        explain: include_str!("../../../docs/rules/unknown-port.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_ports(view, &RULE.rule, PortFaultClass::Absent, found);
}

/// Reports the faults of a class under a rule.
pub(super) fn report_ports(
    view: &View<'_>,
    rule: &Rule,
    class: PortFaultClass,
    found: &mut Diagnostics,
) {
    for (instance, object) in view.objects() {
        if names_refused_port(view, object) {
            continue;
        }
        let mut faults = find_port_faults(object, view.pod_sets());
        faults.retain(|fault| !view.is_refused_at(object, &fault.pointer));
        for fault in faults.into_iter().filter(|fault| fault.class == class) {
            let place = FieldPlace {
                instance,
                object,
                field: &fault.pointer,
            };
            let report = view.report_at(rule, place, fault.message);
            found.push(report.help(fault.help));
        }
    }
}

/// Tells whether the API server refuses the name of a port of the object: what names the port is right.
fn names_refused_port(view: &View<'_>, object: &Object) -> bool {
    let mut refused = view.list_refused_fields(object);
    refused.any(|field| field.as_str().contains("/ports/") && field.as_str().ends_with("/name"))
}
