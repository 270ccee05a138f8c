//! IP addresses and networks as Kubernetes' older fields read them: zeros in front are accepted
//! (`k8s.io/utils/net/parse.go` `ParseIPSloppy`, `ParseCIDRSloppy`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its address with the host bits cleared, and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// Tells that another network lies within this one and is smaller.
    pub(crate) fn strictly_contains(self, other: Network) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && other.prefix > self.prefix
            && mask(other.address, self.prefix) == self.address
    }
}

/// Reads an IP address.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        parse_ipv6(text).map(IpAddr::V6)
    } else {
        parse_ipv4(text).map(IpAddr::V4)
    }
}

/// Reads an IP address in its canonical form only (`IsValidIP`).
pub(crate) fn parse_canonical_ip(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    let mapped = matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    (!mapped && ip.to_string() == text).then_some(ip)
}

/// Reads a network.
pub(crate) fn parse_network(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/')?;
    let address = parse_ip(address)?;
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix: u8 = prefix.parse().ok().filter(|p| digits && *p <= most)?;
    Some(Network {
        address: mask(address, prefix),
        prefix,
    })
}

fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// Reads an IPv6 address; the last two groups may be written as an IPv4 address, also with zeros in front.
fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (front, last) = text.rsplit_once(':')?;
    let octets = parse_ipv4(last)?.octets();
    let groups = [
        u16::from_be_bytes([octets[0], octets[1]]),
        u16::from_be_bytes([octets[2], octets[3]]),
    ];
    format!("{front}:{:x}:{:x}", groups[0], groups[1])
        .parse()
        .ok()
}

fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let bits = u32::MAX
                .checked_shl(32 - u32::from(prefix.min(32)))
                .unwrap_or(0);
            IpAddr::V4((u32::from(v4) & bits).into())
        }
        IpAddr::V6(v6) => {
            let bits = u128::MAX
                .checked_shl(128 - u32::from(prefix.min(128)))
                .unwrap_or(0);
            IpAddr::V6((u128::from(v6) & bits).into())
        }
    }
}

/// Returns why an address cannot be an endpoint, none when it can (`ValidateEndpointIP`).
pub(crate) fn endpoint_fault(ip: IpAddr) -> Option<&'static str> {
    let ip = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    let link_local = match ip {
        IpAddr::V4(v4) => {
            v4.is_link_local()
                || (v4.octets()[0] == 224 && v4.octets()[1] == 0 && v4.octets()[2] == 0)
        }
        IpAddr::V6(v6) => v6.is_unicast_link_local() || (v6.segments()[0] & 0xff0f) == 0xff02,
    };
    if ip.is_unspecified() {
        Some("unspecified")
    } else if ip.is_loopback() {
        Some("a loopback address")
    } else if link_local {
        Some("a link-local address")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_canonical_ip, parse_ip, parse_network};

    #[test]
    fn addresses_are_read_as_go_reads_them() {
        for text in [
            "10.0.0.1",
            "010.0.0.1",
            "::1",
            "2001:db8::ffff",
            "::ffff:1.2.3.4",
        ] {
            assert!(parse_ip(text).is_some(), "{text}");
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.256",
            "1.2.3.4.5",
            "fe80::1%eth0",
            " 1.2.3.4",
            "2001:db8",
            "g::",
        ] {
            assert!(parse_ip(text).is_none(), "{text}");
        }
        assert!(
            parse_canonical_ip("2001:DB8::1").is_none()
                && parse_canonical_ip("2001:db8::1").is_some()
        );
    }

    #[test]
    fn networks_contain_smaller_ones_only() {
        let net = |text| parse_network(text).expect(text);
        assert!(net("10.0.0.0/8").strictly_contains(net("10.1.0.0/16")));
        assert!(!net("10.0.0.0/8").strictly_contains(net("10.0.0.0/8")));
        assert!(!net("10.0.0.0/8").strictly_contains(net("11.0.0.0/16")));
        assert!(net("0.0.0.0/0").strictly_contains(net("169.254.169.254/32")));
        assert!(parse_network("10.0.0.0/33").is_none() && parse_network("10.0.0.0").is_none());
    }
}
