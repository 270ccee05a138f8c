//! Namespaces, Nodes, Leases, EndpointSlices and Endpoints.

use crate::field::Field;
use crate::ip::{parse_canonical_ip, parse_ip};
use crate::list_keys::check_unique_texts;
use crate::pods::network::check_ip;
use crate::pods::ports::PROTOCOLS;
use crate::pods::resources::check_amount;
use crate::pods::scheduling::EFFECTS;
use crate::report::{Report, list_names, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::service::{check_endpoint, check_network};
use crate::text::TextForm;

/// Checks a Namespace (`pkg/apis/core/validation/validation.go` `ValidateNamespace`).
pub(crate) fn check_namespace(object: &Field, report: &mut Report) {
    check_pod_security_labels(object, report);
    let spec = object.get("spec");
    for finalizer in spec.get("finalizers").items() {
        let field = finalizer.unplaced();
        let text = finalizer.text();
        let standard = matches!(text, "kubernetes" | "orphan" | "foregroundDeletion");
        if report.form(&field, &rules::FINALIZER, TextForm::QualifiedName)
            && !text.contains('/')
            && !standard
        {
            let message = format!(
                "`{}` has no domain: expected `kubernetes` or a name with a domain",
                shorten(text)
            );
            report.invalid(&field, &rules::FINALIZER, message);
        }
    }
}

/// Checks the labels that ask for Pod Security (`k8s.io/pod-security-admission/api/helpers.go` `PolicyToEvaluate`).
fn check_pod_security_labels(object: &Field, report: &mut Report) {
    let metadata = object.get("metadata");
    let labels = metadata.get("labels");
    for (key, field) in labels.entries() {
        let Some(mode) = key.strip_prefix("pod-security.kubernetes.io/") else {
            continue;
        };
        match mode {
            "enforce" | "audit" | "warn" => {
                let levels = ["privileged", "baseline", "restricted"];
                if !levels.contains(&field.text()) {
                    let message = format!(
                        "`{}` is no level: expected {}",
                        shorten(field.text()),
                        list_names(&levels)
                    );
                    report.invalid(&field, &rules::POD_SECURITY_LABEL, message);
                }
            }
            "enforce-version" | "audit-version" | "warn-version"
                if !is_policy_version(field.text()) =>
            {
                let message = format!(
                    "`{}` is no version: expected `latest` or one such as `v1.34`",
                    shorten(field.text())
                );
                report.invalid(&field, &rules::POD_SECURITY_LABEL, message);
            }
            _ => {}
        }
    }
}

/// Tells that a text is `latest` or a version of Kubernetes 1.
fn is_policy_version(text: &str) -> bool {
    let minor = text.strip_prefix("v1.").unwrap_or_default();
    let digits = !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit());
    text == "latest" || (digits && (minor == "0" || !minor.starts_with('0')))
}

/// Checks a Node (`pkg/apis/core/validation/validation.go` `ValidateNode`). Kubernetes names taints as if they were
/// metadata.
pub(crate) fn check_node(object: &Field, report: &mut Report) {
    let spec = object.get_as("spec", "metadata");
    let mut pairs = Seen::new();
    for taint in spec.get("taints").items() {
        let (key, effect) = (taint.get("key"), taint.get("effect"));
        report.form_of(&key, key.text(), &rules::LABEL_KEY, TextForm::QualifiedName);
        report.form(
            &taint.get("value"),
            &rules::LABEL_VALUE,
            TextForm::LabelValue,
        );
        if report.present(&effect) {
            report.exactly_one_of(&effect, &EFFECTS);
        }
        if !pairs.insert((key.text(), effect.text())) {
            let message = format!(
                "`{}` with `{}` is another taint too",
                shorten(key.text()),
                shorten(effect.text())
            );
            report.duplicate(&taint, &rules::TAINT, message);
        }
    }
    let spec = object.get("spec");
    let networks = spec.get("podCIDRs");
    check_unique_texts(&networks, report);
    for network in networks.items() {
        check_network(&network, network.text(), report);
    }
    if networks.count() == 0 {
        let network = spec.get_as("podCIDR", "podCIDRs[0]");
        if !network.is_blank() {
            check_network(&network, network.text(), report);
        }
    }
    let status = object.get("status");
    for list in ["capacity", "allocatable"] {
        for (name, field) in status.get(list).entries() {
            check_amount(&field.as_member(), name, report);
        }
    }
}

/// Checks a Lease (`pkg/apis/coordination/validation/validation.go` `ValidateLeaseSpec`).
pub(crate) fn check_lease(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.in_range(&spec.get("leaseDurationSeconds"), 1, i64::MAX);
    report.nonnegative(&spec.get("leaseTransitions"));
}

