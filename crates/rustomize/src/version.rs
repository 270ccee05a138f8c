//! The versions of kustomize whose bytes can be chosen.

use std::fmt;
use std::str::FromStr;

/// A version of kustomize. What is known to differ between them is implemented; `docs/kustomize.md` of siteplan lists it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KustomizeVersion {
    /// 5.4.3, which Argo CD 2.14 brings.
    V5_4,
    /// 5.5.0 and 5.6.0, which kubectl 1.32 and 1.33 and Argo CD 3.0 bring.
    #[default]
    V5_6,
    /// 5.7.1 and 5.8.1, which Argo CD 3.4 and 3.5 bring.
    V5_8,
}

/// A text that names no version of kustomize whose bytes are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of `5.4`, `5.6` and `5.8`")]
pub struct UnknownVersion(String);

impl KustomizeVersion {
    /// Every version, the oldest first.
    pub const ALL: [Self; 3] = [Self::V5_4, Self::V5_6, Self::V5_8];
}

impl fmt::Display for KustomizeVersion {
    /// Writes major and minor version.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V5_4 => "5.4",
            Self::V5_6 => "5.6",
            Self::V5_8 => "5.8",
        })
    }
}

impl FromStr for KustomizeVersion {
    type Err = UnknownVersion;

    /// Reads `5.4`, `5.6` or `5.8`.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let known = Self::ALL.into_iter().find(|v| v.to_string() == text);
        known.ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        for version in KustomizeVersion::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        assert!("5.3".parse::<KustomizeVersion>().is_err());
    }
}
