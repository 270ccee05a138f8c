//! Something that belongs to one owner: an address, a name, a value that an app calls unique.

use std::net::IpAddr;

use crate::addresses::{IpRange, parse_mac};
use crate::rules;
use crate::schema::UniqueScope;
use pointer_diagnostics::{Origin, Rule};

/// Something that belongs to one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The site of the owner.
    pub site: String,
    /// The thing.
    pub value: ClaimedValue,
    /// The part of it that is claimed, where owners may each have one: a system behind a controller, a path below a host.
    pub part: Option<String>,
    /// The owners among which it is unique.
    pub scope: UniqueScope,
    /// The thing as it is written.
    pub text: String,
    /// The owner, in words: the BMC of `acp-0`.
    pub owner: String,
    /// The place that claims it.
    pub origin: Origin,
}

/// A thing that belongs to one owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimedValue {
    /// IP addresses.
    Addresses(IpRange),
    /// A MAC address, in lower case.
    Mac(String),
    /// A host name, in lower case.
    Host(String),
    /// A value that is unique among those of its own sort.
    Other {
        /// The sort.
        sort: String,
        /// The value.
        value: String,
    },
}

impl ClaimedValue {
    /// Reads a text as what a format says that it is. `None` where it is nothing of that form.
    pub(super) fn read(text: &str, format: &str) -> Option<Self> {
        match format {
            "ip" | "ipv4" | "ipv6" => Some(Self::of_address(text.parse().ok()?)),
            "cidr" | "ip-range" => Some(Self::Addresses(IpRange::parse(text)?)),
            "mac" => Some(Self::Mac(parse_mac(text)?)),
            "host" | "hostname" => Some(Self::of_host(text)),
            _ => None,
        }
    }

    fn of_address(address: IpAddr) -> Self {
        Self::Addresses(IpRange::of_address(address))
    }

    /// Reads an IP address or a host name.
    pub fn of_host(text: &str) -> Self {
        match text.parse() {
            Ok(address) => Self::of_address(address),
            Err(_) => Self::Host(text.trim_end_matches('.').to_lowercase()),
        }
    }

    /// Tells whether two values have something in common.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Addresses(one), Self::Addresses(two)) => one.overlaps(*two),
            (one, two) => one == two,
        }
    }

    /// Returns the rule that two owners of the value break.
    pub(super) fn rule(&self) -> &'static Rule {
        match self {
            Self::Addresses(_) | Self::Mac(_) => &rules::DUPLICATE_ADDRESS,
            Self::Host(_) => &rules::DUPLICATE_HOST,
            Self::Other { .. } => &rules::DUPLICATE_VALUE,
        }
    }
}

impl Claim {
    /// Tells whether two owners claim the same.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        let parted = self.part.is_some() && other.part.is_some() && self.part != other.part;
        let same_owner = self.owner == other.owner && self.site == other.site;
        !parted && !same_owner && self.value.conflicts(&other.value)
    }
}
