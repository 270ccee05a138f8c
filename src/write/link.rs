//! Gives the files that stay a place in the stage.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::directories::NewDirectories;
use super::fs::Fs;
use super::path::{Paths, at};
use super::{Changes, read};
use crate::tree::TreePath;

/// Links, or else copies, everything below a directory of out/ that does not change into the stage, whoever made it.
pub(super) fn keep(
    fs: &dyn Fs,
    paths: &Paths,
    directory: &Path,
    changes: &Changes,
) -> anyhow::Result<()> {
    let mut directories = NewDirectories::new(fs, paths.staged());
    for file in read::walk(fs, &paths.out, directory)? {
        let path = file.to_str().and_then(|path| TreePath::parse(path).ok());
        if path.is_some_and(|path| changes.put.contains(&path) || changes.remove.contains(&path)) {
            continue;
        }
        if let Some(above) = file.parent() {
            directories.make(above)?;
        }
        let (from, to) = (paths.out.join(&file), paths.staged().join(&file));
        match fs.link(&from, &to) {
            Err(error) if has_no_links(&error) => at("copy", &from, fs.copy(&from, &to))?,
            result => at("link", &from, result)?,
        }
    }
    Ok(())
}

/// Checks whether the file system has no hard links, has too many of this file, or does not allow them for it.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::CrossesDevices
            | ErrorKind::PermissionDenied
            | ErrorKind::TooManyLinks
            | ErrorKind::Unsupported
    )
}
