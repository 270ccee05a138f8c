//! Services (`pkg/apis/core/validation/validation.go` `validateService`).

use crate::field::Field;
use crate::ip::{endpoint_fault, parse_ip, parse_network};
use crate::metadata::check_labels;
use crate::pods::network::check_ip;
use crate::pods::ports::{PROTOCOLS, check_port_or_name};
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use std::net::IpAddr;

/// The ports of nodes that the API server gives to Services, unless `--service-node-port-range` says otherwise.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
/// The time for which a client can stay with a pod, in seconds.
const AFFINITY_MOST: i64 = 86400;
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Checks a Service.
pub(crate) fn check_service(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let kind = spec.get("type");
    report.one_of(&kind, &TYPES);
    let kind = kind.text_or("ClusterIP");
    let ports = spec.get("ports");
    if ports.is_empty() && !is_headless(&spec) && kind != "ExternalName" {
        report.required(
            &ports,
            "missing or empty: at least one port is required, except for headless Services",
        );
    }
    check_type(&spec, kind, report);
    check_ports(&spec, kind, report);
    check_labels(&spec.get("selector"), report);
    check_affinity(&spec, report);
    if kind != "ExternalName" {
        check_addresses(&spec, report);
    }
    for ip in spec.get("externalIPs").items() {
        if check_ip(&ip, report) {
            check_endpoint(&ip, report);
        }
    }
    check_load_balancer(object, &spec, kind, report);
    check_traffic(&spec, kind, report);
}

/// Refuses an address that nothing can be reached at (`ValidateEndpointIP`).
pub(crate) fn check_endpoint(ip: &Field, report: &mut Report) {
    if let Some(fault) = parse_ip(ip.text()).and_then(endpoint_fault) {
        report.invalid(
            ip,
            &rules::IP_SYNTAX,
            format!("`{}` is {fault}", shorten(ip.text())),
        );
    }
}

/// Returns the first address of the cluster; `clusterIP` and `clusterIPs` fill in each other.
fn first_cluster_ip<'v>(spec: &Field<'v, '_>) -> &'v str {
    let ip = spec.get("clusterIP").text();
    if ip.is_empty() {
        spec.get("clusterIPs")
            .items()
            .next()
            .map_or("", |ip| ip.text())
    } else {
        ip
    }
}

fn is_headless(spec: &Field) -> bool {
    spec.get("clusterIPs").count() <= 1 && first_cluster_ip(spec) == "None"
}

/// Checks what the type of a Service excludes.
fn check_type(spec: &Field, kind: &str, report: &mut Report) {
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            let addresses = spec.get_as("clusterIP", "clusterIPs[0]");
            let message =
                format!("`None` in a Service of type `{kind}`: expected an address, or none given");
            report.invalid(&addresses, &rules::CLUSTER_IP, message);
        }
        "ExternalName" => check_external_name(spec, report),
        _ => {}
    }
}

