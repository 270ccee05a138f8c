//! Named entities that know their files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{AppSpec, FleetSpec, SiteSpec};
use crate::schema::ValuesSchema;
use pointer_diagnostics::{Origin, Pointer};

/// The fleet file.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// `metadata.name`.
    pub name: String,
    /// `spec`.
    pub spec: FleetSpec,
    /// The file.
    pub file: Arc<str>,
}

/// An app: its `app.yaml` and its directory.
#[derive(Debug, Clone)]
pub struct App {
    /// `metadata.name`, equal to the directory's name.
    pub name: String,
    /// `spec`.
    pub spec: AppSpec,
    /// The file.
    pub file: Arc<str>,
    /// The directory of the kustomize base, from the root of the repository.
    pub directory: String,
    /// The schema of its values, compiled.
    pub values: ValuesSchema,
    /// The templates of `each`, parsed, by the path that `each` gives.
    pub templates: BTreeMap<String, AppTemplate>,
}

/// A template of a whole resource.
#[derive(Debug, Clone)]
pub struct AppTemplate {
    /// The file.
    pub file: Arc<str>,
    /// The YAML document, before its expressions are evaluated.
    pub tree: Value,
}

/// A site with the layers that it is merged from.
#[derive(Debug, Clone)]
pub struct Site {
    /// `metadata.name`, equal to the file's name.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// The merged and typed `spec`.
    pub spec: SiteSpec,
    /// The merged document, before typing.
    pub merged: Value,
    /// The files it is merged from.
    pub layers: Layers,
}

/// The files that a site is merged from, the site's own last.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    layers: Vec<(Arc<str>, Arc<Value>)>,
}

impl Fleet {
    /// Returns the place of a field below `spec`.
    pub fn origin(&self, pointer: &Pointer) -> Origin {
        Origin::new(&self.file, Pointer::root().at("spec").join(pointer))
    }
}

impl App {
    /// Returns the place of a field below `spec`.
    pub fn origin(&self, pointer: &Pointer) -> Origin {
        Origin::new(&self.file, Pointer::root().at("spec").join(pointer))
    }
}

impl Site {
    /// Returns the place, in the site's file or a profile's, that a field below `spec` comes from.
    pub fn origin(&self, pointer: &Pointer) -> Origin {
        self.layers
            .origin(&Pointer::root().at("spec").join(pointer))
    }

    /// Returns the site's own file.
    pub fn file(&self) -> &Arc<str> {
        self.layers.last_file()
    }
}

impl Layers {
    /// Takes documents with their files, the one that wins last.
    pub fn new(layers: Vec<(Arc<str>, Arc<Value>)>) -> Self {
        Self { layers }
    }

    /// Returns the place that a field of the merged document comes from: the last layer that writes it, or, for a field that nobody
    /// writes, the last layer that writes the nearest field above.
    pub fn origin(&self, pointer: &Pointer) -> Origin {
        let mut wanted = pointer.clone();
        loop {
            let layer = self
                .layers
                .iter()
                .rev()
                .find(|(_, document)| document.pointer(wanted.as_str()).is_some());
            if let Some((file, _)) = layer {
                return Origin::new(file, pointer.clone());
            }
            match wanted.parent() {
                Some(parent) => wanted = parent,
                None => return Origin::new(self.last_file(), pointer.clone()),
            }
        }
    }

    /// Returns all files, the one that wins last.
    pub fn files(&self) -> impl Iterator<Item = &Arc<str>> {
        self.layers.iter().map(|(file, _)| file)
    }

    fn last_file(&self) -> &Arc<str> {
        static NONE: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| Arc::from(""));
        self.layers.last().map_or(&NONE, |(file, _)| file)
    }
}
