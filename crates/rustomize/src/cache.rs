//! Layers and bases that are read and built once, and shared between builds and threads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::accumulate::Accumulated;
use crate::files::Files;
use crate::layer::{Layer, LoadFailure, Loader, load};
use crate::patch::content::PatchCache;
use crate::resource::Resource;
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostics, Reported};

/// The files of a renderer and everything that was made of them so far.
pub(crate) struct LayerCache {
    files: Arc<dyn Files>,
    version: KustomizeVersion,
    layers: Mutex<BTreeMap<String, LayerCell>>,
    bases: Mutex<BTreeMap<String, Arc<Accumulated>>>,
    patches: Arc<PatchCache>,
}

/// A layer that is read once, by whoever comes first.
type LayerCell = Arc<OnceLock<Result<Arc<Layer>, LoadFailure>>>;

impl LayerCache {
    /// Returns an empty cache.
    pub(crate) fn new(files: Arc<dyn Files>, version: KustomizeVersion) -> Self {
        Self {
            files,
            version,
            layers: Mutex::default(),
            bases: Mutex::default(),
            patches: Arc::default(),
        }
    }

    /// Returns a copy of the cache for other files that hold the same bases.
    pub(crate) fn with_files(&self, files: Arc<dyn Files>) -> Self {
        Self {
            files,
            version: self.version,
            layers: Mutex::new(lock(&self.layers).clone()),
            bases: Mutex::new(lock(&self.bases).clone()),
            patches: Arc::clone(&self.patches),
        }
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(crate) fn version(&self) -> KustomizeVersion {
        self.version
    }

    /// Returns a loader of the files of one kustomization.
    pub(crate) fn loader<'l>(&'l self, root: &'l str, file: &'l str) -> Loader<'l> {
        Loader {
            files: &*self.files,
            patches: &self.patches,
            version: self.version,
            root,
            file,
        }
    }

    /// Reads the layer of the directory that is built.
    pub(crate) fn load_outermost(
        &self,
        root: &str,
        problems: &mut Diagnostics,
    ) -> Result<Layer, Reported> {
        let loaded = load(&*self.files, &self.patches, self.version, root);
        loaded.map_err(|failure| failure.report_again(problems))
    }

    /// Returns the layer of a directory that others use; read once.
    pub(crate) fn layer(
        &self,
        root: &str,
        problems: &mut Diagnostics,
    ) -> Result<Arc<Layer>, Reported> {
        let cell = Arc::clone(lock(&self.layers).entry(root.to_owned()).or_default());
        let loaded = cell
            .get_or_init(|| load(&*self.files, &self.patches, self.version, root).map(Arc::new));
        match loaded {
            Ok(layer) => Ok(Arc::clone(layer)),
            Err(failure) => Err(failure.report_again(problems)),
        }
    }

    /// Returns the objects of a base, if it was built before.
    pub(crate) fn base(&self, root: &str) -> Option<Arc<Accumulated>> {
        lock(&self.bases).get(root).cloned()
    }

    /// Keeps the objects of a base, unless another thread was faster.
    pub(crate) fn keep_base(&self, root: &str, mut made: Accumulated) -> Arc<Accumulated> {
        made.resources.iter_mut().for_each(Resource::share);
        let mut bases = lock(&self.bases);
        let cell = bases
            .entry(root.to_owned())
            .or_insert_with(|| Arc::new(made));
        Arc::clone(cell)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
