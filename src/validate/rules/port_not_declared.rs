//! The ports of a Service are declared by the pods that it selects.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use super::unknown_port::report_ports;
use crate::validate::CheckedRule;
use crate::validate::ports::PortFaultClass;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "port-not-declared",
        severity: Severity::Warning,
        summary: "a Service leads to ports that no container declares",
        explain: include_str!("../../../docs/rules/port-not-declared.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    report_ports(view, &RULE.rule, PortFaultClass::Undeclared, found);
}
