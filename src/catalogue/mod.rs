//! Knows the kinds: their names and scope, who brings their API, where their pods, volumes and images are described, which pods operators
//! create for them, which objects they lead to, and which of their fields others write.
//!
//! The catalogue is data: one entry a kind, in `data/*.yaml`, each with its source. An app can add entries of the same form. Paths are
//! looked up in an object by [`Catalogue::parts`], which gives a [`PartAt`] for every place that describes pods.

mod deletion_loss;
mod disruption;
mod entry;
mod kind_health;
mod made_object;
mod operands;
mod part_at;
mod part_path;
mod provider;
mod reference;
mod supplied;
mod typed_fields;
mod unknown;
mod written_back;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize as _;
use serde_json::Value;

use crate::manifest::Object;
use manifest_yaml as yaml;
use pointer_diagnostics::Pointer;

pub use deletion_loss::DeletionLoss;
pub use disruption::Disruption;
pub use entry::{
    Absent, ArchVia, BudgetMaker, DefaultExpression, DefaultOperator, Defaults, Entry, Field,
    Inject, Part, PartNaming, PodReplacement, PodRun, PodsNeeded, TermsKept,
};
pub use kind_health::{KindHealth, StatusWords};
pub use made_object::{AppearingObject, AppearsIn, MadeObject};
pub use operands::{OperandPart, OperandResources, Operands};
pub use part_at::PartAt;
pub use part_path::{PartPath, PartPathError};
pub use provider::ApiProvider;
pub use reference::{Reference, ReferenceNamespace, TargetKind, WrittenKey, WrittenReference};
pub use supplied::{SuppliedObject, Supplier, SupplierName};
pub use typed_fields::{ChangedForm, TypedFields};
pub use unknown::carries_pods;
pub use written_back::WrittenBack;

/// Everything that is known about kinds.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: BTreeMap<Key, Arc<Entry>>,
}

/// Group, kind, and the object's name for entries about one object.
type Key = (String, String, Option<String>);

/// The error for an entry that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// The entry's position in its list.
    pub index: usize,
    /// The mistake, a lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CatalogueError {}

const DATA: &[(&str, &str)] = &[
    ("argocd", include_str!("data/argocd.yaml")),
    ("backup", include_str!("data/backup.yaml")),
    (
        "cluster-services",
        include_str!("data/cluster-services.yaml"),
    ),
    ("databases", include_str!("data/databases.yaml")),
    ("hosted-clusters", include_str!("data/hosted-clusters.yaml")),
    ("kubernetes", include_str!("data/kubernetes.yaml")),
    ("monitoring", include_str!("data/monitoring.yaml")),
    ("node-health", include_str!("data/node-health.yaml")),
    ("openshift", include_str!("data/openshift.yaml")),
    ("security", include_str!("data/security.yaml")),
    ("storage", include_str!("data/storage.yaml")),
    ("streaming", include_str!("data/streaming.yaml")),
    ("virtualization", include_str!("data/virtualization.yaml")),
];

static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    for (name, text) in DATA {
        let entries = read(text)
            .unwrap_or_else(|why| panic!("the catalogue's own file {name} is tested: {why}"));
        catalogue.merge(entries);
    }
    catalogue
});

fn read(text: &str) -> Result<Vec<Entry>, String> {
    let documents =
        yaml::read_documents(text, &yaml::ReadLimits::MANIFEST).map_err(|e| e.to_string())?;
    let mut entries = Vec::new();
    for document in documents {
        let value = document.to_value().map_err(|e| e.to_string())?;
        let list = value.as_array().ok_or("it is not a list")?;
        entries.extend(typed(list).map_err(|e| format!("entry {}: {}", e.index, e.message))?);
    }
    Ok(entries)
}

fn typed(values: &[Value]) -> Result<Vec<Entry>, CatalogueError> {
    let typed = values.iter().enumerate().map(|(index, value)| {
        Entry::deserialize(value).map_err(|e| CatalogueError {
            index,
            message: e.to_string(),
        })
    });
    typed.collect()
}

impl Catalogue {
    /// The catalogue that siteplan brings.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The catalogue with an app's own entries over it: parts of a known kind replace those of the same name.
    ///
    /// # Errors
    ///
    /// When an entry does not have the form of an entry.
    pub fn with(entries: &[Value]) -> Result<Self, CatalogueError> {
        let mut catalogue = BUILT_IN.clone();
        let mut own = typed(entries)?;
        for entry in own.iter_mut().filter(|entry| entry.source.is_empty()) {
            // Whoever writes an entry for an app has looked where its pods are, or that it has none.
            "the app's own entry".clone_into(&mut entry.source);
        }
        catalogue.merge(own);
        Ok(catalogue)
    }

