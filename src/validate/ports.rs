//! Ports that objects name in others, and in their own containers, and that are not there.

use std::collections::BTreeSet;

use kubernetes_vocabulary::LabelSelector;
use pointer_diagnostics::Pointer;
use serde_json::Value;

use super::between::{PodPort, SitePodSets};
use super::selectors::{read_label_map, read_selector};
use crate::manifest::Object;
use crate::nearest::nearest;

/// A port that leads nowhere.
pub(super) struct PortFault {
    pub(super) class: PortFaultClass,
    /// The field that names the port.
    pub(super) pointer: Pointer,
    pub(super) message: String,
    pub(super) help: String,
}

/// The certainty that a port leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortFaultClass {
    /// Nothing has it.
    Absent,
    /// No container declares it, and a process may listen on it all the same.
    Undeclared,
}

/// A port of a Service.
struct ServicePort<'a> {
    name: Option<&'a str>,
    number: Option<u64>,
    target: PortTarget<'a>,
}

/// A port as it is named: by a name or a number.
#[derive(Clone, Copy)]
enum PortTarget<'a> {
    Name(&'a str),
    Number(u64),
    Unreadable,
}

/// The fields of a pod's specification in the built-in workloads.
const POD_SPECS: &[&str] = &[
    "/spec",
    "/spec/template/spec",
    "/spec/jobTemplate/spec/template/spec",
];
/// The actions of a container that name a port.
const ACTIONS: &[&str] = &[
    "/livenessProbe/httpGet",
    "/livenessProbe/tcpSocket",
    "/readinessProbe/httpGet",
    "/readinessProbe/tcpSocket",
    "/startupProbe/httpGet",
    "/startupProbe/tcpSocket",
    "/lifecycle/postStart/httpGet",
    "/lifecycle/postStart/tcpSocket",
    "/lifecycle/preStop/httpGet",
    "/lifecycle/preStop/tcpSocket",
];

/// Finds the ports of an object that lead nowhere.
pub(super) fn find_port_faults(object: &Object, pods: &SitePodSets<'_>) -> Vec<PortFault> {
    let mut faults = find_action_faults(object);
    let Some(namespace) = object.namespace() else {
        return faults;
    };
    match (object.group(), object.kind()) {
        ("", "Service") => faults.extend(find_service_faults(object, namespace, pods)),
        ("route.openshift.io", "Route") => faults.extend(find_route_fault(object, namespace, pods)),
        ("networking.k8s.io", "Ingress") => {
            faults.extend(find_ingress_faults(object, namespace, pods));
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            let selector = read_selector(object.get("/spec/podSelector"));
            let names = list_fields(object, "/spec/ingress", "/ports", "/port");
            faults.extend(find_pod_port_faults(selector, namespace, pods, names));
        }
        ("monitoring.coreos.com", "PodMonitor")
            if object.get("/spec/namespaceSelector").is_none() =>
        {
            let selector = read_selector(object.get("/spec/selector"));
            let names = list_fields(object, "/spec/podMetricsEndpoints", "", "/port");
            faults.extend(find_pod_port_faults(selector, namespace, pods, names));
        }
        ("monitoring.coreos.com", "ServiceMonitor") => {
            faults.extend(find_monitor_faults(object, namespace, pods));
        }
        _ => {}
    }
    faults
}

/// Finds probes and hooks that name a port which their own container does not declare.
fn find_action_faults(object: &Object) -> Vec<PortFault> {
    let mut faults = Vec::new();
    for spec in POD_SPECS {
        for list in ["containers", "initContainers"] {
            let at = Pointer::parse(*spec).at(list);
            let containers = object.get(at.as_str()).and_then(Value::as_array);
            for (index, container) in containers.into_iter().flatten().enumerate() {
                find_container_faults(container, &at.at(index), &mut faults);
            }
        }
    }
    faults
}

