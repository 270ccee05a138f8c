//! The sites as they are committed: what the clusters have, which an update starts from.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::FleetCompiler;
use super::revision_diff::RenderedRevision;
use crate::compile::CompiledSite;
use crate::revision;
use pointer_diagnostics::Diagnostics;

/// The committed tree of a revision. It is read when the first site needs it.
pub struct CommittedSites {
    directory: PathBuf,
    revision: String,
    read: OnceLock<Option<RenderedRevision>>,
    /// The reason for which updates were not checked.
    problem: Mutex<Option<String>>,
}

impl CommittedSites {
    /// Names a revision of the git repository that a fleet is in.
    pub fn new(directory: impl Into<PathBuf>, revision: &str) -> Self {
        Self {
            directory: directory.into(),
            revision: revision.to_owned(),
            read: OnceLock::new(),
            problem: Mutex::new(None),
        }
    }

    /// Returns why updates were not checked, where that is so: there is no git repository, no such revision, or its tree does not render.
    pub fn problem(&self) -> Option<String> {
        self.problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Checks what becomes of the objects that the revision has of a site.
    pub(super) fn check_updates(
        &self,
        fleet: &FleetCompiler<'_>,
        site: &CompiledSite,
    ) -> Diagnostics {
        let Some(before) = self.read.get_or_init(|| self.read(fleet)) else {
            return Diagnostics::new();
        };
        if before.has_same_files(site) {
            return Diagnostics::new();
        }
        match before.objects(&site.plan.name) {
            Ok(objects) => fleet.sites.check_updates(site, &objects),
            Err(problems) => {
                let why = problems.iter().next().map(|first| first.message.clone());
                self.note(format!(
                    "the tree of `{}` does not render: {}",
                    self.revision,
                    why.unwrap_or_default()
                ));
                Diagnostics::new()
            }
        }
    }

    fn read(&self, fleet: &FleetCompiler<'_>) -> Option<RenderedRevision> {
        match revision::read(&self.directory, &self.revision, &["out", "base"]) {
            Ok(revision) => Some(RenderedRevision::new(revision, fleet.repository)),
            Err(why) => {
                self.note(format!(
                    "revision `{}` cannot be read: {why:#}",
                    self.revision
                ));
                None
            }
        }
    }

    fn note(&self, problem: String) {
        let mut noted = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get_or_insert(problem);
    }
}