fn check_external_name(spec: &Field, report: &mut Report) {
    let (addresses, address) = (
        spec.get("clusterIPs"),
        spec.get_as("clusterIP", "clusterIPs"),
    );
    for field in [addresses, address] {
        if !field.is_empty() && !field.is_blank() {
            let message = "an address of a Service of type `ExternalName`, which has none";
            report.forbidden(&field, &rules::CLUSTER_IP, message);
            break;
        }
    }
    for name in ["ipFamilies", "ipFamilyPolicy"] {
        let field = spec.get(name);
        if !field.is_empty() {
            let message =
                format!("`{name}` of a Service of type `ExternalName`, which has no address");
            report.forbidden(&field, &rules::IP_FAMILY, message);
        }
    }
    let name = spec.get("externalName");
    let text = name.text().strip_suffix('.').unwrap_or(name.text());
    if text.is_empty() {
        if name.is_blank() || name.value().is_string() {
            report.required(
                &name,
                "missing: a Service of type `ExternalName` needs a DNS name",
            );
        }
    } else {
        report.form_of(&name, text, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
}

/// Checks the ports of a Service (`validateServicePort`).
fn check_ports(spec: &Field, kind: &str, report: &mut Report) {
    let ports = spec.get("ports");
    let (mut names, mut pairs, mut on_nodes) = (Seen::new(), Seen::new(), Seen::new());
    for port in ports.items() {
        let (name, number, protocol) = (port.get("name"), port.get("port"), port.get("protocol"));
        if !name.is_blank() {
            report.form(&name, &rules::NAME_SYNTAX, TextForm::DnsLabel);
            if !names.insert(name.text()) {
                let message = format!(
                    "`{}` is the name of another port of the Service too",
                    shorten(name.text())
                );
                report.duplicate(&name, &rules::DUPLICATE_NAME, message);
            }
        } else if ports.count() > 1 {
            report.required(&name, "missing: each of several ports needs a name");
        }
        if number.exists() {
            report.port_number(&number);
        } else {
            report.invalid(
                &number,
                &rules::PORT_RANGE,
                "missing: expected a port, 1 to 65535",
            );
        }
        report.one_of(&protocol, &PROTOCOLS);
        check_target(&port.get("targetPort"), report);
        let application = port.get("appProtocol");
        report.form(&application, &rules::NAME_SYNTAX, TextForm::QualifiedName);
        let transport = protocol.text_or("TCP");
        if !pairs.insert((number.int().unwrap_or_default(), transport)) {
            let message = format!(
                "port {} with {transport} is another port of the Service too",
                number.value()
            );
            report.duplicate(&port, &rules::DUPLICATE_PORT, message);
        }
        let on_node = port.get("nodePort");
        let node_number = on_node.int().filter(|number| *number != 0);
        if node_number.is_some_and(|number| !on_nodes.insert((number, transport))) {
            let message = format!(
                "port {} of the nodes is another port of the Service too",
                on_node.value()
            );
            report.duplicate(&on_node, &rules::DUPLICATE_PORT, message);
        }
        check_node_port(&on_node, node_number, kind, report);
    }
}

/// Checks the port of the pods; left out it is that of the Service.
fn check_target(target: &Field, report: &mut Report) {
    if target.exists() && target.int() != Some(0) && !target.is_blank() {
        check_port_or_name(target, report);
    }
}

/// Checks the port of the nodes, which is taken from a range (`pkg/registry/core/service/storage/alloc.go`).
fn check_node_port(field: &Field, number: Option<i64>, kind: &str, report: &mut Report) {
    let Some(number) = number else { return };
    if kind == "ClusterIP" {
        let message = "a port of the nodes in a Service of type `ClusterIP`: expected `NodePort` or `LoadBalancer`";
        report.forbidden(field, &rules::NODE_PORT, message);
    } else if kind != "ExternalName" && !NODE_PORTS.contains(&number) {
        let message = format!(
            "{number} is not given to Services: expected {} to {}",
            NODE_PORTS.start(),
            NODE_PORTS.end()
        );
        report.invalid(field, &rules::NODE_PORT, message);
    }
}

/// Checks whether clients stay with a pod (`validateClientIPAffinityConfig`).
fn check_affinity(spec: &Field, report: &mut Report) {
    let (affinity, config) = (
        spec.get("sessionAffinity"),
        spec.get("sessionAffinityConfig"),
    );
    report.one_of(&affinity, &["ClientIP", "None"]);
    // The API server drops the settings when clients do not stay with a pod.
    if affinity.text() == "ClientIP" {
        let client = config.get("clientIP");
        report.in_range(&client.get("timeoutSeconds"), 1, AFFINITY_MOST);
    }
}

/// Checks addresses and their families (`ValidateServiceClusterIPsRelatedFields`).
fn check_addresses(spec: &Field, report: &mut Report) {
    let (families, policy) = (spec.get("ipFamilies"), spec.get("ipFamilyPolicy"));
    let mut seen = Seen::new();
    for family in families.items() {
        report.exactly_one_of(&family, &["IPv4", "IPv6"]);
        if !seen.insert(family.text()) {
            report.duplicate(
                &family,
                &rules::IP_FAMILY,
                format!("`{}` is listed twice", shorten(family.text())),
            );
        }
    }
    report.exactly_one_of(
        &policy,
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    );
    let (address, addresses) = (spec.get("clusterIP"), spec.get("clusterIPs"));
    let mut valid = true;
    if addresses.count() > 0 {
        let first = addresses.items().next().map_or("", |ip| ip.text());
        if address.text() != first && address.exists() {
            let message = format!(
                "`clusterIPs` begins with `{}`: expected `clusterIP`, `{}`",
                shorten(first),
                shorten(address.text())
            );
            report.invalid(&addresses, &rules::CLUSTER_IP, message);
        }
        if addresses.count() > 2 {
            report.invalid(
                &addresses,
                &rules::CLUSTER_IP,
                format!("{} addresses: expected 2 at most", addresses.count()),
            );
        }
        for (place, ip) in addresses.items().enumerate() {
            valid &= check_cluster_ip(&ip, place, &addresses, report);
        }
    } else if !address.is_blank() && address.text() != "None" {
        valid = check_ip(&spec.get_as("clusterIP", "clusterIPs[0]"), report);
    }
    if valid {
        check_address_families(spec, report);
    }
}

fn check_cluster_ip(ip: &Field, place: usize, all: &Field, report: &mut Report) -> bool {
    if place == 0 && ip.text() == "None" {
        if all.count() > 1 {
            report.invalid(
                all,
                &rules::CLUSTER_IP,
                "`None` beside addresses: expected it alone",
            );
        }
        return all.count() == 1;
    }
    check_ip(ip, report)
}

fn check_address_families(spec: &Field, report: &mut Report) {
    let (addresses, families) = (spec.get("clusterIPs"), spec.get("ipFamilies"));
    let ips: [Option<IpAddr>; 2] = [0, 1].map(|place| {
        addresses
            .items()
            .nth(place)
            .and_then(|ip| parse_ip(ip.text()))
    });
    if let [Some(first), Some(second)] = ips
        && first.is_ipv4() == second.is_ipv4()
    {
        report.invalid(
            &addresses,
            &rules::IP_FAMILY,
            "two addresses of one family: expected one of each",
        );
    }
    if is_headless(spec) {
        return;
    }
    for (place, family) in families.items().enumerate() {
        let single = spec.get_as("clusterIP", "clusterIPs[0]");
        let ip = if addresses.count() == 0 && place == 0 {
            Some(single)
        } else {
            addresses.items().nth(place)
        };
        let Some(ip) = ip else { continue };
        let Some(parsed) = parse_ip(ip.text()) else {
            continue;
        };
        let expected = family.text();
        if matches!(expected, "IPv4" | "IPv6") && parsed.is_ipv4() != (expected == "IPv4") {
            let message = format!(
                "`{}` is of another family than `{expected}`, as `ipFamilies` says",
                shorten(ip.text())
            );
            report.invalid(&ip, &rules::IP_FAMILY, message);
        }
    }
}

/// Checks what only load balancers have.
fn check_load_balancer(object: &Field, spec: &Field, kind: &str, report: &mut Report) {
    let is_balancer = kind == "LoadBalancer";
    let ranges = spec.get_as("loadBalancerSourceRanges", "LoadBalancerSourceRanges");
    if ranges.count() > 0 {
        if !is_balancer {
            let message =
                format!("source ranges of a Service of type `{kind}`: expected `LoadBalancer`");
            report.forbidden(&ranges, &rules::LOAD_BALANCER, message);
        }
        for range in ranges.items() {
            check_network(&range, range.text().trim(), report);
        }
    } else {
        check_annotated_ranges(object, kind, report);
    }
    for name in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        let field = spec.get(name);
        if field.exists() && !is_balancer {
            let message =
                format!("`{name}` of a Service of type `{kind}`: expected `LoadBalancer`");
            report.forbidden(&field, &rules::LOAD_BALANCER, message);
        }
    }
    if is_balancer {
        report.form(
            &spec.get("loadBalancerClass"),
            &rules::NAME_SYNTAX,
            TextForm::QualifiedName,
        );
    }
}

fn check_annotated_ranges(object: &Field, kind: &str, report: &mut Report) {
    let metadata = object.get("metadata");
    let annotations = metadata.get("annotations");
    let field = annotations.key(SOURCE_RANGES);
    if !field.exists() {
        return;
    }
    if kind != "LoadBalancer" {
        report.forbidden(
            &field,
            &rules::LOAD_BALANCER,
            "source ranges without `type: LoadBalancer`",
        );
    }
    let text = field.text().trim();
    if !text.is_empty() {
        for range in text.split(',') {
            check_network(&field, range.trim(), report);
        }
    }
}

/// Refuses a text that is no network (`IsValidCIDRForLegacyField`).
pub(crate) fn check_network(field: &Field, text: &str, report: &mut Report) {
    if field.value().is_string() && parse_network(text).is_none() {
        let message = format!(
            "`{}` is no network: expected one such as `10.0.0.0/8`",
            shorten(text)
        );
        report.invalid(field, &rules::CIDR_SYNTAX, message);
    }
}

/// Checks where traffic may go (`validateServiceExternalTrafficPolicy`, `validateServiceTrafficDistribution`).
fn check_traffic(spec: &Field, kind: &str, report: &mut Report) {
    let (external, health) = (
        spec.get("externalTrafficPolicy"),
        spec.get("healthCheckNodePort"),
    );
    let reachable = matches!(kind, "LoadBalancer" | "NodePort")
        || (kind == "ClusterIP" && spec.get("externalIPs").count() > 0);
    if reachable {
        report.one_of(&external, &["Cluster", "Local"]);
    } else if !external.is_blank() {
        let message = format!(
            "a policy of traffic from outside in a Service of type `{kind}`, which has none"
        );
        report.invalid(&external, &rules::TRAFFIC_POLICY, message);
    }
    let needs_check = kind == "LoadBalancer" && external.text() == "Local";
    if needs_check && health.int() != Some(0) {
        report.port_number(&health);
    } else if health.int().is_some_and(|number| number != 0) {
        let message = "a port of health checks without `type: LoadBalancer` and `externalTrafficPolicy: Local`";
        report.invalid(&health, &rules::TRAFFIC_POLICY, message);
    }
    report.exactly_one_of(&spec.get("internalTrafficPolicy"), &["Cluster", "Local"]);
    let distribution = spec.get("trafficDistribution");
    if report.since(34) {
        report.exactly_one_of(
            &distribution,
            &["PreferClose", "PreferSameZone", "PreferSameNode"],
        );
    } else {
        report.exactly_one_of(&distribution, &["PreferClose"]);
    }
}
