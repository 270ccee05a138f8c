//! Compares a freshly compiled site with what out/ holds of it.
//!
//! Comes in: the files that are there ([`Present`]) and the ones that should be (a [`Tree`]). Goes out: what differs, and of
//! each difference whether somebody edited the file by hand or siteplan has not been run since an input changed.

mod removal;
mod report;
pub mod semantic;
pub mod text;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ledger::{self, Digest, Ledger};
use crate::tree::{Tree, TreePath};

pub use removal::{
    Inventory, SiteInventory, Vanished, VanishedThing, check_removals, explain_approvals,
    unguarded_leftovers, vanished,
};
pub use report::report;

/// Files of one site in out/.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// The site, that is the name of the directory in out/.
    pub site: String,
    /// Record of the directory's inputs and outputs, as far as it is known.
    pub record: Record,
    /// The files that may be siteplan's.
    pub files: BTreeMap<TreePath, PresentFile>,
    /// The paths, below out/, of the files that are somebody else's.
    pub foreign: Vec<String>,
}

/// The ledger of a site's directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Record {
    /// There is none.
    #[default]
    Missing,
    /// Some of it cannot be read; what can be, and why the rest cannot.
    Unreadable(Ledger, String),
    /// It was read.
    Known(Ledger),
}

/// A file in out/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentFile {
    /// Its bytes; `None` if it is larger than anything siteplan generates.
    pub bytes: Option<Vec<u8>>,
    /// Set if it is executable, which git tracks.
    pub executable: bool,
}

/// Differences between the files of one site in out/ and the ones that should be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The site.
    pub site: String,
    /// The files that differ, sorted by path.
    pub changes: Vec<FileChange>,
    /// Files of somebody else, which are kept.
    pub foreign: Vec<String>,
    /// Reason why the site's ledger cannot be used, if it is there.
    pub unreadable: Option<String>,
    /// The site's ledger in out/, as far as it can be read.
    #[serde(skip)]
    pub before: Ledger,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path below out/.
    pub path: TreePath,
    /// Kind of the difference.
    pub kind: ChangeKind,
    /// Set if it was edited, replaced or removed by hand since siteplan wrote it.
    pub edited: bool,
}

/// Ways in which a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is missing in out/.
    Added,
    /// It has other content in out/.
    Changed,
    /// It is in out/ and is generated no more.
    Stale,
}

impl ChangeKind {
    /// Returns the word that is printed for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Stale => "stale",
        }
    }
}

/// Compares one site. All files of the tree belong to it.
pub fn compare(present: &Present, tree: &Tree) -> Comparison {
    let paths: BTreeSet<&TreePath> = present
        .files
        .keys()
        .chain(tree.iter().map(|(path, _)| path))
        .collect();
    let mut comparison = Comparison {
        site: present.site.clone(),
        before: present.ledger().cloned().unwrap_or_default(),
        ..Comparison::default()
    };
    comparison.foreign.clone_from(&present.foreign);
    for path in paths {
        match (present.files.get(path), tree.get(path)) {
            (Some(file), None) if !is_ours(present, path, file) => {
                comparison.foreign.push(path.to_string());
            }
            (file, new) => comparison.changes.extend(change(present, path, file, new)),
        }
    }
    comparison.foreign.sort_unstable();
    if let Record::Unreadable(_, why) = &present.record {
        comparison.unreadable = Some(why.clone());
    }
    comparison
}

impl Present {
    /// Returns what can be read of the ledger.
    pub fn ledger(&self) -> Option<&Ledger> {
        match &self.record {
            Record::Missing => None,
            Record::Unreadable(ledger, _) | Record::Known(ledger) => Some(ledger),
        }
    }

    /// The files that siteplan generated, as far as that is known.
    pub fn generated(&self) -> impl Iterator<Item = &TreePath> {
        let recorded = if let Record::Known(ledger) = &self.record {
            Some(ledger.files.keys())
        } else {
            None
        };
        let told = self
            .files
            .iter()
            .filter(move |(path, file)| is_ours(self, path, file))
            .map(|(path, _)| path);
        told.chain(recorded.into_iter().flatten())
    }
}

impl PresentFile {
    /// Returns the digest of its content; `None` if it is larger than anything siteplan generates.
    fn digest(&self) -> Option<Digest> {
        let bytes = self.bytes.as_deref()?;
        Some(Digest::of(&with_plain_line_ends(bytes)))
    }
}

impl Comparison {
    /// Checks whether out/ holds exactly what it should of the site.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the number of files that differ in the way.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes
            .iter()
            .filter(|change| change.kind == kind)
            .count()
    }
}

fn change(
    present: &Present,
    path: &TreePath,
    file: Option<&PresentFile>,
    new: Option<&[u8]>,
) -> Option<FileChange> {
    let kind = match (file, new) {
        (Some(file), Some(new)) if is_same_file(file, new) => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
        (Some(_), None) => ChangeKind::Stale,
        (None, _) => ChangeKind::Added,
    };
    Some(FileChange {
        path: path.clone(),
        kind,
        edited: is_edited(present, path, file),
    })
}

/// Tells whether a file has the content that it should have. Git may have checked it out with the line ends of Windows.
fn is_same_file(file: &PresentFile, new: &[u8]) -> bool {
    let Some(bytes) = file.bytes.as_deref() else {
        return false;
    };
    !file.executable && (bytes == new || *with_plain_line_ends(bytes) == *new)
}

/// Returns a text with the line ends that siteplan writes.
fn with_plain_line_ends(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(index + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    Cow::Owned(plain)
}

/// Checks whether siteplan generated the file: the ledger says so, or, without a ledger, the file's own first line.
fn is_ours(present: &Present, path: &TreePath, file: &PresentFile) -> bool {
    match &present.record {
        _ if ledger::is_ledger(path) => true,
        Record::Known(ledger) => ledger.files.contains_key(path),
        Record::Missing | Record::Unreadable(..) => has_header(present, file),
    }
}

fn is_edited(present: &Present, path: &TreePath, file: Option<&PresentFile>) -> bool {
    match (&present.record, file) {
        _ if ledger::is_ledger(path) => false,
        (Record::Known(ledger), Some(file)) => match ledger.files.get(path) {
            Some(Some(digest)) => file.digest().as_ref() != Some(digest),
            // The content of a gathered file may be the merge of two branches.
            Some(None) => !has_header(present, file),
            None => true,
        },
        (Record::Known(ledger), None) => ledger.files.contains_key(path),
        (_, Some(file)) => !has_header(present, file),
        (_, None) => false,
    }
}

fn has_header(present: &Present, file: &PresentFile) -> bool {
    file.bytes
        .as_deref()
        .is_some_and(|bytes| ledger::is_generated(bytes, &present.site))
}

/// Returns the ledger in the new files of a site.
pub fn new_ledger(site: &str, tree: &Tree) -> Option<Ledger> {
    let path = TreePath::parse(&format!("{site}/{}", ledger::FILE)).ok()?;
    Ledger::parse(tree.get(&path)?, site).ok()
}

#[cfg(test)]
mod tests;
