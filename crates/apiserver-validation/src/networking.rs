//! Ingresses, IngressClasses and NetworkPolicies (`pkg/apis/networking/validation/validation.go`).

use crate::field::Field;
use crate::ip::{Network, parse_ip, parse_network};
use crate::pods::ports::check_port_or_name;
use crate::report::{Report, shorten};
use crate::rules;
use crate::selector::check_label_selector;
use crate::service::check_network;
use crate::text::TextForm;
use crate::violation::Cause;
use serde_json::Value;

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// Parts of a path that a reader could take for another path.
const AMBIGUOUS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];

/// Checks an Ingress (`ValidateIngressSpec`).
pub(crate) fn check_ingress(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let (backend, list) = (spec.get("defaultBackend"), spec.get("rules"));
    if list.is_empty() && !backend.exists() {
        report.invalid(
            &spec,
            &rules::INGRESS_BACKEND,
            "neither `rules` nor `defaultBackend`: expected one",
        );
    }
    if backend.exists() {
        check_backend(&backend, report);
    }
    for rule in list.items() {
        check_host(&rule.get("host"), report);
        let http = rule.get("http");
        if http.exists() {
            let paths = http.get("paths");
            report.present(&paths);
            for path in paths.items() {
                check_path(&path, report);
            }
        }
    }
    for tls in spec.get("tls").items() {
        for host in tls.get("hosts").items() {
            check_host_form(&host, report);
        }
        report.form_if_set(
            &tls.get("secretName"),
            &rules::NAME_SYNTAX,
            TextForm::DnsSubdomain,
        );
    }
    let class = spec.get("ingressClassName");
    report.form(&class, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    check_class_annotation(object, &class, report);
}

/// Requires the former annotation and the field to name the same class (`ValidateIngressCreate`).
fn check_class_annotation(object: &Field, class: &Field, report: &mut Report) {
    let metadata = object.get_as("metadata", "");
    let annotations = metadata.get("annotations");
    let annotation = annotations.get(CLASS_ANNOTATION);
    if annotation.exists() && class.exists() && annotation.text() != class.text() {
        let message = format!(
            "`{}` and `ingressClassName` `{}` differ",
            shorten(annotation.text()),
            shorten(class.text())
        );
        report.invalid(&annotation, &rules::CONFLICTING_FIELDS, message);
    }
}

fn check_host(host: &Field, report: &mut Report) {
    if host.is_blank() {
        return;
    }
    if parse_ip(host.text()).is_some() {
        let message = format!(
            "`{}` is an IP address: expected a DNS name",
            shorten(host.text())
        );
        report.invalid(host, &rules::NAME_SYNTAX, message);
    }
    check_host_form(host, report);
}

fn check_host_form(host: &Field, report: &mut Report) {
    let form = if host.text().contains('*') {
        TextForm::WildcardSubdomain
    } else {
        TextForm::DnsSubdomain
    };
    report.form(host, &rules::NAME_SYNTAX, form);
}

/// Checks a path and its backend (`validateHTTPIngressPath`).
fn check_path(entry: &Field, report: &mut Report) {
    let (kind, path) = (entry.get("pathType"), entry.get("path"));
    if !kind.exists() {
        report.required(
            &kind,
            "missing: expected `Prefix`, `Exact` or `ImplementationSpecific`",
        );
        return;
    }
    let text = path.text();
    let relative = !text.starts_with('/');
    match kind.text() {
        "Exact" | "Prefix" => {
            if relative {
                report.invalid(
                    &path,
                    &rules::PATH_FORM,
                    format!("`{}`: expected `/` in front", shorten(text)),
                );
            }
            let inside = AMBIGUOUS.iter().find(|part| text.contains(**part));
            let at_end = ["/..", "/."].iter().find(|part| text.ends_with(**part));
            if let Some(part) = inside.or(at_end) {
                report.invalid(
                    &path,
                    &rules::PATH_FORM,
                    format!("`{}` contains `{part}`", shorten(text)),
                );
            }
        }
        "ImplementationSpecific" if relative && !text.is_empty() => {
            report.invalid(
                &path,
                &rules::PATH_FORM,
                format!("`{}`: expected `/` in front", shorten(text)),
            );
        }
        _ => {
            report.exactly_one_of(&kind, &["Exact", "ImplementationSpecific", "Prefix"]);
        }
    }
    check_backend(&entry.get("backend"), report);
}

/// Checks what an Ingress leads to (`validateIngressBackend`).
fn check_backend(backend: &Field, report: &mut Report) {
    let (resource, service) = (backend.get("resource"), backend.get("service"));
    match (resource.exists(), service.exists()) {
        (true, true) => report.invalid(
            backend,
            &rules::INGRESS_BACKEND,
            "`resource` beside `service`: expected one",
        ),
        (false, false) => {
            if !backend.exists() || backend.value().is_object() {
                report.invalid(
                    backend,
                    &rules::INGRESS_BACKEND,
                    "a backend is missing: expected `service` or `resource`",
                );
            }
        }
        (true, false) => check_reference(&resource, report),
        (false, true) => check_service_backend(backend, &service, report),
    }
}

fn check_service_backend(backend: &Field, service: &Field, report: &mut Report) {
    report.required_form(
        &service.get("name"),
        &rules::NAME_SYNTAX,
        TextForm::Dns1035Label,
    );
    let port = service.get("port");
    let (name, number) = (port.get("name"), port.get("number"));
    match (!name.is_blank(), number.int().unwrap_or_default() != 0) {
        (true, true) => {
            report.invalid(
                &backend.get_as("service", ""),
                &rules::INGRESS_BACKEND,
                "a port by name and by number: expected one",
            );
        }
        (true, false) => {
            report.form(&name, &rules::PORT_NAME, TextForm::PortName);
        }
        (false, true) => report.port_number(&number),
        (false, false) => {
            report.required(
                &backend.get_as("service", ""),
                "a port of the Service is missing: expected `port.name` or `port.number`",
            );
        }
    }
}

/// Checks a reference to an object (`validateIngressTypedLocalObjectReference`).
fn check_reference(reference: &Field, report: &mut Report) {
    report.form(
        &reference.get("apiGroup"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    for name in ["kind", "name"] {
        report.required_form(
            &reference.get(name),
            &rules::NAME_SYNTAX,
            TextForm::PathSegment,
        );
    }
}

/// Checks an IngressClass (`validateIngressClassSpec`).
pub(crate) fn check_ingress_class(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let controller = spec.get("controller");
    if controller.text().len() > 250 {
        let message = format!(
            "the name has {} bytes: expected 250 at most",
            controller.text().len()
        );
        report.add(&controller, Cause::TooLong, &rules::TOO_LONG, message);
    }
    report.required_form(
        &controller,
        &rules::NAME_SYNTAX,
        TextForm::DomainPrefixedPath,
    );
    let parameters = spec.get("parameters");
    if !parameters.exists() {
        return;
    }
    check_reference(&parameters, report);
    let (scope, namespace) = (parameters.get("scope"), parameters.get("namespace"));
    // The API server fills in `Cluster`.
    report.exactly_one_of(&scope, &["Cluster", "Namespace"]);
    match scope.text_or("Cluster") {
        "Namespace" => {
            report.required_form(&namespace, &rules::NAME_SYNTAX, TextForm::DnsLabel);
        }
        "Cluster" if namespace.exists() => {
            report.forbidden(
                &namespace,
                &rules::CONFLICTING_FIELDS,
                "a namespace beside `scope: Cluster`",
            );
        }
        _ => {}
    }
}

/// Checks a NetworkPolicy (`ValidateNetworkPolicySpec`).
pub(crate) fn check_network_policy(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    check_label_selector(&spec.get("podSelector"), report);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(direction).items() {
            for port in rule.get("ports").items() {
                check_policy_port(&port, report);
            }
            for peer in rule.get(peers).items() {
                check_peer(&peer, report);
            }
        }
    }
    let types = spec.get("policyTypes");
    if types.count() > 2 {
        report.invalid(
            &types,
            &rules::TOO_MANY,
            format!("{} types: expected 2 at most", types.count()),
        );
        return;
    }
    for kind in types.items() {
        report.exactly_one_of(&kind, &["Ingress", "Egress"]);
    }
}

/// Checks a port that traffic may use (`ValidateNetworkPolicyPort`).
fn check_policy_port(entry: &Field, report: &mut Report) {
    let (port, end, protocol) = (
        entry.get("port"),
        entry.get("endPort"),
        entry.get("protocol"),
    );
    report.exactly_one_of(&protocol, &["TCP", "UDP", "SCTP"]);
    if port.exists() {
        check_port_or_name(&port, report);
    }
    if !end.exists() {
        return;
    }
    match port.value() {
        Value::Null => report.invalid(
            &end,
            &rules::POLICY_PORT,
            "an end of ports without `port`, which is their begin",
        ),
        Value::String(_) => report.invalid(
            &end,
            &rules::POLICY_PORT,
            "an end of ports beside a name: expected a number",
        ),
        _ => {
            report.port_number(&end);
            if let (Some(first), Some(last)) = (port.int(), end.int())
                && last < first
            {
                report.invalid(
                    &end,
                    &rules::POLICY_PORT,
                    format!("{last} is below `port`, {first}"),
                );
            }
        }
    }
}

/// Checks whom traffic may come from or go to (`ValidateNetworkPolicyPeer`).
fn check_peer(peer: &Field, report: &mut Report) {
    let (pods, namespaces, block) = (
        peer.get("podSelector"),
        peer.get("namespaceSelector"),
        peer.get("ipBlock"),
    );
    check_label_selector(&pods, report);
    check_label_selector(&namespaces, report);
    if block.exists() {
        check_ip_block(&block, report);
        if pods.exists() || namespaces.exists() {
            report.forbidden(
                peer,
                &rules::POLICY_PEER,
                "`ipBlock` beside a selector: expected two entries",
            );
        }
    } else if !pods.exists() && !namespaces.exists() && (peer.value().is_object() || !peer.exists())
    {
        report.required(
            peer,
            "a peer is missing: expected `podSelector`, `namespaceSelector` or `ipBlock`",
        );
    }
}

/// Checks a network and the parts that are left out of it (`ValidateIPBlock`).
fn check_ip_block(block: &Field, report: &mut Report) {
    let network = block.get("cidr");
    if !report.present(&network) {
        return;
    }
    check_network(&network, network.text(), report);
    let Some(outer) = parse_network(network.text()) else {
        return;
    };
    for except in block.get("except").items() {
        check_network(&except, except.text(), report);
        if parse_network(except.text())
            .is_some_and(|inner: Network| !outer.strictly_contains(inner))
        {
            let message = format!(
                "`{}` is no part of `{}`",
                shorten(except.text()),
                shorten(network.text())
            );
            report.invalid(&except, &rules::CIDR_SYNTAX, message);
        }
    }
}
