//! Patches as they are read: their text, told apart, and what they are for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::json::{self, Operation, OperationError};
use super::select::ObjectFilter;
use crate::document::read_resources;
use crate::kustomization::IdentityChange;
use crate::resource::{PatchId, Resource};
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostics, Origin};

/// A patch, ready to be applied.
#[derive(Debug)]
pub(crate) struct Patch {
    /// The entry of the kustomization.
    pub(crate) origin: Origin,
    pub(crate) field: PatchField,
    pub(crate) content: Arc<PatchContent>,
    pub(crate) target: Option<ObjectFilter>,
    pub(crate) allowed: Vec<IdentityChange>,
}

/// The field of a kustomization that a patch stands in; kustomize applies them in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchField {
    Patches,
    PatchesStrategicMerge,
    PatchesJson6902,
}

/// The operations of a patch.
#[derive(Debug)]
pub(crate) struct PatchContent {
    pub(crate) id: PatchId,
    pub(crate) change: PatchChange,
}

/// The two kinds of patches.
#[derive(Debug)]
pub(crate) enum PatchChange {
    /// Documents in the shape of the objects.
    Strategic(Vec<Resource>),
    /// Operations of RFC 6902.
    Json(Vec<Operation>),
}

/// The patches that were read, by their text: many overlays have the same ones.
#[derive(Debug, Default)]
pub(crate) struct PatchCache {
    known: Mutex<BTreeMap<Box<str>, Arc<PatchContent>>>,
    last_id: AtomicU64,
}

impl PatchCache {
    /// More texts are not kept, so that memory does not grow with the number of overlays.
    const MOST: usize = 512;

    /// Returns the content of a patch of which nothing says which of the two kinds it is.
    pub(crate) fn read_either(
        &self,
        text: &str,
        version: KustomizeVersion,
    ) -> Result<Arc<PatchContent>, PatchError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(text) {
            return Ok(Arc::clone(known));
        }
        drop(known);
        let content = self.content(read_either(text, version)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(text.into(), Arc::clone(&content));
        Ok(content)
    }

    /// Returns a content with a number of its own.
    pub(crate) fn content(&self, change: PatchChange) -> Arc<PatchContent> {
        let id = PatchId(self.last_id.fetch_add(1, Ordering::Relaxed));
        Arc::new(PatchContent { id, change })
    }
}

/// Reason why a text is not a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("the patch is empty")]
    Empty,
    #[error("the patch reads both as an object and as a list of operations")]
    Ambiguous,
    #[error("the patch is neither an object to merge nor a list of operations: {0}")]
    Neither(String),
    #[error("{0}")]
    Operations(#[from] OperationError),
}

/// Reads the operations of a JSON patch.
pub(crate) fn read_operations(text: &str) -> Result<Vec<Operation>, PatchError> {
    let operations = json::read(text)?;
    if operations.is_empty() {
        return Err(PatchError::Empty);
    }
    Ok(operations)
}

/// Tells the two kinds of patches apart: a text must be readable as exactly one of them.
fn read_either(text: &str, version: KustomizeVersion) -> Result<PatchChange, PatchError> {
    if starts_with_operation(text)
        && let Ok(operations) = read_operations(text)
    {
        return Ok(PatchChange::Json(operations));
    }
    let mut problems = Diagnostics::new();
    let documents = read_resources("", text.as_bytes(), version, &mut problems).ok();
    let operations = if text.is_empty() {
        Err(OperationError::Empty)
    } else {
        json::read(text)
    };
    match (documents, operations) {
        // Since 5.8, a patch without a document does nothing.
        (Some(documents), _) if documents.is_empty() && version == KustomizeVersion::V5_8 => {
            Ok(PatchChange::Strategic(documents))
        }
        (Some(documents), _) if documents.is_empty() => Err(PatchError::Empty),
        (Some(_), Ok(_)) => Err(PatchError::Ambiguous),
        (Some(documents), Err(_)) => Ok(PatchChange::Strategic(documents)),
        (None, Ok(operations)) => Ok(PatchChange::Json(operations)),
        (None, Err(operations)) => {
            let is_list = text.trim_start().starts_with(['-', '[']);
            let first = problems.iter().next().map(|p| p.message.clone());
            let reason = first
                .filter(|_| !is_list)
                .unwrap_or_else(|| operations.to_string());
            Err(PatchError::Neither(reason))
        }
    }
}

/// Returns whether a text can only be a list that is not empty.
fn starts_with_operation(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("- ") || line.starts_with("[{"))
}
