//! The formats that a schema may ask of a value, beside those of JSON Schema.
//!
//! A format of text is a check; a format of numbers stands for a type and its bounds, so that every editor knows it too.

use jsonschema::ValidationOptions;
use kubernetes_vocabulary::Quantity;
use kubernetes_vocabulary::names::{is_dns_label, is_dns_subdomain};
use serde_json::{Map, Value, json};

use crate::addresses::{IpNetwork, IpRange, is_host, is_host_name, parse_mac};

/// A format of text.
#[derive(Debug)]
struct TextFormat {
    name: &'static str,
    /// The form, as a message says it behind "expected".
    expected: &'static str,
    is_met: fn(&str) -> bool,
}

/// A format of whole numbers.
#[derive(Debug)]
struct NumberFormat {
    name: &'static str,
    minimum: u32,
    maximum: u32,
}

const TEXT_FORMATS: &[TextFormat] = &[
    TextFormat {
        name: "ip",
        expected: "an IP address, without a prefix",
        is_met: |text| text.parse::<std::net::IpAddr>().is_ok(),
    },
    TextFormat {
        name: "ipv4",
        expected: "an IPv4 address, without a prefix",
        is_met: |text| text.parse::<std::net::Ipv4Addr>().is_ok(),
    },
    TextFormat {
        name: "ipv6",
        expected: "an IPv6 address, without a prefix",
        is_met: |text| text.parse::<std::net::Ipv6Addr>().is_ok(),
    },
    TextFormat {
        name: "cidr",
        expected: "a network with its prefix and no bits behind it, for instance `10.20.0.0/24`",
        is_met: |text| IpNetwork::parse(text).is_some(),
    },
    TextFormat {
        name: "ip-range",
        expected: "a first and a last IP address with `-` between them, or a network such as `10.20.0.0/24`",
        is_met: |text| IpRange::parse(text).is_some(),
    },
    TextFormat {
        name: "mac",
        expected: "the MAC address of one interface, for instance `02:00:00:00:03:01`",
        is_met: |text| parse_mac(text).is_some(),
    },
    TextFormat {
        name: "host",
        expected: "an IP address or a host name, without protocol, port and path",
        is_met: is_host,
    },
    TextFormat {
        name: "hostname",
        expected: "a host name, without protocol, port and path",
        is_met: is_host_name,
    },
    TextFormat {
        name: "host-port",
        expected: "a host and a port with `:` between them, for instance `mail.example.com:587`",
        is_met: is_host_port,
    },
    TextFormat {
        name: "disk-path",
        expected: "the path of a disk below `/dev`, for instance `/dev/disk/by-path/pci-0000:41:00.0-nvme-1`",
        is_met: is_disk_path,
    },
    TextFormat {
        name: "version",
        expected: "a version, for instance `4.18` or `4.18.22`",
        is_met: is_version,
    },
    TextFormat {
        name: "quantity",
        expected: "a number with an optional unit: 500m, 2, 256Gi",
        is_met: |text| text.parse::<Quantity>().is_ok(),
    },
    TextFormat {
        name: "dns-label",
        expected: "at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
        is_met: is_dns_label,
    },
    TextFormat {
        name: "dns-subdomain",
        expected: "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
        is_met: is_dns_subdomain,
    },
];

const NUMBER_FORMATS: &[NumberFormat] = &[
    // IEEE 802.1Q: 0 and 4095 are reserved.
    NumberFormat {
        name: "vlan",
        minimum: 1,
        maximum: 4094,
    },
    // RFC 791, section 3.1: every host takes 576 bytes; IP over InfiniBand goes up to 65520.
    NumberFormat {
        name: "mtu",
        minimum: 576,
        maximum: 65_520,
    },
    NumberFormat {
        name: "port",
        minimum: 1,
        maximum: 65_535,
    },
];

/// Adds the checks of the formats of text.
pub(super) fn add_formats(options: ValidationOptions<'static>) -> ValidationOptions<'static> {
    TEXT_FORMATS.iter().fold(options, |options, format| {
        options.with_format(format.name, format.is_met)
    })
}

/// Tells whether a format is one of numbers.
pub(super) fn is_number_format(name: &str) -> bool {
    NUMBER_FORMATS.iter().any(|format| format.name == name)
}

/// Lists the names of our formats.
pub(super) fn format_names() -> impl Iterator<Item = &'static str> {
    let texts = TEXT_FORMATS.iter().map(|format| format.name);
    texts.chain(NUMBER_FORMATS.iter().map(|format| format.name))
}

/// Returns the form that a format asks for, in words.
pub(super) fn expected_form(name: &str) -> Option<&'static str> {
    let format = TEXT_FORMATS.iter().find(|format| format.name == name)?;
    Some(format.expected)
}

/// Writes a format of numbers as the type and the bounds that it stands for.
pub(super) fn expand_number_format(schema: &mut Map<String, Value>) {
    let name = schema.get("format").and_then(Value::as_str);
    let Some(format) = name.and_then(|name| NUMBER_FORMATS.iter().find(|f| f.name == name)) else {
        return;
    };
    schema.remove("format");
    schema.entry("type").or_insert_with(|| json!("integer"));
    schema
        .entry("minimum")
        .or_insert_with(|| json!(format.minimum));
    schema
        .entry("maximum")
        .or_insert_with(|| json!(format.maximum));
}

fn is_host_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

fn is_disk_path(text: &str) -> bool {
    let below = text.strip_prefix("/dev/");
    below.is_some_and(|path| {
        let is_name = |part: &str| {
            let allowed = |b: u8| b.is_ascii_graphic() && !b"\"'`$\\".contains(&b);
            !matches!(part, "" | "." | "..") && part.bytes().all(allowed)
        };
        path.split('/').all(is_name)
    })
}

/// Reads `4.18`, `4.18.22`, `4.20.0-rc.1`, `v1.34.2+k3s1`.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = numbers.split('.').collect();
    let is_number = |part: &&str| {
        let is_plain = *part == "0" || !part.starts_with('0');
        !part.is_empty() && part.len() < 10 && is_plain && part.bytes().all(|b| b.is_ascii_digit())
    };
    (2..=3).contains(&numbers.len()) && numbers.iter().all(is_number) && !text.ends_with(['-', '+'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(name: &str, text: &str) -> bool {
        let format = TEXT_FORMATS
            .iter()
            .find(|format| format.name == name)
            .unwrap();
        (format.is_met)(text)
    }

    #[test]
    fn paths_of_disks_are_below_dev() {
        assert!(meets("disk-path", "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4"));
        for wrong in [
            "sda",
            "/dev/",
            "/dev/../etc",
            "/dev/disk//a",
            "/dev/a b",
            "/mnt/data",
        ] {
            assert!(!meets("disk-path", wrong), "{wrong}");
        }
    }

    #[test]
    fn versions_have_two_or_three_numbers() {
        for right in ["4.18", "4.18.22", "4.20.0-rc.1", "v1.34.2+k3s1", "1.30"] {
            assert!(meets("version", right), "{right}");
        }
        for wrong in [
            "4",
            "4.x",
            "latest",
            "4.18.22.1",
            "4.018",
            "stable-4.18",
            "",
        ] {
            assert!(!meets("version", wrong), "{wrong}");
        }
    }
}
