//! The step that makes the stage the new out/.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::directories::exists;
use super::fs::{FileType, Fs};
use super::path::{Paths, at, show};
use super::{Changes, ReplacementStep, journal, link, read};
use crate::tree::TreePath;

/// Fills the stage up with what stays, and puts it in the place of the deepest directory that holds every change.
pub(super) fn commit(
    fs: &dyn Fs,
    paths: &Paths,
    changes: &Changes,
) -> anyhow::Result<ReplacementStep> {
    refuse_obstacles(fs, paths, changes)?;
    let directory = Path::new(deepest(changes));
    let directory = existing_parent(fs, paths, directory)?;
    if paths.is_stage_inside() && directory == Path::new("") {
        journal::commit(fs, paths, changes)?;
        return Ok(ReplacementStep::Journal);
    }
    let directory = fill(fs, paths, directory, changes)?;
    let step = step(fs, paths, directory)?;
    match take(fs, paths, directory, step) {
        Ok(()) => Ok(step),
        Err(error) if is_unsupported(&error) => {
            journal::commit(fs, paths, changes)?;
            Ok(ReplacementStep::Journal)
        }
        Err(error) => {
            at("exchange", &paths.out.join(directory), Err(error)).context("`out/` is as it was")
        }
    }
}

fn take(fs: &dyn Fs, paths: &Paths, directory: &Path, step: ReplacementStep) -> io::Result<()> {
    let (staged, target) = (paths.staged().join(directory), paths.out.join(directory));
    match step {
        ReplacementStep::Exchange => fs.exchange(&staged, &target),
        ReplacementStep::Take => fs.rename(&target, &paths.aside()),
        ReplacementStep::Place | ReplacementStep::Journal => fs.rename(&staged, &target),
    }
}

/// The deepest directory that holds every change, relative to out/; empty for out/ itself.
fn deepest(changes: &Changes) -> &str {
    let mut directories = changes
        .put
        .iter()
        .chain(&changes.remove)
        .map(TreePath::directory);
    let first = directories.next().unwrap_or_default();
    directories.fold(first, |common, directory| {
        let mut common = common;
        while !is_inside(directory, common) {
            common = common.rsplit_once('/').map_or("", |(above, _)| above);
        }
        common
    })
}

fn is_inside(directory: &str, of: &str) -> bool {
    of.is_empty()
        || directory
            .strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The directory, or the highest one above it that has to be made with it.
fn existing_parent<'a>(
    fs: &dyn Fs,
    paths: &Paths,
    mut directory: &'a Path,
) -> anyhow::Result<&'a Path> {
    while let Some(above) = directory.parent() {
        let path = paths.out.join(above);
        if at("look at", &path, fs.kind(&path))? == Some(FileType::Directory) {
            break;
        }
        directory = above;
    }
    Ok(directory)
}

/// Links what stays into the stage. A directory that would be empty then goes with the one above it.
fn fill<'a>(
    fs: &dyn Fs,
    paths: &Paths,
    mut directory: &'a Path,
    changes: &Changes,
) -> anyhow::Result<&'a Path> {
    loop {
        link::keep(fs, paths, directory, changes)?;
        let staged = paths.staged().join(directory);
        let is_left = exists(fs, &staged)?;
        match directory.parent() {
            Some(above) if !is_left && is_only_child(fs, paths, above)? => directory = above,
            _ => return Ok(directory),
        }
    }
}

fn is_only_child(fs: &dyn Fs, paths: &Paths, above: &Path) -> anyhow::Result<bool> {
    let path = paths.out.join(above);
    Ok(above != Path::new("") && at("list", &path, fs.entries(&path))?.len() == 1)
}

fn step(fs: &dyn Fs, paths: &Paths, directory: &Path) -> anyhow::Result<ReplacementStep> {
    let exists = |base: &Path| exists(fs, &base.join(directory));
    Ok(match (exists(&paths.out)?, exists(&paths.staged())?) {
        (true, true) => ReplacementStep::Exchange,
        (true, false) => ReplacementStep::Take,
        (false, _) => ReplacementStep::Place,
    })
}

/// Checks whether the file system, or the place of the directory in it, does not allow the step, and single files may do.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::CrossesDevices
            | ErrorKind::InvalidInput
            | ErrorKind::Unsupported
            | ErrorKind::ResourceBusy
            | ErrorKind::PermissionDenied
    )
}

/// Refuses to begin where somebody else's file is in the way of a generated directory, or a directory with somebody
/// else's files in the way of a generated file.
fn refuse_obstacles(fs: &dyn Fs, paths: &Paths, changes: &Changes) -> anyhow::Result<()> {
    let mut known = KnownDirectories {
        fs,
        paths,
        removed: &changes.remove,
        answers: BTreeMap::new(),
    };
    for path in &changes.put {
        let mut is_there = true;
        for directory in path.directories() {
            is_there = is_there && known.is_directory(directory)?;
        }
        let file = paths.in_out(path);
        if is_there && at("look at", &file, fs.kind(&file))? == Some(FileType::Directory) {
            let below = read::walk(fs, &paths.out, Path::new(path.as_str()))?;
            if let Some(other) = below.iter().find(|below| !contains(&changes.remove, below)) {
                in_the_way(paths, other)?;
            }
        }
    }
    Ok(())
}

/// Directories of `out/` that were looked at, each once.
struct KnownDirectories<'a> {
    fs: &'a dyn Fs,
    paths: &'a Paths,
    removed: &'a BTreeSet<TreePath>,
    answers: BTreeMap<&'a str, bool>,
}

impl<'a> KnownDirectories<'a> {
    /// Checks for a directory. Another file of its name that stays is an error.
    fn is_directory(&mut self, directory: &'a str) -> anyhow::Result<bool> {
        if let Some(answer) = self.answers.get(directory) {
            return Ok(*answer);
        }
        let path = self.paths.out.join(directory);
        let kind = at("look at", &path, self.fs.kind(&path))?;
        let is_other = kind.is_some_and(|kind| kind != FileType::Directory);
        if is_other && !contains(self.removed, Path::new(directory)) {
            in_the_way(self.paths, Path::new(directory))?;
        }
        let is_directory = kind == Some(FileType::Directory);
        self.answers.insert(directory, is_directory);
        Ok(is_directory)
    }
}

fn contains(paths: &BTreeSet<TreePath>, path: &Path) -> bool {
    path.to_str()
        .and_then(|path| TreePath::parse(path).ok())
        .is_some_and(|path| paths.contains(&path))
}

fn in_the_way(paths: &Paths, path: &Path) -> anyhow::Result<()> {
    let path = show(paths.out.join(path).as_os_str());
    bail!("`{path}` is not siteplan's and is in the way of a generated file: move it away")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(put: &[&str], remove: &[&str]) -> Changes {
        let parse = |paths: &[&str]| {
            paths
                .iter()
                .map(|path| TreePath::parse(path).unwrap())
                .collect()
        };
        Changes {
            put: parse(put),
            remove: parse(remove),
        }
    }

    #[test]
    fn finds_the_deepest_directory_that_holds_every_change() {
        assert_eq!(deepest(&changes(&["a/web/x"], &[])), "a/web");
        assert_eq!(deepest(&changes(&["a/web/x", "a/web/b/y"], &[])), "a/web");
        assert_eq!(deepest(&changes(&["a/web/x"], &["a/web-2/y"])), "a");
        assert_eq!(deepest(&changes(&["a/web/x", "a/y"], &[])), "a");
        assert_eq!(deepest(&changes(&["a/x"], &["b/x"])), "");
        assert_eq!(deepest(&changes(&["ab/x"], &["a/x"])), "");
    }
}
