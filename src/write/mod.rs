//! Replaces out/ by a freshly compiled tree: all of it or none of it.
//!
//! Comes in: one site's files after another, as they are compiled. Goes out: the new files in out/ and what differed.
//!
//! What differs is staged in `.siteplan-stage/` beside out/. When everything is there, files that stay get a second name
//! (a hard link) in the stage, and the deepest directory that holds every change is exchanged with its staged twin in one
//! step. Until then out/ is the old tree, from then on the new one; an error after that step is only a warning. Where
//! directories cannot be exchanged a journal replaces the files one by one, and the next run finishes what a kill
//! interrupted. A stage that a killed run left is removed by the next one. Where nothing differs, nothing is touched.
//!
//! A stage needs room for the files that change, and an inode for every directory of the exchanged one. Empty
//! directories, which git does not know either, do not survive an exchange.

mod commit;
mod directories;
mod fs;
mod journal;
mod link;
mod lock;
mod path;
mod read;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{bail, ensure};
use serde::Serialize;

use crate::compare::{ChangeKind, Comparison, compare};
use crate::tree::{Tree, TreePath};
use fs::{Disk, Fs};
use lock::Lock;
use path::Paths;

pub use read::{interrupted, read_site, site_names};

/// Sites that a run may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All: what siteplan generated for any other site goes.
    All,
    /// Sites that are given to [`Writer::replace`]; nothing of another site changes.
    Given,
}

/// Result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Differences, per site, sorted by site.
    pub sites: Vec<Comparison>,
    /// Files in out/ outside of any site; kept.
    pub foreign: Vec<String>,
    /// Way in which the new files took their places; `None` if nothing differed.
    pub step: Option<ReplacementStep>,
    /// Problems without harm to out/, as whole sentences.
    pub warnings: Vec<String>,
}

/// Ways in which new files take their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplacementStep {
    /// A directory was exchanged.
    Exchange,
    /// A directory was put where there was none.
    Place,
    /// A directory was taken away.
    Take,
    /// Files were replaced one by one, under a journal.
    Journal,
}

/// A run that replaces sites in out/. Other runs are kept out while it lives; dropping it leaves out/ as it was.
pub struct Writer {
    fs: Box<dyn Fs>,
    progress: Mutex<Progress>,
    warnings: Vec<String>,
    _lock: Lock,
}

/// State of the stage.
struct Progress {
    paths: Paths,
    /// Set if there is a stage.
    staged: bool,
    /// Reason why the stage could not be opened: threads that come later are told the same.
    refusal: Option<String>,
    sites: BTreeMap<String, Comparison>,
    changes: Changes,
}

/// The files that change.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Changes {
    put: BTreeSet<TreePath>,
    remove: BTreeSet<TreePath>,
}

/// Replaces the sites of a whole tree at once.
pub fn write(out: &Path, tree: &Tree, scope: &Scope) -> anyhow::Result<Written> {
    let writer = Writer::begin(out)?;
    for site in tree.sites() {
        writer.replace(site, &tree.only(site))?;
    }
    writer.finish(scope)
}

impl Writer {
    /// Takes the lock and finishes or removes what a killed run left.
    pub fn begin(out: &Path) -> anyhow::Result<Self> {
        Self::begin_on(Box::new(Disk), out)
    }

    fn begin_on(fs: Box<dyn Fs>, out: &Path) -> anyhow::Result<Self> {
        let paths = Paths::new(out)?;
        let (lock, warning) = Lock::take(&paths)?;
        read::check_out(fs.as_ref(), &paths.out)?;
        stage::recover(fs.as_ref(), &paths)?;
        let paths = paths.choose_stage(fs.as_ref())?;
        let progress = Progress {
            paths,
            staged: false,
            refusal: None,
            sites: BTreeMap::new(),
            changes: Changes::default(),
        };
        Ok(Self {
            fs,
            progress: Mutex::new(progress),
            warnings: warning.into_iter().collect(),
            _lock: lock,
        })
    }