fn find_container_faults(container: &Value, at: &Pointer, faults: &mut Vec<PortFault>) {
    let names: BTreeSet<&str> = container
        .get("ports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|port| port.get("name")?.as_str())
        .collect();
    for action in ACTIONS {
        let place = Pointer::parse(format!("{action}/port"));
        let written = container.pointer(place.as_str()).and_then(Value::as_str);
        let Some(name) = written.filter(|name| !names.contains(name) && !is_number(name)) else {
            continue;
        };
        let who = container
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("container");
        faults.push(PortFault {
            class: PortFaultClass::Absent,
            pointer: at.join(&place),
            message: format!("the container `{who}` has no port named `{name}`"),
            help: suggest(
                name,
                names.iter().copied(),
                "declare it under the container's `ports`, or write its number",
            ),
        });
    }
}

/// Finds ports of a Service that none of its pods has.
fn find_service_faults(object: &Object, namespace: &str, pods: &SitePodSets<'_>) -> Vec<PortFault> {
    let selector = read_label_map(object.get("/spec/selector"));
    let Some(ports) = selector.and_then(|s| ports_of_selected(&s, namespace, pods)) else {
        return Vec::new();
    };
    let (mut faults, mut declared) = (Vec::new(), 0);
    for (index, port) in read_service_ports(object).iter().enumerate() {
        let at = Pointer::parse("/spec/ports").at(index);
        match port.target {
            PortTarget::Name(name) if !has_name(&ports, name) => faults.push(PortFault {
                class: PortFaultClass::Absent,
                pointer: at.at("targetPort"),
                message: format!(
                    "no container that the Service `{}` selects has a port named `{name}`",
                    object.name()
                ),
                help: suggest(
                    name,
                    list_names(&ports),
                    "name a port of the pods' containers, or write its number",
                ),
            }),
            PortTarget::Number(number) if !has_number(&ports, number) => faults.push(PortFault {
                class: PortFaultClass::Undeclared,
                pointer: match object.get(at.at("targetPort").as_str()) {
                    Some(_) => at.at("targetPort"),
                    None => at.at("port"),
                },
                message: format!(
                    "no container that the Service `{}` selects declares the port {number}",
                    object.name()
                ),
                help: format!(
                    "they declare {}: write one of them, or declare it there",
                    describe(&ports)
                ),
            }),
            _ => declared += 1,
        }
    }
    if declared > 0 || ports.is_empty() {
        faults.retain(|fault| fault.class == PortFaultClass::Absent);
    }
    faults
}

/// Finds the port of a Route among those of its Service: by the port's name, or by the number on which the pods listen.
fn find_route_fault(object: &Object, namespace: &str, pods: &SitePodSets<'_>) -> Option<PortFault> {
    let pointer = Pointer::parse("/spec/port/targetPort");
    let written = read_target(object.get(pointer.as_str())?);
    let service = object.get("/spec/to/name")?.as_str()?;
    let known = pods.service(namespace, service)?;
    let ports = read_service_ports(known);
    let selector = read_label_map(known.get("/spec/selector"));
    let of_pods = selector.and_then(|s| ports_of_selected(&s, namespace, pods));
    let is_there = |port: &ServicePort<'_>| match (written, port.target) {
        (PortTarget::Name(name), _) => port.name == Some(name),
        (PortTarget::Number(number), PortTarget::Number(target)) => number == target,
        (PortTarget::Number(number), PortTarget::Name(name)) => match &of_pods {
            Some(known) => known
                .iter()
                .any(|p| p.name.as_deref() == Some(name) && p.number == Some(number)),
            None => true,
        },
        _ => true,
    };
    if ports.iter().any(is_there) {
        return None;
    }
    let (message, help) = match written {
        PortTarget::Name(name) => (
            format!("the Service `{service}` has no port named `{name}`"),
            suggest(name, ports.iter().filter_map(|p| p.name), "name a port of the Service, or leave `port` out where it has one"),
        ),
        _ => (
            format!("no port of the Service `{service}` leads to the port {} of its pods", number_of(written)),
            "a Route names the Service's port by its name, or the port on which the pods listen by its number".to_owned(),
        ),
    };
    Some(PortFault {
        class: PortFaultClass::Absent,
        pointer,
        message,
        help,
    })
}

