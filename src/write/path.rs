//! The paths that a run works with.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::fs::Fs;
use crate::tree::TreePath;

/// The name of the stage's directory. No site is called so: the name of a site starts with a letter or digit.
pub(super) const STAGE: &str = ".siteplan-stage";

/// The paths that a run works with.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    /// The directory that holds out/.
    pub(super) root: PathBuf,
    /// out/.
    pub(super) out: PathBuf,
    /// The stage: beside out/, or inside of it where that is the only place.
    pub(super) stage: PathBuf,
}

impl Paths {
    pub(super) fn new(out: &Path) -> anyhow::Result<Self> {
        let parent = out
            .parent()
            .with_context(|| format!("`{}` cannot be an output directory", out.display()))?;
        let root = if parent == Path::new("") {
            PathBuf::from(".")
        } else {
            parent.to_owned()
        };
        Ok(Self {
            stage: root.join(STAGE),
            root,
            out: out.to_owned(),
        })
    }

    /// Puts the stage where renames into out/ work: inside of out/ if that is another volume.
    pub(super) fn choose_stage(self, fs: &dyn Fs) -> anyhow::Result<Self> {
        let volume = |path: &Path| at("look at", path, fs.volume(path));
        let of_out = volume(&self.out)?;
        let is_apart = of_out.is_some() && of_out != volume(&self.root)?;
        Ok(if is_apart {
            self.with_inner_stage()
        } else {
            self
        })
    }

    pub(super) fn with_inner_stage(self) -> Self {
        Self {
            stage: self.out.join(STAGE),
            ..self
        }
    }

    /// Checks whether the stage is inside of out/, so that out/ itself cannot be exchanged.
    pub(super) fn is_stage_inside(&self) -> bool {
        self.stage.starts_with(&self.out)
    }

    /// The new files, laid out as in out/.
    pub(super) fn staged(&self) -> PathBuf {
        self.stage.join("tree")
    }

    /// Returns the path for a directory that is taken away.
    pub(super) fn aside(&self) -> PathBuf {
        self.stage.join("old")
    }

    pub(super) fn in_out(&self, path: &TreePath) -> PathBuf {
        self.out.join(path.as_str())
    }

    pub(super) fn in_stage(&self, path: &TreePath) -> PathBuf {
        self.staged().join(path.as_str())
    }
}

/// Adds to an error what was tried and where: those of the standard library name no path.
pub(super) fn at<T>(verb: &str, path: &Path, result: io::Result<T>) -> anyhow::Result<T> {
    result.map_err(|error| {
        let help = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room and run again",
            _ => "",
        };
        anyhow!("cannot {verb} `{}`: {error}{help}", show(path.as_os_str()))
    })
}

/// A path for a message: whatever the file system holds, on one line.
pub(super) fn show(path: &OsStr) -> String {
    pointer_diagnostics::report::escape_text(&path.to_string_lossy()).into_owned()
}