    /// All entries, by group and kind.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().map(AsRef::as_ref)
    }

    /// Returns the entry of a kind, whatever an object's name.
    pub fn entry_of_kind(&self, group: &str, kind: &str) -> Option<&Entry> {
        let key = (group.to_owned(), kind.to_owned(), None);
        self.entries.get(&key).map(AsRef::as_ref)
    }

    /// Tells whether somebody looked where the pods of an object's kind are described, or that it has none.
    pub fn knows_pods_of(&self, object: &Object) -> bool {
        self.entry(object)
            .is_some_and(|entry| !entry.source.is_empty())
    }

    /// Returns the entry of an object's kind; `None` for an unknown kind.
    pub fn entry(&self, object: &Object) -> Option<&Entry> {
        let key = |name: Option<&str>| {
            (
                object.group().to_owned(),
                object.kind().to_owned(),
                name.map(str::to_owned),
            )
        };
        let found = self
            .entries
            .get(&key(Some(object.name())))
            .or_else(|| self.entries.get(&key(None)));
        found.map(AsRef::as_ref)
    }

    /// Returns what is lost when an object is deleted; `None` where nothing is that cannot be made again.
    pub fn deletion_loss(&self, object: &Object) -> Option<&DeletionLoss> {
        let loss = self.entry(object)?.deletion_loses.as_ref()?;
        loss.applies_to(object).then_some(loss)
    }

    /// The places of an object that describe pods or volumes; none for unknown kinds.
    pub fn parts<'a>(&'a self, object: &Object) -> Vec<PartAt<'a>> {
        self.entry(object)
            .map(|entry| part_at::parts_of(entry, object))
            .unwrap_or_default()
    }

    /// Returns the places where the object names images: texts, or references with a `name`.
    pub fn image_pointers(&self, object: &Object) -> Vec<Pointer> {
        self.present(object, Field::Images)
    }

    /// Returns the places where the object names StorageClasses, or could: in claims and elsewhere.
    pub fn storage_pointers(&self, object: &Object) -> Vec<Pointer> {
        let claims = self
            .present(object, Field::Claims)
            .into_iter()
            .map(|claim| claim.at("storageClassName"));
        let mut found: Vec<Pointer> = claims
            .chain(self.present(object, Field::StorageClass))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    fn present(&self, object: &Object, field: Field) -> Vec<Pointer> {
        let parts = self.parts(object);
        let all = parts.iter().flat_map(|part| part.pointers(object, field));
        let mut found: Vec<Pointer> = all
            .filter(|p| object.get(p.as_str()).is_some_and(|v| !v.is_null()))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    fn merge(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let key = (entry.group.clone(), entry.kind.clone(), entry.name.clone());
            let merged = match self.entries.get(&key) {
                Some(known) => merged(known, entry),
                None => entry,
            };
            self.entries.insert(key, Arc::new(merged));
        }
    }
}

/// An entry over another one: its parts replace those of the same name.
fn merged(known: &Entry, entry: Entry) -> Entry {
    let replaced = |part: &Part| entry.parts.iter().any(|p| p.name == part.name);
    let mut parts: Vec<Part> = known
        .parts
        .iter()
        .filter(|p| !replaced(p))
        .cloned()
        .collect();
    parts.extend(entry.parts);
    Entry {
        parts,
        scope: entry.scope.or(known.scope),
        plural: entry.plural.or_else(|| known.plural.clone()),
        brought_by: entry.brought_by.or_else(|| known.brought_by.clone()),
        operands: entry.operands.or_else(|| known.operands.clone()),
        health: entry.health.or_else(|| known.health.clone()),
        deletion_loses: entry
            .deletion_loses
            .or_else(|| known.deletion_loses.clone()),
        makes: if entry.makes.is_empty() {
            known.makes.clone()
        } else {
            entry.makes
        },
        references: if entry.references.is_empty() {
            known.references.clone()
        } else {
            entry.references
        },
        written_back: if entry.written_back.is_empty() {
            known.written_back.clone()
        } else {
            entry.written_back
        },
        ..entry
    }
}

#[cfg(test)]
mod tests;
