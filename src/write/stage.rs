//! The stage: a directory beside out/ where the new files wait.
//!
//! It holds a marker with the directory's number, by which the next run knows that a run here made it, and below `tree/` the files as they will lie in
//! out/. The marker goes last, so that a removal that was killed can be repeated.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::directories::{NewDirectories, exists};
use super::fs::{FileType, Fs};
use super::journal;
use super::path::{Paths, at, show};
use crate::tree::TreePath;

/// The file that says whose directory this is.
const MARKER: &str = "README";

/// The longest marker, in bytes.
const LONGEST_MARKER: u64 = 1 << 10;

/// Returns the text of the marker of a stage. A stage that came with a commit, or with a copy of the repository, has another number.
pub(super) fn marker_text(number: u64) -> String {
    format!(
        "siteplan stages its output here. The directory exists only while `siteplan build` runs;\n\
         if a build was killed, the next one finishes or removes it.\n\
         directory {number}\n"
    )
}

/// Returns the paths at which a run may have left a stage.
pub(super) fn places(paths: &Paths) -> [PathBuf; 2] {
    [
        paths.root.join(super::path::STAGE),
        paths.out.join(super::path::STAGE),
    ]
}

/// Finishes the journal of a killed run, and removes its stage.
pub(super) fn recover(fs: &dyn Fs, paths: &Paths) -> anyhow::Result<()> {
    for stage in places(paths) {
        if !is_left(fs, &stage)? {
            continue;
        }
        if journal::is_pending(fs, &stage)? {
            let paths = Paths {
                stage: stage.clone(),
                ..paths.clone()
            };
            journal::resume(fs, &paths).context("an interrupted build cannot be finished")?;
        }
        discard(fs, &stage).context("what an interrupted build left cannot be removed")?;
    }
    Ok(())
}

/// Makes the stage: where [`Paths`] says, or inside of out/ if only out/ can be written.
pub(super) fn open(fs: &dyn Fs, paths: &mut Paths) -> anyhow::Result<()> {
    match fs.create_directory(&paths.stage) {
        Err(error)
            if is_read_only(&error) && !paths.is_stage_inside() && exists(fs, &paths.out)? =>
        {
            *paths = paths.clone().with_inner_stage();
            at("create", &paths.stage, fs.create_directory(&paths.stage))?;
        }
        result => at("create", &paths.stage, result)?,
    }
    let marker = paths.stage.join(MARKER);
    let number = at("look at", &paths.stage, fs.number(&paths.stage))?;
    let text = marker_text(number);
    at("write", &marker, fs.create(&marker, text.as_bytes()))?;
    at(
        "create",
        &paths.staged(),
        fs.create_directory(&paths.staged()),
    )
}

/// Stages files.
pub(super) fn put<'a>(
    fs: &dyn Fs,
    paths: &Paths,
    files: impl Iterator<Item = (&'a TreePath, &'a [u8])>,
) -> anyhow::Result<()> {
    let mut directories = NewDirectories::new(fs, paths.staged());
    for (path, bytes) in files {
        directories.make(Path::new(path.directory()))?;
        let file = paths.in_stage(path);
        at("write", &file, fs.create(&file, bytes))?;
    }
    Ok(())
}

/// Removes the stage unless a journal in it says that out/ needs it.
pub(super) fn abandon(fs: &dyn Fs, stage: &Path) -> anyhow::Result<()> {
    if journal::is_pending(fs, stage)? {
        Ok(())
    } else {
        discard(fs, stage)
    }
}

/// Removes the stage. Links in it are removed, never followed.
pub(super) fn discard(fs: &dyn Fs, stage: &Path) -> anyhow::Result<()> {
    journal::remove(fs, stage)?;
    let marker = stage.join(MARKER);
    for (name, kind) in at("list", stage, fs.entries(stage))? {
        if name != MARKER {
            remove_all(fs, &stage.join(name), kind)?;
        }
    }
    match fs.remove(&marker) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        result => at("remove", &marker, result)?,
    }
    at("remove", stage, fs.remove_directory(stage))
}

/// Checks whether there is a stage of a killed run. Anything else of that name is refused.
fn is_left(fs: &dyn Fs, stage: &Path) -> anyhow::Result<bool> {
    match at("look at", stage, fs.kind(stage))? {
        None => return Ok(false),
        Some(FileType::Directory) => {}
        Some(_) => bail!(
            "`{}` is not siteplan's: move it away",
            show(stage.as_os_str())
        ),
    }
    let entries = at("list", stage, fs.entries(stage))?;
    // A run may have been killed before it wrote the marker, or while it did.
    if entries.iter().all(|(name, _)| name == MARKER) || has_marker(fs, stage, &entries)? {
        return Ok(true);
    }
    bail!(
        "`{}` was not left by a build in this directory: remove it, and `git checkout` out/ if a build elsewhere left it half written",
        show(stage.as_os_str())
    )
}

/// Returns whether the marker is the one that [`open`] wrote into this very directory.
fn has_marker(fs: &dyn Fs, stage: &Path, entries: &[(OsString, FileType)]) -> anyhow::Result<bool> {
    if !entries.contains(&(MARKER.into(), FileType::File)) {
        return Ok(false);
    }
    let marker = stage.join(MARKER);
    let read = at("read", &marker, fs.read(&marker, LONGEST_MARKER))?;
    let number = at("look at", stage, fs.number(stage))?;
    Ok(read.bytes.as_deref() == Some(marker_text(number).as_bytes()))
}

fn remove_all(fs: &dyn Fs, path: &Path, kind: FileType) -> anyhow::Result<()> {
    // Directories come after what is in them: first down, noting each, then back up.
    let (mut open, mut directories) = (vec![(path.to_owned(), kind)], Vec::new());
    while let Some((path, kind)) = open.pop() {
        if kind != FileType::Directory {
            at("remove", &path, fs.remove(&path))?;
            continue;
        }
        let entries = at("list", &path, fs.entries(&path))?;
        open.extend(
            entries
                .into_iter()
                .map(|(name, kind)| (path.join(name), kind)),
        );
        directories.push(path);
    }
    directories
        .iter()
        .rev()
        .try_for_each(|directory| at("remove", directory, fs.remove_directory(directory)))
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}