fn find_ingress_faults(object: &Object, namespace: &str, pods: &SitePodSets<'_>) -> Vec<PortFault> {
    let mut places = vec![Pointer::parse("/spec/defaultBackend/service")];
    let rules = object.get("/spec/rules").and_then(Value::as_array);
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        let paths = rule.pointer("/http/paths").and_then(Value::as_array);
        for number in 0..paths.map_or(0, Vec::len) {
            let at = Pointer::parse("/spec/rules")
                .at(index)
                .at("http")
                .at("paths");
            places.push(at.at(number).at("backend").at("service"));
        }
    }
    let backends = places.iter();
    backends
        .filter_map(|at| find_backend_fault(object, at, namespace, pods))
        .collect()
}

fn find_backend_fault(
    object: &Object,
    at: &Pointer,
    namespace: &str,
    pods: &SitePodSets<'_>,
) -> Option<PortFault> {
    let backend = object.get(at.as_str())?;
    let service = backend.get("name")?.as_str()?;
    let ports = read_service_ports(pods.service(namespace, service)?);
    let field = |key: &str| backend.pointer(&format!("/port/{key}"));
    if let Some(name) = field("name").and_then(Value::as_str) {
        let is_there = ports.iter().any(|port| port.name == Some(name));
        return (!is_there).then(|| PortFault {
            class: PortFaultClass::Absent,
            pointer: at.at("port").at("name"),
            message: format!("the Service `{service}` has no port named `{name}`"),
            help: suggest(
                name,
                ports.iter().filter_map(|p| p.name),
                "name a port of the Service",
            ),
        });
    }
    let number = field("number").and_then(Value::as_u64)?;
    let is_there = ports.iter().any(|port| port.number == Some(number));
    let numbers: Vec<String> = ports
        .iter()
        .filter_map(|p| Some(p.number?.to_string()))
        .collect();
    (!is_there).then(|| PortFault {
        class: PortFaultClass::Absent,
        pointer: at.at("port").at("number"),
        message: format!("the Service `{service}` has no port {number}"),
        help: format!(
            "it has {}; an Ingress names the Service's own `port`, not its `targetPort`",
            numbers.join(", ")
        ),
    })
}

/// Finds the ports of a ServiceMonitor that no Service which it selects has.
fn find_monitor_faults(object: &Object, namespace: &str, pods: &SitePodSets<'_>) -> Vec<PortFault> {
    let selector = read_selector(object.get("/spec/selector"));
    let is_elsewhere = object.get("/spec/namespaceSelector").is_some();
    let Some(selector) = selector.filter(|_| !is_elsewhere && pods.knows_services_of(namespace))
    else {
        return Vec::new();
    };
    let selected = pods
        .services(namespace)
        .filter(|s| s.is_selected_by(&selector));
    let ports: Vec<ServicePort<'_>> = selected
        .flat_map(|s| read_service_ports(s.object))
        .collect();
    let names: BTreeSet<&str> = ports.iter().filter_map(|port| port.name).collect();
    let mut faults = Vec::new();
    for (pointer, name) in list_fields(object, "/spec/endpoints", "", "/port") {
        if !ports.is_empty() && !names.contains(name) {
            faults.push(PortFault {
                class: PortFaultClass::Absent,
                pointer,
                message: format!(
                    "no Service that the ServiceMonitor `{}` selects has a port named `{name}`",
                    object.name()
                ),
                help: suggest(
                    name,
                    names.iter().copied(),
                    "name a port of the Service; a port of the pods is `targetPort`",
                ),
            });
        }
    }
    faults
}