    /// Stages the files of one site, which are all that the tree holds. Sites may come from several threads.
    pub fn replace(&self, site: &str, tree: &Tree) -> anyhow::Result<Comparison> {
        ensure!(
            tree.iter().all(|(path, _)| path.site() == site),
            "the tree holds files of other sites than `{site}`"
        );
        let out = self.progress().paths.out.clone();
        let comparison = compare(
            &read::read_site_on(self.fs.as_ref(), &out, site, tree)?,
            tree,
        );
        self.stage(&comparison, tree)?;
        self.progress().add(comparison.clone())?;
        Ok(comparison)
    }

    /// Makes what was staged the new out/.
    pub fn finish(mut self, scope: &Scope) -> anyhow::Result<Written> {
        let out = self.progress().paths.out.clone();
        let (present, foreign) = read::list(self.fs.as_ref(), &out)?;
        if *scope == Scope::All {
            for site in &present {
                let is_done = self.progress().sites.contains_key(site);
                if !is_done {
                    self.replace(site, &Tree::new())?;
                }
            }
        }
        let step = self.commit()?;
        self.clean();
        let sites = std::mem::take(&mut self.progress().sites)
            .into_values()
            .collect();
        Ok(Written {
            sites,
            foreign,
            step,
            warnings: std::mem::take(&mut self.warnings),
        })
    }

    fn stage(&self, comparison: &Comparison, tree: &Tree) -> anyhow::Result<()> {
        if comparison.is_same() {
            return Ok(());
        }
        let paths = self.progress().open_stage(self.fs.as_ref())?;
        let new = comparison
            .changes
            .iter()
            .filter_map(|change| Some((&change.path, tree.get(&change.path)?)));
        stage::put(self.fs.as_ref(), &paths, new)
    }

    fn commit(&self) -> anyhow::Result<Option<ReplacementStep>> {
        let progress = self.progress();
        let Changes { put, remove } = &progress.changes;
        if put.is_empty() && remove.is_empty() {
            return Ok(None);
        }
        commit::commit(self.fs.as_ref(), &progress.paths, &progress.changes).map(Some)
    }

    /// Removes the stage; out/ is what it shall be, so that trouble here is a warning.
    fn clean(&mut self) {
        let staged = std::mem::take(&mut self.progress().staged);
        let stage = self.progress().paths.stage.clone();
        if staged && let Err(error) = stage::discard(self.fs.as_ref(), &stage) {
            let sentence =
                "the new output is in place, but what it was made with could not be removed";
            self.warnings
                .push(format!("{sentence}: {error:#}; the next run tries again"));
        }
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        // A thread that panicked leaves at most a file too many in the stage.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let progress = self.progress();
        if progress.staged {
            // What stays is removed, or, if it has a journal, finished by the next run.
            let _ = stage::abandon(self.fs.as_ref(), &progress.paths.stage);
        }
    }
}

impl Progress {
    fn open_stage(&mut self, fs: &dyn Fs) -> anyhow::Result<Paths> {
        if let Some(refusal) = &self.refusal {
            bail!("{refusal}");
        }
        if !self.staged {
            self.staged = true;
            stage::open(fs, &mut self.paths).inspect_err(|error| {
                self.refusal = Some(format!("{error:#}"));
            })?;
        }
        Ok(self.paths.clone())
    }

    fn add(&mut self, comparison: Comparison) -> anyhow::Result<()> {
        ensure!(
            !self.sites.contains_key(&comparison.site),
            "`{}` is written twice",
            comparison.site
        );
        for change in &comparison.changes {
            let Changes { put, remove } = &mut self.changes;
            let set = if change.kind == ChangeKind::Stale {
                remove
            } else {
                put
            };
            set.insert(change.path.clone());
        }
        self.sites.insert(comparison.site.clone(), comparison);
        Ok(())
    }
}

#[cfg(test)]
mod crash;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod tests;
