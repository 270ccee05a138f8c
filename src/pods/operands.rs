//! What operators make of a resource and no field of it says, as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::catalogue::PartPath;
use crate::manifest::Object;
use crate::model::Arch;
use kubernetes_vocabulary::Quantity;
use manifest_yaml as yaml;
use pointer_diagnostics::Pointer;

/// Resources by name.
pub(super) type Resources = BTreeMap<String, Quantity>;

/// What an operator makes of a kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Operand {
    pub(super) group: String,
    pub(super) kind: String,
    /// Where it was read.
    pub(super) source: String,
    /// The field that names a profile, and the profile where none is named.
    profile_at: Option<PartPath>,
    #[serde(default)]
    profile: String,
    /// What remains of CPU requests on an architecture, in percent.
    #[serde(default)]
    pub(super) cpu_percent: BTreeMap<Arch, u32>,
    pub(super) pods: Vec<OperandPart>,
}

/// What is known about the pods of one part.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, stated by its name in the data"
)]
pub(super) struct OperandPart {
    pub(super) part: String,
    /// The parts whose placement the pods take; the first that is there.
    #[serde(default)]
    pub(super) placed_by: Vec<String>,
    /// How many pods; with it the part is one beside those of the catalogue.
    pub(super) pods: Option<u32>,
    /// Where another number can be written; 0 stands for none.
    pods_at: Option<PartPath>,
    #[serde(default)]
    pub(super) per_node: bool,
    /// There are such pods only where this is written.
    only_with: Option<PartPath>,
    #[serde(default)]
    requests: Resources,
    #[serde(default)]
    profiles: BTreeMap<String, Resources>,
    /// Further places of resource requirements of the same pod.
    #[serde(default)]
    pub(super) also: Vec<PartPath>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Whether the operator keeps each on a node of its own.
    #[serde(default)]
    pub(super) apart: bool,
    #[serde(default)]
    pub(super) sticky: bool,
    #[serde(default)]
    pub(super) quorum: bool,
    /// Whether one of them is enough.
    #[serde(default)]
    pub(super) copies: bool,
}

static OPERANDS: LazyLock<Vec<Operand>> = LazyLock::new(|| {
    read(include_str!("data/operands.yaml"))
        .unwrap_or_else(|why| panic!("our own table of operands is tested: {why}"))
});

fn read(text: &str) -> Result<Vec<Operand>, String> {
    let documents = yaml::read(text, &yaml::Limits::MANIFEST).map_err(|e| e.to_string())?;
    let document = documents.first().ok_or("it is empty")?;
    let value = document.to_value().map_err(|e| e.to_string())?;
    Vec::deserialize(value).map_err(|e| e.to_string())
}

/// What is known about the object's kind.
pub(super) fn operand(object: &Object) -> Option<&'static Operand> {
    OPERANDS
        .iter()
        .find(|o| o.group == object.group() && o.kind == object.kind())
}

impl Operand {
    /// What is known about a part.
    pub(super) fn part(&self, name: &str) -> Option<&OperandPart> {
        self.pods.iter().find(|p| p.part == name)
    }

    /// What a pod of the part requests where the manifest does not say.
    pub(super) fn requests(&self, part: &OperandPart, object: &Object) -> Resources {
        let written = self
            .profile_at
            .as_ref()
            .and_then(|path| text_at(path, object));
        let profile = written.map_or_else(|| self.profile.clone(), str::to_lowercase);
        let by_profile = part
            .profiles
            .get(&profile)
            .or_else(|| part.profiles.get(&self.profile));
        by_profile.unwrap_or(&part.requests).clone()
    }
}

impl OperandPart {
    /// Whether the pods are of a part that the catalogue does not count.
    pub(super) fn is_of_its_own(&self) -> bool {
        self.pods.is_some() || self.per_node
    }

    /// How many pods the object leads to.
    pub(super) fn count(&self, object: &Object) -> u32 {
        let written = self
            .pods_at
            .as_ref()
            .and_then(|path| number_at(path, object))
            .filter(|n| *n > 0);
        written.or(self.pods).unwrap_or(1)
    }

    /// Whether the object leads to such pods at all.
    pub(super) fn is_there(&self, object: &Object) -> bool {
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
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_part_is_one_of_the_catalogue_or_says_how_many_pods_it_has() {
        let known: Vec<_> = Catalogue::built_in().entries().collect();
        for operand in OPERANDS.iter() {
            let entry = known
                .iter()
                .find(|e| e.group == operand.group && e.kind == operand.kind);
            let entry = entry.unwrap_or_else(|| panic!("{} is not in the catalogue", operand.kind));
            let is_part = |name: &String| entry.parts.iter().any(|p| p.name == *name);
            for part in &operand.pods {
                assert!(
                    part.is_of_its_own() || is_part(&part.part),
                    "{}/{}",
                    operand.kind,
                    part.part
                );
                assert!(
                    part.placed_by.iter().all(is_part),
                    "{}/{}: placedBy",
                    operand.kind,
                    part.part
                );
            }
        }
    }
}
