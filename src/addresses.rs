//! Addresses of networks and machines: the one door for the crates that read them.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use macaddr::MacAddr6;

/// A network, such as `10.20.0.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork(IpNet);

impl IpNetwork {
    /// Reads a network. `None` where the text is none, or has bits behind its prefix: that is an address with a prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let net: IpNet = text.parse().ok()?;
        (net.trunc() == net).then_some(Self(net))
    }

    /// Reads a network, and takes off the bits behind its prefix.
    pub fn parse_truncated(text: &str) -> Option<Self> {
        let net: IpNet = text.parse().ok()?;
        Some(Self(net.trunc()))
    }

    /// Tells whether an address is one of the network's.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Tells whether the address means the whole network, or all of its hosts: the first and the last one of IPv4.
    pub fn is_reserved(self, address: IpAddr) -> bool {
        let has_both = matches!(self.0, IpNet::V4(net) if net.prefix_len() < 31);
        has_both && (address == self.0.network() || address == self.0.broadcast())
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Addresses from a first to a last one, both of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpRange {
    first: IpAddr,
    last: IpAddr,
}

impl IpRange {
    /// Reads `first-last`, or a network.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(network) = IpNetwork::parse(text) {
            let (first, last) = (network.0.network(), network.0.broadcast());
            return Some(Self { first, last });
        }
        let (first, last) = text.split_once('-')?;
        let (first, last): (IpAddr, IpAddr) =
            (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// Returns the range of one address.
    pub fn of_address(address: IpAddr) -> Self {
        Self {
            first: address,
            last: address,
        }
    }

    /// Returns the first address.
    pub fn first(self) -> IpAddr {
        self.first
    }

    /// Tells whether an address is in both ranges.
    pub fn overlaps(self, other: Self) -> bool {
        let same_family = self.first.is_ipv4() == other.first.is_ipv4();
        same_family && self.first <= other.last && other.first <= self.last
    }

    /// Tells whether all addresses of the range are in a network.
    pub fn is_within(self, network: IpNetwork) -> bool {
        network.contains(self.first) && network.contains(self.last)
    }
}

/// Reads the MAC address of one interface, with `:` or `-` between its bytes, and returns it in lower case with `:`. `None` also for
/// addresses of groups, and for the one of zeros alone.
pub fn parse_mac(text: &str) -> Option<String> {
    let separated = text.matches([':', '-']).count() == 5;
    let address: MacAddr6 = text.parse().ok()?;
    let of_interface = address.is_unicast() && !address.is_nil();
    (separated && of_interface).then(|| address.to_string().to_lowercase())
}

/// Tells whether a text is an IP address, or a host name that DNS can hold.
pub fn is_host(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || is_host_name(text)
}

/// Tells whether a text is a host name that DNS can hold. Numbers with dots are none: they are an address that went wrong.
pub fn is_host_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_nothing_behind_its_prefix() {
        assert!(
            IpNetwork::parse("10.20.0.0/24").is_some() && IpNetwork::parse("fd00::/64").is_some()
        );
        for wrong in [
            "10.20.0.1/24",
            "10.20.0.0/33",
            "10.20.0.0",
            "300.1.1.0/24",
            "",
        ] {
            assert_eq!(IpNetwork::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_of_one_family_meet() {
        let range = |text| IpRange::parse(text).unwrap();
        assert!(range("10.0.0.5-10.0.0.9").overlaps(range("10.0.0.8/31")));
        assert!(!range("10.0.0.5-10.0.0.9").overlaps(range("10.0.0.10-10.0.0.12")));
        assert!(!range("::/0").overlaps(range("10.0.0.0/8")));
        assert_eq!(IpRange::parse("10.0.0.9-10.0.0.5"), None);
        assert_eq!(IpRange::parse("10.0.0.9-fd00::1"), None);
    }

    #[test]
    fn a_mac_address_is_of_one_interface() {
        assert_eq!(
            parse_mac("02:00:00:00:03:0A").as_deref(),
            Some("02:00:00:00:03:0a")
        );
        assert_eq!(
            parse_mac("02-00-00-00-03-0A").as_deref(),
            Some("02:00:00:00:03:0a")
        );
        for wrong in [
            "00:00:00:00:00:00",
            "01:00:5e:00:00:01",
            "02:00:00:00:03",
            "0200.0000.0301",
            "gg:00:00:00:00:00",
        ] {
            assert_eq!(parse_mac(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_with_dots_are_no_host_name() {
        assert!(is_host("10.0.0.1") && is_host("bmc-1.example.com") && is_host("bmc"));
        for wrong in [
            "300.1.1.1",
            "10.0.0",
            "https://bmc",
            "bmc_1",
            "-a",
            "a..b",
            "",
        ] {
            assert!(!is_host(wrong), "{wrong}");
        }
    }
}
