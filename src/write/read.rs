//! Reads what out/ holds.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::fs::{Disk, FileType, Fs};
use super::path::{Paths, STAGE, at, show};
use super::{journal, stage};
use crate::compare::{Present, PresentFile, Record};
use crate::ledger::{self, Ledger};
use crate::tree::{Tree, TreePath};

/// Larger files are not read: siteplan generates none.
const MAX_BYTES: u64 = 16 << 20;

/// Reads what out/ holds of a site. Files that are neither in the site's ledger nor in the new tree are only listed.
pub fn read_site(out: &Path, site: &str, new: &Tree) -> anyhow::Result<Present> {
    check_out(&Disk, out)?;
    read_site_on(&Disk, out, site, new)
}

/// The directories in out/ that are, or were, sites, sorted.
pub fn site_names(out: &Path) -> anyhow::Result<Vec<String>> {
    check_out(&Disk, out)?;
    Ok(list(&Disk, out)?.0)
}

/// Checks whether a run was killed while it replaced files one by one, so that out/ is neither the old tree nor the new one.
/// The next [`super::Writer::begin`] finishes it.
pub fn interrupted(out: &Path) -> anyhow::Result<bool> {
    let paths = Paths::new(out)?;
    stage::places(&paths)
        .iter()
        .try_fold(false, |found, stage| {
            Ok(found || journal::is_pending(&Disk, stage)?)
        })
}

/// Refuses an out/ that is no directory, above all one that is a link to somewhere else.
pub(super) fn check_out(fs: &dyn Fs, out: &Path) -> anyhow::Result<()> {
    match at("look at", out, fs.kind(out))? {
        None | Some(FileType::Directory) => Ok(()),
        Some(FileType::Link) => {
            bail!(
                "`{}` is a symbolic link: siteplan writes only to a directory",
                show(out.as_os_str())
            )
        }
        Some(FileType::File | FileType::Other) => {
            bail!("`{}` is not a directory", show(out.as_os_str()))
        }
    }
}

/// The directories in out/ that may be sites, and everything else in it.
pub(super) fn list(fs: &dyn Fs, out: &Path) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let (mut sites, mut foreign) = (Vec::new(), Vec::new());
    for (name, kind) in entries(fs, out)? {
        if name == STAGE {
            continue;
        }
        refuse_special(&out.join(&name), kind)?;
        match name.to_str().filter(|site| {
            kind == FileType::Directory && TreePath::parse(&format!("{site}/x")).is_ok()
        }) {
            Some(site) => sites.push(site.to_owned()),
            None => foreign.push(show(&name)),
        }
    }
    Ok((sites, foreign))
}

pub(super) fn read_site_on(
    fs: &dyn Fs,
    out: &Path,
    site: &str,
    new: &Tree,
) -> anyhow::Result<Present> {
    let mut present = Present {
        site: site.to_owned(),
        ..Present::default()
    };
    let files = walk(fs, out, Path::new(site))?;
    let ledger = read_ledger(fs, out, site)?;
    present.record = read_record(ledger.as_ref(), site);
    for relative in files {
        let path = relative
            .to_str()
            .and_then(|path| TreePath::parse(path).ok());
        match path.filter(|path| may_be_ours(&present.record, path, new)) {
            Some(path) => {
                let file = match &ledger {
                    Some(ledger) if ledger::is_ledger(&path) => ledger.clone(),
                    _ => {
                        let file = out.join(&relative);
                        at("read", &file, fs.read(&file, MAX_BYTES))?
                    }
                };
                present.files.insert(path, file);
            }
            None => present.foreign.push(show(relative.as_os_str())),
        }
    }
    Ok(present)
}

/// Every regular file below a directory of out/, relative to out/, sorted within its directory.
pub(super) fn walk(fs: &dyn Fs, out: &Path, directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let start = out.join(directory);
    if let Some(kind) = at("look at", &start, fs.kind(&start))? {
        refuse_special(&start, kind)?;
    }
    let (mut files, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        for (name, kind) in entries(fs, &out.join(&directory))? {
            if directory == Path::new("") && name == STAGE {
                continue;
            }
            let path = directory.join(&name);
            refuse_special(&out.join(&path), kind)?;
            if kind == FileType::Directory {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// The names in a directory; none if there is no directory.
fn entries(fs: &dyn Fs, directory: &Path) -> anyhow::Result<Vec<(OsString, FileType)>> {
    match fs.entries(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        result => at("list", directory, result),
    }
}

fn refuse_special(path: &Path, kind: FileType) -> anyhow::Result<()> {
    match kind {
        FileType::File | FileType::Directory => Ok(()),
        FileType::Link => {
            bail!(
                "`{}` is a symbolic link: remove it, `out/` holds regular files only",
                show(path.as_os_str())
            )
        }
        FileType::Other => bail!(
            "`{}` is not a regular file: remove it",
            show(path.as_os_str())
        ),
    }
}

/// Reads the file of a site's ledger; `None` where there is none.
fn read_ledger(fs: &dyn Fs, out: &Path, site: &str) -> anyhow::Result<Option<PresentFile>> {
    let path = out.join(site).join(ledger::FILE);
    if at("look at", &path, fs.kind(&path))?.is_none() {
        return Ok(None);
    }
    at("read", &path, fs.read(&path, MAX_BYTES)).map(Some)
}

fn read_record(ledger: Option<&PresentFile>, site: &str) -> Record {
    let Some(file) = ledger else {
        return Record::Missing;
    };
    let Some(bytes) = &file.bytes else {
        return Record::Unreadable(Ledger::default(), "it is too large".to_owned());
    };
    Ledger::parse(bytes, site).map_or_else(
        |error| Record::Unreadable(Ledger::recover(bytes, site), error.to_string()),
        Record::Known,
    )
}

fn may_be_ours(record: &Record, path: &TreePath, new: &Tree) -> bool {
    match record {
        _ if ledger::is_ledger(path) || new.contains(path) => true,
        Record::Known(ledger) => ledger.files.contains_key(path),
        // Without a ledger a file's first line tells; `compare` looks at it.
        Record::Missing | Record::Unreadable(..) => true,
    }
}
