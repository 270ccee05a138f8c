//! Reads the files of a git revision into memory, to compare a change with what was there before.
//!
//! Comes in: a repository, what names a revision, and the directories that are wanted. Goes out: their files, or why git has
//! none. What a revision contains may come from anybody: only `rev-parse`, `merge-base`, `ls-tree` and `cat-file` are run, which obey no
//! attributes, hooks or programs of the repository; links and submodules are refused; sizes are bounded. Nothing is
//! fetched from a network.

mod base;
mod git;
mod listing;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};

pub use base::{BaseCommit, find_base};
use git::Git;
use listing::{TreeEntry, TreeEntryKind};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// The most that is read of a revision, in bytes.
const MAX_TOTAL: u64 = 1 << 30;

/// The most files that are read of a revision. Ten thousand sites have some 200,000.
const MAX_FILES: usize = 1_000_000;

/// The files of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit's hash.
    pub commit: String,
    /// The files by their paths from the directory that was read, with `/`.
    pub files: BTreeMap<String, Arc<[u8]>>,
}

/// Reads the files of a revision that are below a directory of a git repository, and there at or below one of the paths
/// `wanted`. The revision is whatever git takes for a commit: `HEAD~1`, `origin/main`, a tag, a hash.
pub fn read(directory: &Path, revision: &str, wanted: &[&str]) -> anyhow::Result<Revision> {
    read_chosen(directory, revision, wanted, &|_| true)
}

/// Returns the paths in what `git ls-tree -r -z -l` prints that are at or below one of the paths `wanted`.
///
/// # Errors
///
/// When git would not print it so, or one of the paths is not one that is read.
pub fn list_paths(listing: &[u8], wanted: &[&str]) -> anyhow::Result<Vec<String>> {
    let entries = listing::parse(listing, wanted)?;
    Ok(entries.into_iter().map(|entry| entry.path).collect())
}

/// Reads those files of a revision, at or below one of the paths `wanted`, whose paths are chosen.
///
/// # Errors
///
/// When git has no such revision, or one of the files is not a plain file.
pub fn read_chosen(
    directory: &Path,
    revision: &str,
    wanted: &[&str],
    is_chosen: &dyn Fn(&str) -> bool,
) -> anyhow::Result<Revision> {
    let git = Git::new(directory);
    let commit = resolve(&git, revision)?;
    let listing = git.run(&["ls-tree", "-r", "-z", "-l", &commit])?;
    let mut entries =
        listing::parse(&listing, wanted).context("git lists a tree that cannot be read")?;
    entries.retain(|entry| is_chosen(&entry.path));
    refuse_unreadable(&entries, revision)?;
    let hashes: Vec<&str> = entries.iter().map(|entry| entry.hash.as_str()).collect();
    let contents = git.contents(&hashes)?;
    let files = entries
        .iter()
        .zip(contents)
        .map(|(entry, bytes)| (entry.path.clone(), bytes));
    Ok(Revision {
        files: files.collect(),
        commit,
    })
}

/// The hash of the commit. Only this ever reaches another git command.
fn resolve(git: &Git, revision: &str) -> anyhow::Result<String> {
    ensure!(!revision.is_empty(), "the revision is empty");
    let name = format!("{revision}^{{commit}}");
    let output = git.run(&["rev-parse", "--verify", "--end-of-options", &name]);
    let output = output.map_err(|error| {
        let help = if git.is_shallow() {
            ": the clone is shallow, clone with the whole history (`fetch-depth: 0`)"
        } else {
            ""
        };
        error.context(format!(
            "git knows no commit `{}`{help}",
            pointer_diagnostics::report::escape_text(revision)
        ))
    })?;
    let hash = String::from_utf8(output)?.trim_end().to_owned();
    let is_hash =
        matches!(hash.len(), 40 | 64) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(
        is_hash,
        "git names no commit for `{}`",
        pointer_diagnostics::report::escape_text(revision)
    );
    Ok(hash)
}

fn refuse_unreadable(entries: &[TreeEntry], revision: &str) -> anyhow::Result<()> {
    let place = |entry: &TreeEntry| {
        format!(
            "`{}` in `{}`",
            pointer_diagnostics::report::escape_text(&entry.path),
            pointer_diagnostics::report::escape_text(revision)
        )
    };
    for entry in entries {
        match entry.kind {
            TreeEntryKind::File => {}
            TreeEntryKind::Link => bail!(
                "{} is a symbolic link: links are not followed",
                place(entry)
            ),
            TreeEntryKind::Submodule => bail!(
                "{} is a submodule: its files are in another repository",
                place(entry)
            ),
        }
        ensure!(
            entry.size <= MAX_FILE,
            "{} is larger than {} MiB",
            place(entry),
            MAX_FILE >> 20
        );
    }
    ensure!(
        entries.len() <= MAX_FILES,
        "`{}` has more than {MAX_FILES} files",
        pointer_diagnostics::report::escape_text(revision)
    );
    let total: u64 = entries.iter().map(|entry| entry.size).sum();
    ensure!(
        total <= MAX_TOTAL,
        "the files in `{}` are larger than {} MiB",
        pointer_diagnostics::report::escape_text(revision),
        MAX_TOTAL >> 20
    );
    Ok(())
}

#[cfg(test)]
mod tests;
