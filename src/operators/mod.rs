//! The versions of operators that the fleet knows.

use std::sync::Arc;

use crate::model::{OperatorRelease, OperatorsSpec};
use pointer_diagnostics::{Origin, Pointer};

/// The facts of `base/operators.yaml`; none without the file.
#[derive(Debug, Clone, Default)]
pub struct OperatorFacts {
    file: Arc<str>,
    spec: OperatorsSpec,
}

/// The answer to which release of an operator belongs to a version of OpenShift.
#[derive(Debug, Clone)]
pub enum FoundRelease<'a> {
    /// This one.
    Known(KnownRelease<'a>),
    /// The operator is known, and not for this version of OpenShift.
    OtherVersions(Origin),
    /// Nothing is known of the operator.
    Unknown,
}

/// A release of an operator.
#[derive(Debug, Clone)]
pub struct KnownRelease<'a> {
    /// The release.
    pub release: &'a OperatorRelease,
    /// The line that states it.
    pub origin: Origin,
}

impl OperatorFacts {
    /// Takes the facts of a file.
    pub fn new(file: Arc<str>, spec: OperatorsSpec) -> Self {
        Self { file, spec }
    }

    /// Returns the release of a package for a version of OpenShift, `MAJOR.MINOR` or all of it.
    pub fn find(&self, package: &str, openshift: Option<&str>) -> FoundRelease<'_> {
        let Some(fact) = self.spec.operators.get(package) else {
            return FoundRelease::Unknown;
        };
        let pointer = Pointer::parse("/spec/operators").at(package).at("releases");
        let minor = openshift.map(minor_version).unwrap_or_default();
        match fact.releases.get(&minor) {
            Some(release) => FoundRelease::Known(KnownRelease {
                release,
                origin: Origin::new(&self.file, pointer.at(&minor)),
            }),
            None => FoundRelease::OtherVersions(Origin::new(&self.file, pointer)),
        }
    }
}

/// Returns `MAJOR.MINOR` of a version.
fn minor_version(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_belongs_to_a_minor_version() {
        let spec: OperatorsSpec = serde_json::from_value(serde_json::json!({"operators": {
            "odf-operator": {"releases": {"4.18": {"channel": "stable-4.18", "version": "odf-operator.v4.18.3-rhodf"}}, "source": "a test"},
        }}))
        .unwrap();
        let facts = OperatorFacts::new(Arc::from("base/operators.yaml"), spec);
        let channel = |package, version| match facts.find(package, version) {
            FoundRelease::Known(known) => known.release.channel.clone(),
            FoundRelease::OtherVersions(_) => "other versions".to_owned(),
            FoundRelease::Unknown => "unknown".to_owned(),
        };
        assert_eq!(channel("odf-operator", Some("4.18.22")), "stable-4.18");
        assert_eq!(channel("odf-operator", Some("4.18")), "stable-4.18");
        assert_eq!(channel("odf-operator", Some("4.180")), "other versions");
        assert_eq!(channel("odf-operator", None), "other versions");
        assert_eq!(channel("other", Some("4.18")), "unknown");
    }
}
