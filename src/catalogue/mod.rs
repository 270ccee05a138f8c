//! What is known about kinds: where their pods, volumes and images are described, and what operators make of it.
//!
//! The catalogue is data: one entry a kind, in `data/*.yaml`, each with its source. An app can add entries of the same form. Paths are
//! looked up in an object by [`Catalogue::parts`], which gives a [`PartAt`] for every place that describes pods.

mod entry;
mod part_at;
mod part_path;
mod unknown;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize as _;
use serde_json::Value;

use crate::manifest::Object;
use manifest_yaml as yaml;
use pointer_diagnostics::Pointer;

pub use entry::{
    Absent, ArchVia, DefaultExpression, DefaultOperator, Defaults, Entry, Field, Inject, Part,
};
pub use part_at::PartAt;
pub use part_path::PartPath;
pub use unknown::carries_pods;

/// Everything that is known about kinds.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: BTreeMap<Key, Arc<Entry>>,
}

/// Group, kind, and the object's name for entries about one object.
type Key = (String, String, Option<String>);

/// Why an entry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// The entry's position in its list.
    pub index: usize,
    /// What is wrong, a lower-case phrase without a full stop.
    pub message: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CatalogueError {}

const DATA: &[(&str, &str)] = &[
    ("workloads", include_str!("data/workloads.yaml")),
    ("openshift", include_str!("data/openshift.yaml")),
    ("storage", include_str!("data/storage.yaml")),
    ("virtualization", include_str!("data/virtualization.yaml")),
    ("databases", include_str!("data/databases.yaml")),
    ("streaming", include_str!("data/streaming.yaml")),
    ("monitoring", include_str!("data/monitoring.yaml")),
    ("without-pods", include_str!("data/without-pods.yaml")),
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
    let documents = yaml::read(text, &yaml::Limits::MANIFEST).map_err(|e| e.to_string())?;
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
        catalogue.merge(typed(entries)?);
        Ok(catalogue)
    }

    /// All entries, by group and kind.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().map(AsRef::as_ref)
    }

    /// What is known about an object; `None` for an unknown kind.
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

    /// The places of an object that describe pods or volumes; none for unknown kinds.
    pub fn parts<'a>(&'a self, object: &Object) -> Vec<PartAt<'a>> {
        self.entry(object)
            .map(|entry| part_at::parts_of(entry, object))
            .unwrap_or_default()
    }

    /// Where the object names images. What is there is a text, or a reference with a `name`.
    pub fn image_pointers(&self, object: &Object) -> Vec<Pointer> {
        self.present(object, Field::Images)
    }

    /// Where the object names StorageClasses, or could: in claims and elsewhere.
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
    Entry { parts, ..entry }
}

#[cfg(test)]
mod tests;
