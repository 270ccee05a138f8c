//! Replaces files one by one, where no directory can be exchanged.
//!
//! The journal in the stage lists what to put and what to remove. While it is there, out/ may be half old and half new, and
//! every run begins by carrying it out. Each of its operations can be repeated, so that it does not matter where a run was
//! killed.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::Changes;
use super::directories::{NewDirectories, exists};
use super::fs::{FileType, Fs};
use super::path::{Paths, at, show};
use crate::tree::TreePath;

const FILE: &str = "journal.json";
/// The journal before it is complete.
const DRAFT: &str = "journal.new";
/// Larger journals are none.
const MAX_BYTES: u64 = 1 << 30;

/// The journal as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    put: Vec<String>,
    remove: Vec<String>,
}

/// Writes the journal and carries it out.
pub(super) fn commit(fs: &dyn Fs, paths: &Paths, changes: &Changes) -> anyhow::Result<()> {
    refuse_links(fs, paths, changes)?;
    note(fs, paths, changes).context("`out/` is as it was")?;
    let mut done = 0;
    roll(fs, paths, changes, &mut done).or_else(|error| {
        if done == 0 {
            remove(fs, &paths.stage)?;
            return Err(error.context("`out/` is as it was"));
        }
        Err(error.context("`out/` is half written: the next build finishes it"))
    })
}

/// Carries out the journal of a run that was killed.
pub(super) fn resume(fs: &dyn Fs, paths: &Paths) -> anyhow::Result<()> {
    let file = paths.stage.join(FILE);
    let bytes = at("read", &file, fs.read(&file, MAX_BYTES))?
        .bytes
        .unwrap_or_default();
    let changes =
        parse(&bytes).with_context(|| format!("`{}` is not siteplan's", show(file.as_os_str())))?;
    refuse_links(fs, paths, &changes)?;
    roll(fs, paths, &changes, &mut 0)
}

/// Checks whether there is a journal to carry out.
pub(super) fn is_pending(fs: &dyn Fs, stage: &Path) -> anyhow::Result<bool> {
    exists(fs, &stage.join(FILE))
}

/// Removes the journal, if there is one.
pub(super) fn remove(fs: &dyn Fs, stage: &Path) -> anyhow::Result<()> {
    let file = stage.join(FILE);
    if exists(fs, &file)? {
        at("remove", &file, fs.remove(&file))
    } else {
        Ok(())
    }
}

/// Writes the journal; it counts from the rename on. Whatever it names is on the disk before.
fn note(fs: &dyn Fs, paths: &Paths, changes: &Changes) -> anyhow::Result<()> {
    for path in &changes.put {
        let file = paths.in_stage(path);
        at("sync", &file, fs.sync(&file))?;
    }
    let texts = |paths: &BTreeSet<TreePath>| paths.iter().map(ToString::to_string).collect();
    let journal = Journal {
        put: texts(&changes.put),
        remove: texts(&changes.remove),
    };
    let json = serde_json::to_vec(&journal)?;
    let (draft, file) = (paths.stage.join(DRAFT), paths.stage.join(FILE));
    at("write", &draft, fs.create(&draft, &json))?;
    at("sync", &draft, fs.sync(&draft))?;
    at("rename", &draft, fs.rename(&draft, &file))
}

fn parse(bytes: &[u8]) -> anyhow::Result<Changes> {
    let journal: Journal = serde_json::from_slice(bytes)?;
    let paths = |texts: Vec<String>| {
        texts
            .iter()
            .map(|text| TreePath::parse(text))
            .collect::<Result<_, _>>()
    };
    Ok(Changes {
        put: paths(journal.put)?,
        remove: paths(journal.remove)?,
    })
}

/// Carries the journal out; counts what it changed in out/.
fn roll(fs: &dyn Fs, paths: &Paths, changes: &Changes, done: &mut usize) -> anyhow::Result<()> {
    for path in &changes.remove {
        let file = paths.in_out(path);
        if kind(fs, &file)? == Some(FileType::File) {
            at("remove", &file, fs.remove(&file))?;
            *done += 1;
        }
    }
    remove_empty(fs, paths, &changes.remove)?;
    let mut directories = NewDirectories::new(fs, paths.out.clone());
    for path in &changes.put {
        let (staged, file) = (paths.in_stage(path), paths.in_out(path));
        // What is not in the stage any more was put before the kill.
        if kind(fs, &staged)? == Some(FileType::File) {
            if !exists(fs, &paths.out)? {
                at("create", &paths.out, fs.create_directory(&paths.out))?;
            }
            remove_empty_below(fs, &file)?;
            directories.make(Path::new(path.directory()))?;
            at("replace", &file, fs.rename(&staged, &file))?;
            *done += 1;
        }
    }
    Ok(())
}

/// Removes the directories that removed files have left empty.
fn remove_empty(fs: &dyn Fs, paths: &Paths, removed: &BTreeSet<TreePath>) -> anyhow::Result<()> {
    let directories: BTreeSet<&str> = removed.iter().flat_map(TreePath::directories).collect();
    for directory in directories.into_iter().rev() {
        let directory = paths.out.join(directory);
        if kind(fs, &directory)? == Some(FileType::Directory)
            && at("list", &directory, fs.entries(&directory))?.is_empty()
        {
            at("remove", &directory, fs.remove_directory(&directory))?;
        }
    }
    Ok(())
}

/// Removes a directory of empty directories that is in a file's way.
fn remove_empty_below(fs: &dyn Fs, path: &Path) -> anyhow::Result<()> {
    let (mut open, mut directories): (Vec<PathBuf>, Vec<PathBuf>) =
        (vec![path.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        if kind(fs, &path)? == Some(FileType::Directory) {
            open.extend(
                at("list", &path, fs.entries(&path))?
                    .into_iter()
                    .map(|(name, _)| path.join(name)),
            );
            directories.push(path);
        }
    }
    directories
        .iter()
        .rev()
        .try_for_each(|directory| match fs.remove_directory(directory) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Err(anyhow!(
                "`{}` holds files that are not siteplan's: move them away",
                show(directory.as_os_str())
            )),
            result => at("remove", directory, result),
        })
}

/// Refuses links among the directories that the journal goes through, in out/ and in the stage: it may have been put there
/// by somebody else.
fn refuse_links(fs: &dyn Fs, paths: &Paths, changes: &Changes) -> anyhow::Result<()> {
    let directories: BTreeSet<&str> = changes
        .put
        .iter()
        .chain(&changes.remove)
        .flat_map(TreePath::directories)
        .collect();
    let bases = [paths.out.clone(), paths.staged()];
    let below = bases.iter().flat_map(|base| {
        directories
            .iter()
            .map(move |directory| base.join(directory))
    });
    for directory in below.chain(bases.iter().cloned()) {
        if matches!(
            kind(fs, &directory)?,
            Some(FileType::Link | FileType::Other)
        ) {
            bail!(
                "`{}` is not a directory: remove it",
                show(directory.as_os_str())
            );
        }
    }
    Ok(())
}

fn kind(fs: &dyn Fs, path: &Path) -> anyhow::Result<Option<FileType>> {
    at("look at", path, fs.kind(path))
}
