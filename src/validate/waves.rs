//! The sync waves of objects within one Application.

use crate::argocd::SYNC_WAVE;
use crate::manifest::Object;

/// Returns the sync wave of an object; 0 where none, or nothing that Argo CD can read, is written.
pub(super) fn wave(object: &Object) -> i64 {
    object
        .annotation(SYNC_WAVE)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}
