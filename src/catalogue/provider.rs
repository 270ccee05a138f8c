//! Names who brings the API of a kind.

use serde::Deserialize;

/// The provider of a kind's API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenProvider")]
pub enum ApiProvider {
    /// Every cluster has it.
    Kubernetes,
    /// OpenShift has it.
    Openshift,
    /// Argo CD itself.
    ArgoCd,
    /// An operator; the OLM packages that bring it, where they are known.
    Operator(Vec<String>),
}

/// A provider as it is written: the name of a platform, or a list of OLM packages.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenProvider {
    Platform(PlatformName),
    Packages(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlatformName {
    Kubernetes,
    Openshift,
    ArgoCd,
}

impl From<WrittenProvider> for ApiProvider {
    fn from(written: WrittenProvider) -> Self {
        match written {
            WrittenProvider::Platform(PlatformName::Kubernetes) => Self::Kubernetes,
            WrittenProvider::Platform(PlatformName::Openshift) => Self::Openshift,
            WrittenProvider::Platform(PlatformName::ArgoCd) => Self::ArgoCd,
            WrittenProvider::Packages(packages) => Self::Operator(packages),
        }
    }
}
