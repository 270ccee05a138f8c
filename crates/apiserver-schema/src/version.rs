//! Versions of clusters.

use std::fmt;
use std::str::FromStr;

/// A minor version of Kubernetes, 1.25 to 1.35.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaVersion {
    minor: u8,
}

/// The distribution, which decides about the kinds that are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    /// Kubernetes as published.
    Kubernetes,
    /// OpenShift: Routes, BuildConfigs, ImageStreams, … are there without a CustomResourceDefinition.
    OpenShift,
}

/// A version that this crate has no data of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVersion {
    /// The version asked for.
    pub version: String,
    /// The first and last version that are known, in the notation of the question.
    pub known: (String, String),
}

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no schemas of version `{}`: known are {} to {}",
            self.version, self.known.0, self.known.1
        )
    }
}

impl std::error::Error for UnknownVersion {}

impl SchemaVersion {
    const FIRST_MINOR: u8 = 25;
    const LAST_MINOR: u8 = 35;
    /// OpenShift 4.n is Kubernetes 1.(n + 13): 4.12 ships 1.25.
    const OPENSHIFT_OFFSET: u8 = 13;

    /// The oldest version with data.
    pub const OLDEST: Self = Self {
        minor: Self::FIRST_MINOR,
    };
    /// The newest version with data.
    pub const NEWEST: Self = Self {
        minor: Self::LAST_MINOR,
    };

    /// Returns the version 1.`minor`, or `None` if there is no data of it.
    pub fn from_minor(minor: u8) -> Option<Self> {
        (Self::FIRST_MINOR..=Self::LAST_MINOR)
            .contains(&minor)
            .then_some(Self { minor })
    }

    /// Returns the version that an OpenShift release (`4.16`, `4.16.3`) is built on.
    pub fn of_openshift(release: &str) -> Result<Self, UnknownVersion> {
        parse_minor(release, "4")
            .and_then(|minor| Self::from_minor(minor.checked_add(Self::OPENSHIFT_OFFSET)?))
            .ok_or_else(|| UnknownVersion {
                version: release.to_owned(),
                known: (
                    format!("4.{}", Self::FIRST_MINOR - Self::OPENSHIFT_OFFSET),
                    format!("4.{}", Self::LAST_MINOR - Self::OPENSHIFT_OFFSET),
                ),
            })
    }

    /// Returns the minor number: 31 for 1.31.
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// Returns the bit that stands for the version in the masks of the data file.
    pub(crate) fn bit(self) -> u32 {
        1 << (self.minor - Self::FIRST_MINOR)
    }
}

fn parse_minor(text: &str, major: &str) -> Option<u8> {
    let mut parts = text.trim_start_matches('v').split(['.', '+', '-']);
    (parts.next()? == major).then_some(())?;
    parts.next()?.parse().ok()
}

impl FromStr for SchemaVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_minor(text, "1")
            .and_then(Self::from_minor)
            .ok_or_else(|| UnknownVersion {
                version: text.to_owned(),
                known: (Self::OLDEST.to_string(), Self::NEWEST.to_string()),
            })
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::SchemaVersion;

    #[test]
    fn versions_of_kubernetes_and_openshift_are_read() {
        assert_eq!(
            "v1.31.4".parse::<SchemaVersion>().map(SchemaVersion::minor),
            Ok(31)
        );
        assert_eq!(
            SchemaVersion::of_openshift("4.16.3").map(SchemaVersion::minor),
            Ok(29)
        );
        assert!("1.24".parse::<SchemaVersion>().is_err());
        assert!(SchemaVersion::of_openshift("4.255").is_err());
    }
}
