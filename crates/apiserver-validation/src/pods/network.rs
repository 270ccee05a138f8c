//! Names, DNS and the network of the node (`validatePodDNSConfig`, `validatePodHostNetworkDeps`, `ValidateHostAliases`).

use super::PodFacts;
use crate::field::Field;
use crate::ip::parse_ip;
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;
use crate::violation::Cause;

const NAMESERVERS_MOST: usize = 3;
const SEARCHES_MOST: usize = 32;
/// The length that all search domains may have together, with a space between them.
const SEARCH_LENGTH_MOST: usize = 2048;

/// Checks ports of containers in a pod on the network of its node: container and host have the same.
pub(super) fn check_host_network_ports(facts: &PodFacts, report: &mut Report) {
    if !facts.has_host_network() {
        return;
    }
    for container in facts.spec.get("containers").items() {
        for port in container.get("ports").items() {
            let (host, own) = (
                port.get("hostPort"),
                port.get("containerPort").int().unwrap_or_default(),
            );
            let number = host.int().unwrap_or_default();
            if number != 0 && number != own {
                let message = format!(
                    "{number} beside `containerPort` {own} on the host network: expected the same port"
                );
                report.invalid(&host, &rules::HOST_NETWORK, message);
            }
        }
    }
}

/// Checks the policy and the settings of DNS.
pub(super) fn check_dns(spec: &Field, report: &mut Report) {
    let (policy, config) = (spec.get("dnsPolicy"), spec.get("dnsConfig"));
    report.one_of(
        &policy,
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    let servers = config.get("nameservers");
    if policy.text() == "None" {
        if !config.exists() {
            report.required(&config, "missing: `dnsPolicy: None` needs a `dnsConfig`");
            return;
        }
        if servers.is_empty() {
            report.required(
                &servers,
                "missing: `dnsPolicy: None` needs at least one name server",
            );
            return;
        }
    }
    if servers.count() > NAMESERVERS_MOST {
        let message = format!(
            "{} name servers: expected {NAMESERVERS_MOST} at most",
            servers.count()
        );
        report.invalid(&servers, &rules::DNS_CONFIG, message);
    }
    for server in servers.items() {
        check_ip(&server, report);
    }
    check_searches(&config.get("searches"), report);
    for option in config.get("options").items() {
        if option.get("name").is_blank() && option.value().is_object() {
            report.required(&option, "an option without `name`");
        }
    }
}

fn check_searches(searches: &Field, report: &mut Report) {
    if searches.count() > SEARCHES_MOST {
        let message = format!(
            "{} search domains: expected {SEARCHES_MOST} at most",
            searches.count()
        );
        report.invalid(searches, &rules::DNS_CONFIG, message);
    }
    let length: usize = searches.items().map(|search| search.text().len() + 1).sum();
    if length > SEARCH_LENGTH_MOST + 1 {
        let message = format!(
            "the search domains have {} characters: expected {SEARCH_LENGTH_MOST} at most",
            length - 1
        );
        report.invalid(searches, &rules::DNS_CONFIG, message);
    }
    for search in searches.items() {
        let text = search.text();
        // From Kubernetes 1.33 on, underscores and the root are allowed.
        let (form, is_root) = if report.since(33) {
            (TextForm::DnsSubdomainWithUnderscore, text == ".")
        } else {
            (TextForm::DnsSubdomain, false)
        };
        if search.value().is_string() && !is_root {
            report.form_of(
                &search,
                text.strip_suffix('.').unwrap_or(text),
                &rules::DNS_CONFIG,
                form,
            );
        }
    }
}

/// Refuses a text that is no IP address; zeros in front are accepted (`IsValidIPForLegacyField`).
pub(crate) fn check_ip(field: &Field, report: &mut Report) -> bool {
    let fits = !field.value().is_string() || parse_ip(field.text()).is_some();
    if !fits {
        let message = format!("`{}` is no IP address", shorten(field.text()));
        report.invalid(field, &rules::IP_SYNTAX, message);
    }
    fits
}

/// Checks names in `/etc/hosts`, and the pod's own.
pub(super) fn check_host_names(spec: &Field, report: &mut Report) {
    for alias in spec.get("hostAliases").items() {
        let ip = alias.get("ip");
        if ip.exists() {
            check_ip(&ip, report);
        } else {
            report.invalid(
                &ip,
                &rules::IP_SYNTAX,
                "missing: the IP address of the names is required",
            );
        }
        for name in alias.get("hostnames").items() {
            report.form(&name, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
        }
    }
    let name = spec.get("hostnameOverride");
    // Before Kubernetes 1.35 the field is dropped, since its feature is off.
    if !name.exists() || !report.since(35) {
        return;
    }
    for other in ["setHostnameAsFQDN", "hostNetwork"] {
        if spec.get(other).is_true() {
            report.forbidden(
                &name,
                &rules::CONFLICTING_FIELDS,
                format!("a host name of its own beside `{other}`"),
            );
        }
    }
    if name.text().len() > 64 {
        let message = format!(
            "the name has {} bytes: expected 64 at most",
            name.text().len()
        );
        report.add(&name, Cause::TooLong, &rules::TOO_LONG, message);
    }
    report.form(&name, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
}
