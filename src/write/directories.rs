//! Directories that are made for files to be written.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::fs::Fs;
use super::path::at;

/// Directories below a base, each made once.
pub(super) struct NewDirectories<'a> {
    fs: &'a dyn Fs,
    base: PathBuf,
    made: BTreeSet<PathBuf>,
}

impl<'a> NewDirectories<'a> {
    pub(super) fn new(fs: &'a dyn Fs, base: PathBuf) -> Self {
        Self {
            fs,
            base,
            made: BTreeSet::new(),
        }
    }

    /// Makes a directory, given relative to the base, and those above it.
    pub(super) fn make(&mut self, relative: &Path) -> anyhow::Result<()> {
        if relative == Path::new("") || self.made.contains(relative) {
            return Ok(());
        }
        if let Some(above) = relative.parent() {
            self.make(above)?;
        }
        let directory = self.base.join(relative);
        match self.fs.create_directory(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => at("create", &directory, result)?,
        }
        self.made.insert(relative.to_owned());
        Ok(())
    }
}

/// Checks whether there is anything at a path.
pub(super) fn exists(fs: &dyn Fs, path: &Path) -> anyhow::Result<bool> {
    Ok(at("look at", path, fs.kind(path))?.is_some())
}
