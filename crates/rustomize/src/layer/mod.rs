//! One kustomization directory with all files that it names, read and checked once.

mod load;
mod loader;
mod plugin;

use std::sync::Arc;

use crate::config::Config;
use crate::kustomization::Kustomization;
use crate::patch::schema::SchemaData;
use crate::resource::Resource;
use crate::transform::Step;
use pointer_diagnostics::{Diagnostics, Pointer};

pub use load::KUSTOMIZATION_FILE;
pub(crate) use load::{LoadFailure, load};
pub(crate) use loader::Loader;
pub(crate) use plugin::{read_generator_plugin, read_transformer_plugin};

/// A kustomization and the content of its files.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The directory, without symbolic links.
    pub(crate) root: String,
    /// The path of the kustomization file.
    pub(crate) file: Arc<str>,
    pub(crate) kustomization: Kustomization,
    pub(crate) resources: Vec<LayerEntry>,
    pub(crate) components: Vec<LayerDirectory>,
    pub(crate) configurations: Vec<Arc<Config>>,
    pub(crate) schema: Option<Arc<SchemaData>>,
    pub(crate) generated: Vec<GeneratedObject>,
    pub(crate) generators: Vec<LayerEntry>,
    /// The transformers that the fields of the kustomization ask for, in their fixed order.
    pub(crate) steps: Vec<Step>,
    pub(crate) transformers: Vec<LayerEntry>,
    pub(crate) validators: Vec<LayerEntry>,
    /// The problems of the kustomization and its files.
    pub(crate) problems: Diagnostics,
    pub(crate) inputs: LayerInputs,
}

/// Completeness of the inputs of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerInputs {
    /// All objects are known, so that a patch without a target is a mistake.
    Complete,
    /// Some are missing.
    Partial,
}

/// An entry of `resources`, `generators`, `transformers` or `validators`.
#[derive(Debug)]
pub(crate) enum LayerEntry {
    File {
        pointer: Pointer,
        objects: Vec<Resource>,
    },
    Directory(LayerDirectory),
}

/// Another kustomization that a layer uses.
#[derive(Debug)]
pub(crate) struct LayerDirectory {
    pub(crate) pointer: Pointer,
    pub(crate) root: String,
}

/// An object that a generator of the layer makes.
#[derive(Debug)]
pub(crate) struct GeneratedObject {
    pub(crate) pointer: Pointer,
    pub(crate) object: Resource,
}
