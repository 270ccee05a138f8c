//! The files of a repository: listed in order, read within bounds, never through a link.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin};
use rooted_directory::{EntryKind, ListedEntry, OpenError, ReadOnceDirectory};

/// The largest input file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// A directory tree that inputs are read from, each once. Cheap to clone; clones share what was read.
#[derive(Debug, Clone)]
pub struct FleetFiles {
    tree: Arc<ReadOnceDirectory>,
}

impl FleetFiles {
    /// Opens the directory that inputs are read from.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self {
            tree: Arc::new(ReadOnceDirectory::open(root)?),
        })
    }

    /// Returns the tree, for others that read the same files.
    pub fn tree(&self) -> &Arc<ReadOnceDirectory> {
        &self.tree
    }

    /// Lists the directories below that have a fleet file of their own, nearest first.
    pub(super) fn find_fleets_below(&self) -> Vec<String> {
        super::root::find_fleets_below(&self.tree)
    }

    /// Returns the directory.
    pub fn root(&self) -> &Path {
        self.tree.path()
    }

    /// Lists the paths, from the root and with `/`, of all files below a directory, sorted. Links, odd names and what cannot be listed
    /// are reported.
    pub fn list(&self, directory: &str, found: &mut Diagnostics) -> Vec<String> {
        let entries = match self.tree.list(directory) {
            Ok(entries) => entries,
            Err(error) => {
                found.push(unreadable_file(directory, &error));
                return Vec::new();
            }
        };
        let mut paths = Vec::new();
        for entry in entries {
            match entry {
                ListedEntry::File(path) => paths.push(path),
                ListedEntry::Odd(path) => found.push(odd_file(&path)),
                ListedEntry::NotUtf8(shown) => found.push(
                    rules::ODD_FILE
                        .report(format!("the name of `{shown}` is not UTF-8"))
                        .primary(Origin::file(directory), "")
                        .help("rename the file"),
                ),
                ListedEntry::Unlisted { path, reason } => found.push(
                    rules::UNREADABLE_FILE
                        .report(format!("the directory `{path}` cannot be listed: {reason}"))
                        .primary(Origin::file(&path), "")
                        .help("let the user who runs siteplan read it: a site or an app in it would be left out"),
                ),
            }
        }
        paths
    }

    /// Tells whether there is something at the path that is no directory. A link on the way counts: reading reports it.
    pub fn exists(&self, path: &str) -> bool {
        match self.tree.kind(path) {
            Ok(kind) => kind != EntryKind::Directory,
            Err(error) => matches!(error, OpenError::Link(_)),
        }
    }

    /// Reads the text of a file. A file that cannot be read as text is reported.
    pub fn read(&self, path: &str, found: &mut Diagnostics) -> Option<String> {
        let bytes = self.read_bytes(path, found)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Some(text.to_owned()),
            Err(error) => {
                found.push(unreadable(path, &error));
                None
            }
        }
    }

    /// Reads the bytes of a file. A file that cannot be read is reported.
    pub fn read_bytes(&self, path: &str, found: &mut Diagnostics) -> Option<Arc<[u8]>> {
        match self.tree.read_once(path, LARGEST) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                found.push(unreadable_file(path, &error));
                None
            }
        }
    }
}

fn unreadable_file(path: &str, error: &OpenError) -> Diagnostic {
    match error {
        OpenError::Link(link) => odd_file(link),
        error => unreadable(path, error),
    }
}

fn unreadable(path: &str, why: &impl std::fmt::Display) -> Diagnostic {
    rules::UNREADABLE_FILE
        .report(format!("`{path}` cannot be read: {why}"))
        .primary(Origin::file(path), "")
}

fn odd_file(path: &str) -> Diagnostic {
    rules::ODD_FILE
        .report(format!("`{path}` is not a regular file"))
        .primary(Origin::file(path), "")
        .help("replace the link or special file by the file itself: links are not followed")
}