/// Finds named ports that none of the selected pods has.
fn find_pod_port_faults(
    selector: Option<LabelSelector>,
    namespace: &str,
    pods: &SitePodSets<'_>,
    written: Vec<(Pointer, &str)>,
) -> Vec<PortFault> {
    let Some(ports) = selector.and_then(|s| ports_of_selected(&s, namespace, pods)) else {
        return Vec::new();
    };
    let absent = written
        .into_iter()
        .filter(|(_, name)| !has_name(&ports, name));
    absent
        .map(|(pointer, name)| PortFault {
            class: PortFaultClass::Absent,
            pointer,
            message: format!("none of the selected pods has a port named `{name}`"),
            help: suggest(
                name,
                list_names(&ports),
                "name a port of the pods' containers",
            ),
        })
        .collect()
}

/// Returns the ports of all pods that a selector means; `None` where there are none, or not all are known.
fn ports_of_selected(
    selector: &LabelSelector,
    namespace: &str,
    pods: &SitePodSets<'_>,
) -> Option<Vec<PodPort>> {
    let selected = pods.find_selected(namespace, selector)?;
    if selected.is_empty() {
        return None;
    }
    let mut ports = Vec::new();
    for pods in selected {
        ports.extend_from_slice(pods.ports.as_ref()?);
    }
    Some(ports)
}

/// Lists the texts at `field` below each element of a list, or of the lists at `inner` below its elements, with their places.
fn list_fields<'o>(
    object: &'o Object,
    list: &str,
    inner: &str,
    field: &str,
) -> Vec<(Pointer, &'o str)> {
    let mut found = Vec::new();
    let items = object.get(list).and_then(Value::as_array);
    for (index, item) in items.into_iter().flatten().enumerate() {
        let at = Pointer::parse(list).at(index);
        let places = match item.pointer(inner) {
            Some(Value::Array(below)) if !inner.is_empty() => {
                let at = at.join(&Pointer::parse(inner));
                (0..below.len()).map(|number| at.at(number)).collect()
            }
            _ => vec![at],
        };
        for place in places {
            let place = place.join(&Pointer::parse(field));
            let text = object.get(place.as_str()).and_then(Value::as_str);
            found.extend(text.filter(|t| !t.is_empty()).map(|t| (place, t)));
        }
    }
    found
}

fn read_service_ports(service: &Object) -> Vec<ServicePort<'_>> {
    let ports = service.get("/spec/ports").and_then(Value::as_array);
    let ports = ports.into_iter().flatten();
    ports
        .map(|port| {
            let number = port.get("port").and_then(Value::as_u64);
            let own = number.map_or(PortTarget::Unreadable, PortTarget::Number);
            ServicePort {
                name: port.get("name").and_then(Value::as_str),
                number,
                target: port.get("targetPort").map_or(own, read_target),
            }
        })
        .collect()
}

fn read_target(value: &Value) -> PortTarget<'_> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .map_or(PortTarget::Unreadable, PortTarget::Number),
        Value::String(name) if !is_number(name) => PortTarget::Name(name),
        Value::String(number) => number
            .parse()
            .map_or(PortTarget::Unreadable, PortTarget::Number),
        _ => PortTarget::Unreadable,
    }
}

fn number_of(target: PortTarget<'_>) -> u64 {
    match target {
        PortTarget::Number(number) => number,
        PortTarget::Name(_) | PortTarget::Unreadable => 0,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn has_name(ports: &[PodPort], name: &str) -> bool {
    ports.iter().any(|port| port.name.as_deref() == Some(name))
}

fn has_number(ports: &[PodPort], number: u64) -> bool {
    ports.iter().any(|port| port.number == Some(number))
}

fn list_names(ports: &[PodPort]) -> impl Iterator<Item = &str> {
    ports.iter().filter_map(|port| port.name.as_deref())
}

fn describe(ports: &[PodPort]) -> String {
    let numbers: BTreeSet<u64> = ports.iter().filter_map(|port| port.number).collect();
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    numbers.join(", ")
}

/// Offers the nearest name, then all of them, then other words.
fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    let known: BTreeSet<&str> = known.collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() || known.len() > 9 => otherwise.to_owned(),
        None => {
            let names: Vec<&str> = known.into_iter().collect();
            format!("write one of `{}`", names.join("`, `"))
        }
    }
}
