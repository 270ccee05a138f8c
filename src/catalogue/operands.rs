//! Describes the pods that operators create implicitly, with their requests.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::part_path::PartPath;
use crate::manifest::Object;
use crate::model::Arch;
use kubernetes_vocabulary::Quantity;
use pointer_diagnostics::Pointer;

/// OperandResources by name.
pub type OperandResources = BTreeMap<String, Quantity>;

/// The pods that an operator creates for an object of a kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operands {
    /// Source of the facts.
    pub source: String,
    /// The field that names a profile, and the profile where none is named.
    profile_at: Option<PartPath>,
    #[serde(default)]
    profile: String,
    /// Share of CPU requests that remains on an architecture, in percent.
    #[serde(default)]
    pub cpu_percent: BTreeMap<Arch, u32>,
    /// The parts, each one kind of pod.
    pub pods: Vec<OperandPart>,
}

/// Facts about the pods of one part.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, stated by its name in the data"
)]
pub struct OperandPart {
    /// The name of the part: one that the kind describes, or another.
    pub part: String,
    /// The parts whose placement the pods take; the first that is there.
    #[serde(default)]
    pub placed_by: Vec<String>,
    /// Number of pods; with it the part is one beside those of the catalogue.
    pub pods: Option<u32>,
    /// Path of another number; 0 stands for none.
    pods_at: Option<PartPath>,
    /// Other numbers of pods, by profile.
    #[serde(default)]
    pods_by_profile: BTreeMap<String, u32>,
    /// There is one pod on each eligible node.
    #[serde(default)]
    pub per_node: bool,
    /// There are such pods only where this is written.
    only_with: Option<PartPath>,
    #[serde(default)]
    requests: OperandResources,
    #[serde(default)]
    profiles: BTreeMap<String, OperandResources>,
    /// Further places of resource requirements of the same pod.
    #[serde(default)]
    pub also: Vec<PartPath>,
    /// The labels that the operator puts on the pods.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Set if the operator keeps each on a node of its own.
    #[serde(default)]
    pub apart: bool,
    /// The pods stay with a node that is merely unreachable.
    #[serde(default)]
    pub sticky: bool,
    /// More than half of the pods must be there.
    #[serde(default)]
    pub quorum: bool,
    /// Set if one of them is enough.
    #[serde(default)]
    pub copies: bool,
}

impl Operands {
    /// Returns the facts about a part.
    pub fn part(&self, name: &str) -> Option<&OperandPart> {
        self.pods.iter().find(|p| p.part == name)
    }

    /// Returns the requests of a pod of the part where the manifest does not say.
    pub fn requests(&self, part: &OperandPart, object: &Object) -> OperandResources {
        let profile = self.profile_of(object);
        let by_profile = part
            .profiles
            .get(&profile)
            .or_else(|| part.profiles.get(&self.profile));
        by_profile.unwrap_or(&part.requests).clone()
    }

    /// Returns the number of pods of a part that an object leads to.
    pub fn count(&self, part: &OperandPart, object: &Object) -> u32 {
        let written = part
            .pods_at
            .as_ref()
            .and_then(|path| number_at(path, object))
            .filter(|n| *n > 0);
        let by_profile = part.pods_by_profile.get(&self.profile_of(object)).copied();
        written.or(by_profile).or(part.pods).unwrap_or(1)
    }

    /// Returns the profile that an object names, in lower case; the default where it names none.
    fn profile_of(&self, object: &Object) -> String {
        let written = self
            .profile_at
            .as_ref()
            .and_then(|path| text_at(path, object));
        written.map_or_else(|| self.profile.clone(), str::to_lowercase)
    }
}

impl OperandPart {
    /// Checks whether the pods are of a part that the catalogue does not count.
    pub fn is_of_its_own(&self) -> bool {
        self.pods.is_some() || self.per_node
    }

    /// Checks whether the object leads to such pods at all.
    pub fn is_there(&self, object: &Object) -> bool {
        let written = |path: &PartPath| !present(path, object).is_empty();
        self.only_with.as_ref().is_none_or(written)
    }
}

fn present<'o>(path: &PartPath, object: &'o Object) -> Vec<&'o Value> {
    let pointers = path.resolve(object.value(), &Pointer::root());
    pointers
        .iter()
        .filter_map(|p| object.get(p.as_str()))
        .filter(|v| !v.is_null())
        .collect()
}

fn text_at<'o>(path: &PartPath, object: &'o Object) -> Option<&'o str> {
    present(path, object)
        .first()
        .and_then(|v| v.as_str())
        .filter(|t| !t.is_empty())
}

fn number_at(path: &PartPath, object: &Object) -> Option<u32> {
    present(path, object)
        .first()
        .and_then(|v| v.as_u64())
        .and_then(|n| u32::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    #[test]
    fn every_part_is_one_of_the_kind_or_says_how_many_pods_it_has() {
        for entry in Catalogue::built_in().entries() {
            let is_part = |name: &String| entry.parts.iter().any(|p| p.name == *name);
            for part in entry.operands.iter().flat_map(|operands| &operands.pods) {
                assert!(
                    part.is_of_its_own() || is_part(&part.part),
                    "{}/{}",
                    entry.kind,
                    part.part
                );
                assert!(
                    part.placed_by.iter().all(is_part),
                    "{}/{}: placedBy",
                    entry.kind,
                    part.part
                );
            }
        }
    }
}
