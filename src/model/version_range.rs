//! Ranges of versions, as requirements write them.

use std::fmt;

use schemars::JsonSchema;
use semver::{Prerelease, Version, VersionReq};
use serde::{Deserialize, Serialize};

/// A range of versions: comparisons with a version of two or three numbers, separated by commas, that all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionRange {
    written: String,
    comparisons: VersionReq,
}

impl VersionRange {
    /// Checks that a version is in the range. `None` where the text is not a version. A missing third number counts as 0; a
    /// pre-release counts as its release.
    pub fn contains(&self, version: &str) -> Option<bool> {
        let dots = version.split(['-', '+']).next()?.matches('.').count();
        let mut version = match dots {
            1 => Version::parse(&format!("{version}.0")).ok()?,
            _ => Version::parse(version).ok()?,
        };
        version.pre = Prerelease::EMPTY;
        Some(self.comparisons.matches(&version))
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl TryFrom<String> for VersionRange {
    type Error = semver::Error;

    fn try_from(written: String) -> Result<Self, Self::Error> {
        let comparisons = VersionReq::parse(&written)?;
        Ok(Self {
            written,
            comparisons,
        })
    }
}

impl From<VersionRange> for String {
    fn from(range: VersionRange) -> Self {
        range.written
    }
}

impl JsonSchema for VersionRange {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A range of versions: comparisons that all hold, such as `>=4.18, <4.23`.",
            "type": "string",
            "pattern": r"^(>=|<=|>|<|=) ?[0-9]{1,5}\.[0-9]{1,5}(\.[0-9]{1,5})?(, ?(>=|<=|>|<|=) ?[0-9]{1,5}\.[0-9]{1,5}(\.[0-9]{1,5})?){0,3}$",
            "x-expects": "a comparison with a version, or several separated by commas: `>=4.10`, `>=4.18, <4.23`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::VersionRange;

    fn contains(range: &str, version: &str) -> Option<bool> {
        let range = VersionRange::try_from(range.to_owned()).unwrap();
        range.contains(version)
    }

    #[test]
    fn numbers_are_compared_not_texts() {
        assert_eq!(contains(">=4.10", "4.9.12"), Some(false));
        assert_eq!(contains(">=4.10", "4.10"), Some(true));
        assert_eq!(contains(">=4.10", "4.18.22"), Some(true));
        assert_eq!(contains(">=4.9", "5.0.1"), Some(true));
    }

    #[test]
    fn all_comparisons_hold() {
        assert_eq!(contains(">=4.18, <4.23", "4.22.30"), Some(true));
        assert_eq!(contains(">=4.18, <4.23", "4.23.0"), Some(false));
        assert_eq!(contains("<=4.22", "4.22.30"), Some(true));
    }

    #[test]
    fn a_prerelease_counts_as_its_release() {
        assert_eq!(contains(">=4.20", "4.20.0-rc.3"), Some(true));
    }

    #[test]
    fn other_texts_are_not_versions() {
        for text in ["", "latest", "4", "v4.18", "4.18.x", "4..1"] {
            assert_eq!(contains(">=4.10", text), None, "{text}");
        }
    }
}
