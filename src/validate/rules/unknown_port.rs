//! The ports that Services, Routes, Ingresses, monitors and probes name are there.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

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
        let faults = find_port_faults(object, view.pod_sets());
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
