//! Renders kustomizations in this process, byte for byte as kustomize 5.5 and 5.6 do.
//!
//! A [`Renderer`] reads [`Files`], keeps every base that it has seen, and gives the objects of a directory. What kustomize can do and
//! this module refuses is a diagnostic that names the field; `docs/kustomize.md` lists it. Nothing here knows of sites.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests make the files that they read"
    )
)]

mod alias;
mod build;
mod config;
mod document;
mod field;
mod files;
mod generate;
mod kustomization;
mod layer;
mod meaning;
mod order;
mod origin;
mod patch;
mod problem;
mod reader;
mod resource;
pub mod rules;
mod shared;
mod transform;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;
use serde_json::Value;

use build::Accumulated;
use layer::{KnownPatches, Layer};
use pointer_diagnostics::Diagnostics;
use problem::Outcome;
use resource::Resource;

pub use files::{DiskFiles, FileError, FileKind, Files, MemoryFiles, NoFiles};
pub use layer::KUSTOMIZATION_FILE;
pub use resource::{CLUSTER_SCOPED_KINDS, ClusterScopedKinds, Source, is_cluster_scoped};

/// Builds kustomizations. Bases are read once and shared between builds and threads.
pub struct Renderer {
    files: Arc<dyn Files>,
    layers: Mutex<BTreeMap<String, LayerCell>>,
    bases: Mutex<BTreeMap<String, Arc<Accumulated>>>,
    patches: Arc<KnownPatches>,
}

/// A layer that is read once, by whoever comes first.
type LayerCell = Arc<OnceLock<Outcome<Arc<Layer>>>>;

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").finish_non_exhaustive()
    }
}

/// What a build gives.
#[derive(Debug, Clone)]
pub struct Build {
    resources: Vec<Resource>,
    /// Uses of fields that kustomize calls deprecated.
    pub warnings: Diagnostics,
}

/// A final object and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The object.
    pub value: Arc<Value>,
    /// The file that it came from; for generated objects the kustomization.
    pub source: Source,
}

impl Renderer {
    /// A renderer of files.
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self {
            files,
            layers: Mutex::default(),
            bases: Mutex::default(),
            patches: Arc::default(),
        }
    }

    /// The same bases behind other files, for instance with overlays in memory in front. The other files must hold the same
    /// directories as these wherever a base was read.
    #[must_use]
    pub fn with_files(&self, files: Arc<dyn Files>) -> Self {
        let copy = |e: PoisonError<_>| e.into_inner();
        Self {
            files,
            layers: Mutex::new(self.layers.lock().unwrap_or_else(copy).clone()),
            bases: Mutex::new(
                self.bases
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone(),
            ),
            patches: Arc::clone(&self.patches),
        }
    }

    /// Builds the kustomization in a directory.
    pub fn build(&self, directory: &str) -> Result<Build, Diagnostics> {
        let directory = files::join("", directory).unwrap_or_default();
        let root = match self.files.resolve(&directory) {
            Ok((root, FileKind::Directory)) => root,
            _ => directory,
        };
        let (resources, warnings) =
            build::build(self, &root).map_err(|problem| Diagnostics::from_iter([*problem]))?;
        Ok(Build {
            resources,
            warnings,
        })
    }

    /// The text that `kustomize build` prints for a directory.
    pub fn render_to_text(&self, directory: &str) -> Result<String, Diagnostics> {
        self.build(directory)?.text()
    }

    /// The layer of a directory.
    fn load(&self, root: &str) -> Outcome<Layer> {
        layer::load(&*self.files, &self.patches, root)
    }

    /// The layer of a directory that others use; read once.
    fn layer(&self, root: &str) -> Outcome<Arc<Layer>> {
        let cell = {
            let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(layers.entry(root.to_owned()).or_default())
        };
        cell.get_or_init(|| self.load(root).map(Arc::new)).clone()
    }

    fn base(&self, root: &str) -> Option<Arc<Accumulated>> {
        self.bases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(root)
            .cloned()
    }

    /// Keeps what a base makes, unless another thread was faster.
    fn keep_base(&self, root: &str, mut made: Accumulated) -> Arc<Accumulated> {
        made.resources.iter_mut().for_each(Resource::share);
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            bases
                .entry(root.to_owned())
                .or_insert_with(|| Arc::new(made)),
        )
    }
}

/// From more objects on, all cores work on them.
const MANY: usize = 64;

impl Build {
    /// The objects, in the order of the output.
    pub fn objects(&self) -> Result<Vec<Rendered>, Diagnostics> {
        let object = |r: &Resource| match r.printed() {
            Ok(value) => Ok(Rendered {
                value,
                source: r.source.clone(),
            }),
            Err(e) => Err(build::unprintable(r, &e.path, &e.reason)),
        };
        let results: Vec<Outcome<Rendered>> = match self.resources.len() {
            0..=MANY => self.resources.iter().map(object).collect(),
            _ => self.resources.par_iter().map(object).collect(),
        };
        let mut found = Vec::with_capacity(results.len());
        let mut problems = Diagnostics::new();
        for result in results {
            match result {
                Ok(value) => found.push(value),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() {
            Ok(found)
        } else {
            Err(problems)
        }
    }

    /// The text that kustomize prints.
    pub fn text(&self) -> Result<String, Diagnostics> {
        let part = |resources: &[Resource]| {
            let (mut text, mut problems) = (
                String::with_capacity(1024 * resources.len()),
                Diagnostics::new(),
            );
            for (index, resource) in resources.iter().enumerate() {
                text.push_str(if index > 0 { "---\n" } else { "" });
                let printed = resource.print(&mut text);
                problems.extend(
                    printed
                        .err()
                        .map(|e| *build::unprintable(resource, &e.path, &e.reason)),
                );
            }
            (text, problems)
        };
        let share = self
            .resources
            .len()
            .div_ceil(rayon::current_num_threads())
            .max(MANY);
        let parts: Vec<(String, Diagnostics)> = match self.resources.len() {
            0..=MANY => vec![part(&self.resources)],
            _ => self.resources.par_chunks(share).map(part).collect(),
        };
        let problems: Diagnostics = parts
            .iter()
            .flat_map(|(_, problems)| problems.iter().cloned())
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut texts = parts.into_iter().map(|(text, _)| text);
        let mut all = texts.next().unwrap_or_default();
        for text in texts {
            all.push_str("---\n");
            all.push_str(&text);
        }
        Ok(all)
    }
}
