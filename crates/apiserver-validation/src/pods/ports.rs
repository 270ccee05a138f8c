//! Ports of containers (`validateContainerPorts`, `AccumulateUniqueHostPorts`).

use super::{PodFacts, PodSubject};
use crate::field::Field;
use crate::list_keys::check_unique_ports;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use serde_json::Value;

/// Protocols of ports.
pub(crate) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// Checks the ports of a container.
pub(super) fn check_ports(ports: &Field, report: &mut Report) {
    check_unique_ports(ports, report);
    let mut names = Seen::new();
    for port in ports.items() {
        let name = port.get("name");
        if !name.is_blank()
            && report.form(&name, &rules::PORT_NAME, TextForm::PortName)
            && !names.insert(name.text())
        {
            let message = format!(
                "`{}` is the name of another port of the container too",
                shorten(name.text())
            );
            report.duplicate(&name, &rules::DUPLICATE_NAME, message);
        }
        let number = port.get("containerPort");
        if number.exists() && number.int() != Some(0) {
            report.port_number(&number);
        } else {
            report.required(&number, "missing: the number of a port is required");
        }
        let host_port = port.get("hostPort");
        if host_port.int() != Some(0) {
            report.port_number(&host_port);
        }
        report.one_of(&port.get("protocol"), &PROTOCOLS);
    }
}

/// A port of a node, as the API server compares them.
type DeclaredHostPort<'v> = (i64, &'v str, &'v str);

/// Refuses ports of a container on the node that another container has.
pub(super) fn check_host_ports<'v>(
    container: &Field<'v, '_>,
    facts: &PodFacts<'v, '_>,
    taken: &mut Seen<DeclaredHostPort<'v>>,
    report: &mut Report,
) {
    for port in container.get("ports").items() {
        let field = port.get("hostPort");
        let number = match field.int() {
            Some(number) if number != 0 => number,
            // The API server fills in the container's port for a pod on the network of its node.
            _ if facts.has_host_network() && facts.subject == PodSubject::Pod => {
                port.get("containerPort").int().unwrap_or_default()
            }
            _ => 0,
        };
        let key = (
            number,
            port.get("protocol").text_or("TCP"),
            port.get("hostIP").text(),
        );
        if number != 0 && !taken.insert(key) {
            report.duplicate(
                &field,
                &rules::DUPLICATE_PORT,
                format!("port {number} of the node is taken by another port"),
            );
        }
    }
}

/// Checks the number or the name of a port; absent is the number 0 (`ValidatePortNumOrName`).
pub(crate) fn check_port_or_name(port: &Field, report: &mut Report) {
    match port.value() {
        Value::Null => report.invalid(
            port,
            &rules::PORT_RANGE,
            "missing: expected a port, 1 to 65535, or its name",
        ),
        Value::String(_) => {
            report.form(port, &rules::PORT_NAME, TextForm::PortName);
        }
        _ => report.port_number(port),
    }
}
