#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests make the files that they read"
    )
)]

mod accumulate;
mod budget;
mod build;
mod cache;
mod config;
mod crd;
mod document;
mod field;
mod files;
mod generate;
mod go_json;
mod hash;
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
mod tab;
mod transform;
mod tree;
mod version;
mod yaml;

use std::fmt;
use std::sync::Arc;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;
use serde_json::Value;

use build::{FinishedBuild, build_directory};
use cache::LayerCache;
use pointer_diagnostics::{Diagnostic, Diagnostics};
use resource::{Resource, unprintable};

pub use files::{DiskFiles, FileError, FileKind, Files, MemoryFiles, NoFiles};
pub use layer::KUSTOMIZATION_FILE;
pub use resource::Source;
pub use resource::scope::{CLUSTER_SCOPED_KINDS, ClusterScopedKinds, is_cluster_scoped};
pub use version::{KustomizeVersion, UnknownVersion};

/// Builds kustomizations. Bases are read once and shared between builds and threads.
pub struct Renderer {
    cache: LayerCache,
}

impl fmt::Debug for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renderer").finish_non_exhaustive()
    }
}

/// The outcome of a build.
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
    /// Returns a renderer of files, with the bytes of kustomize's default version.
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self::of_version(files, KustomizeVersion::default())
    }

    /// Returns a renderer of files, with the bytes of a version of kustomize.
    pub fn of_version(files: Arc<dyn Files>, version: KustomizeVersion) -> Self {
        Self {
            cache: LayerCache::new(files, version),
        }
    }

    /// Returns a renderer of the same bases behind other files, for instance with overlays in memory in front. The other files must
    /// hold the same directories as these wherever a base was read.
    #[must_use]
    pub fn with_files(&self, files: Arc<dyn Files>) -> Self {
        Self {
            cache: self.cache.with_files(files),
        }
    }

    /// Builds the kustomization in a directory. Fails with every problem that was found.
    pub fn build(&self, directory: &str) -> Result<Build, Diagnostics> {
        let directory = files::join("", directory).unwrap_or_default();
        let root = match self.cache.files().resolve(&directory) {
            Ok((root, FileKind::Directory)) => root,
            _ => directory,
        };
        let mut problems = Diagnostics::new();
        match build_directory(&self.cache, &root, &mut problems) {
            Ok(FinishedBuild {
                resources,
                warnings,
            }) => Ok(Build {
                resources,
                warnings,
            }),
            Err(_) => Err(problems),
        }
    }

    /// Returns the text that `kustomize build` prints for a directory.
    pub fn render_to_text(&self, directory: &str) -> Result<String, Diagnostics> {
        self.build(directory)?.text()
    }
}

/// From more objects on, all cores work on them.
const MANY: usize = 64;

impl Build {
    /// Returns the objects, in the order of the output.
    pub fn objects(&self) -> Result<Vec<Rendered>, Diagnostics> {
        let results: Vec<Result<Rendered, Box<Diagnostic>>> = match self.resources.len() {
            0..=MANY => self.resources.iter().map(render_object).collect(),
            _ => self.resources.par_iter().map(render_object).collect(),
        };
        let mut objects = Vec::with_capacity(results.len());
        let mut problems = Diagnostics::new();
        for result in results {
            match result {
                Ok(object) => objects.push(object),
                Err(problem) => problems.push(*problem),
            }
        }
        if problems.is_empty() {
            Ok(objects)
        } else {
            Err(problems)
        }
    }

    /// Returns the text that kustomize prints.
    pub fn text(&self) -> Result<String, Diagnostics> {
        let share = self
            .resources
            .len()
            .div_ceil(rayon::current_num_threads())
            .max(MANY);
        let parts: Vec<PrintedPart> = match self.resources.len() {
            0..=MANY => vec![print_part(&self.resources)],
            _ => self.resources.par_chunks(share).map(print_part).collect(),
        };
        let mut text = String::new();
        let mut problems = Diagnostics::new();
        for part in parts {
            if text.is_empty() {
                text = part.text;
            } else {
                text.push_str(SEPARATOR);
                text.push_str(&part.text);
            }
            problems.append(part.problems);
        }
        if problems.is_empty() {
            Ok(text)
        } else {
            Err(problems)
        }
    }
}

fn render_object(resource: &Resource) -> Result<Rendered, Box<Diagnostic>> {
    match resource.printed() {
        Ok(value) => Ok(Rendered {
            value,
            source: resource.source.clone(),
        }),
        Err(e) => Err(Box::new(unprintable(resource, &e))),
    }
}

/// The line between two documents.
const SEPARATOR: &str = "---\n";

/// The text of some objects of a build.
struct PrintedPart {
    text: String,
    problems: Diagnostics,
}

fn print_part(resources: &[Resource]) -> PrintedPart {
    let mut part = PrintedPart {
        text: String::with_capacity(1024 * resources.len()),
        problems: Diagnostics::new(),
    };
    for (index, resource) in resources.iter().enumerate() {
        if index > 0 {
            part.text.push_str(SEPARATOR);
        }
        if let Err(e) = resource.print(&mut part.text) {
            part.problems.push(unprintable(resource, &e));
        }
    }
    part
}