/// Checks an EndpointSlice (`pkg/apis/discovery/validation/validation.go` `ValidateEndpointSlice`).
pub(crate) fn check_endpoint_slice(object: &Field, report: &mut Report) {
    let kind = object.get("addressType");
    if report.present(&kind) {
        report.exactly_one_of(&kind, &["FQDN", "IPv4", "IPv6"]);
    }
    let ports = object.get("ports");
    if report.at_most(&ports, 20_000) {
        let mut names = Seen::new();
        for port in ports.items() {
            let name = port.get("name");
            report.form_if_set(&name, &rules::NAME_SYNTAX, TextForm::DnsLabel);
            if !names.insert(name.text()) {
                let message = format!("`{}` is the name of another port too", shorten(name.text()));
                report.duplicate(&name, &rules::DUPLICATE_NAME, message);
            }
            report.exactly_one_of(&port.get("protocol"), &PROTOCOLS);
            report.form(
                &port.get("appProtocol"),
                &rules::NAME_SYNTAX,
                TextForm::QualifiedName,
            );
        }
    }
    let endpoints = object.get("endpoints");
    if report.at_most(&endpoints, 1000) {
        for endpoint in endpoints.items() {
            check_slice_endpoint(&endpoint, kind.text(), report);
        }
    }
}

fn check_slice_endpoint(endpoint: &Field, kind: &str, report: &mut Report) {
    let addresses = endpoint.get("addresses");
    check_unique_texts(&addresses, report);
    if report.present(&addresses) && report.at_most(&addresses, 100) {
        for address in addresses.items() {
            check_address(&address, kind, report);
        }
    }
    report.form(
        &endpoint.get("nodeName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    report.form(
        &endpoint.get("hostname"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    let hints = endpoint.get("hints");
    for (list, form) in [
        ("forZones", TextForm::LabelValue),
        ("forNodes", TextForm::DnsSubdomain),
    ] {
        let entries = hints.get(list);
        report.at_most(&entries, 8);
        let mut names = Seen::new();
        for entry in entries.items() {
            let name = entry.get("name");
            report.form_of(&name, name.text(), &rules::NAME_SYNTAX, form);
            if !names.insert(name.text()) {
                report.duplicate(
                    &name,
                    &rules::DUPLICATE_NAME,
                    format!("`{}` is listed twice", shorten(name.text())),
                );
            }
        }
    }
}

fn check_address(address: &Field, kind: &str, report: &mut Report) {
    let text = address.text();
    match kind {
        "FQDN" => {
            report.form(
                address,
                &rules::NAME_SYNTAX,
                TextForm::FullyQualifiedDomainName,
            );
        }
        "IPv4" if check_ip(address, report) => {
            if parse_ip(text).is_some_and(|ip| ip.is_ipv6()) {
                let message = format!("`{}` is no IPv4 address", shorten(text));
                report.invalid(&address.unplaced(), &rules::IP_SYNTAX, message);
            }
            check_endpoint(address, report);
        }
        "IPv6" if address.value().is_string() => match parse_canonical_ip(text) {
            None => {
                let message = format!(
                    "`{}` is no IPv6 address in its canonical form",
                    shorten(text)
                );
                report.invalid(address, &rules::IP_SYNTAX, message);
            }
            Some(ip) if ip.is_ipv4() => {
                let message = format!("`{}` is no IPv6 address", shorten(text));
                report.invalid(&address.unplaced(), &rules::IP_SYNTAX, message);
            }
            Some(_) => check_endpoint(address, report),
        },
        _ => {}
    }
}

/// Checks Endpoints (`pkg/apis/core/validation/validation.go` `validateEndpointSubsets`).
pub(crate) fn check_endpoints(object: &Field, report: &mut Report) {
    for subset in object.get("subsets").items() {
        let (ready, unready) = (subset.get("addresses"), subset.get("notReadyAddresses"));
        if ready.is_empty() && unready.is_empty() {
            report.required(
                &subset,
                "missing: `addresses` or `notReadyAddresses` is required",
            );
        }
        for address in ready.items().chain(unready.items()) {
            let ip = address.get("ip");
            if !ip.exists() {
                report.invalid(&ip, &rules::IP_SYNTAX, "missing: an IP address is required");
            } else if check_ip(&ip, report) {
                check_endpoint(&ip, report);
            }
            report.form_if_set(
                &address.get("hostname"),
                &rules::NAME_SYNTAX,
                TextForm::DnsLabel,
            );
            report.form(
                &address.get("nodeName"),
                &rules::NAME_SYNTAX,
                TextForm::DnsSubdomain,
            );
        }
        let ports = subset.get("ports");
        for port in ports.items() {
            let (name, number) = (port.get("name"), port.get("port"));
            if ports.count() > 1 && name.is_blank() {
                report.required(&name, "missing: each of several ports needs a name");
            }
            report.form_if_set(&name, &rules::NAME_SYNTAX, TextForm::DnsLabel);
            if number.exists() {
                report.port_number(&number);
            } else {
                report.invalid(
                    &number,
                    &rules::PORT_RANGE,
                    "missing: expected a port, 1 to 65535",
                );
            }
            report.one_of(&port.get("protocol"), &PROTOCOLS);
            report.form(
                &port.get("appProtocol"),
                &rules::NAME_SYNTAX,
                TextForm::QualifiedName,
            );
        }
    }
}
