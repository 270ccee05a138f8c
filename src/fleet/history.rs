//! Reads what the commit that a change is made against has in `out/`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ledger::{self, Ledger};
use crate::load::{FLEET_FILE, REMOVALS, Repository};
use crate::revision::{self, BaseCommit, Revision};
use crate::tree::TreePath;
use pointer_diagnostics::Diagnostics;

/// The ledgers of a commit, by site.
pub type CommittedLedgers = BTreeMap<String, Ledger>;

/// The ledgers of the commit that a change is made against, if it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BaseLedgers {
    /// The commit has these.
    Known(CommittedLedgers),
    /// The clone is too shallow to have the commit.
    Shallow,
    /// There is no history.
    #[default]
    NoHistory,
}

/// Reads the ledgers of the commit that the working tree is a change of.
///
/// # Errors
///
/// When git has the commit and cannot read its tree.
pub fn read_base_ledgers(repository: &Repository, root: &Path) -> anyhow::Result<BaseLedgers> {
    let branch = &repository.fleet.spec.source.revision;
    let is_changed = |head: &str| has_other_approvals(repository, root, head);
    let commit = match revision::find_base(root, branch, &is_changed) {
        BaseCommit::Known(commit) => commit,
        BaseCommit::Shallow => return Ok(BaseLedgers::Shallow),
        BaseCommit::NoHistory => return Ok(BaseLedgers::NoHistory),
    };
    let is_ledger = |path: &str| ledger_path(path).is_some();
    let read = revision::read_chosen(root, &commit, &["out"], &is_ledger)?;
    let mut ledgers = CommittedLedgers::new();
    for (path, bytes) in &read.files {
        let Some(path) = ledger_path(path) else {
            continue;
        };
        // A ledger of the old format says that there was a site, and no more.
        let known = ledgers.entry(path.site().to_owned()).or_default();
        if path.in_site() == ledger::FILE {
            *known = Ledger::recover(bytes, path.site());
        }
    }
    Ok(BaseLedgers::Known(ledgers))
}

fn ledger_path(path: &str) -> Option<TreePath> {
    let path = TreePath::parse(path.strip_prefix("out/")?).ok()?;
    ledger::is_ledger(&path).then_some(path)
}

/// Tells whether the approvals of removals are others than in a commit: then it is the next commit that they are about.
fn has_other_approvals(repository: &Repository, root: &Path, commit: &str) -> bool {
    let committed = revision::read(root, commit, &[FLEET_FILE, REMOVALS]);
    committed.map_or(true, |committed| !is_same(repository, &committed))
}

fn is_same(repository: &Repository, committed: &Revision) -> bool {
    let mut ignored = Diagnostics::new();
    let mut paths = repository.files.list(REMOVALS, &mut ignored);
    paths.push(FLEET_FILE.to_owned());
    let is_same = |path: &String| {
        let bytes = repository.files.read_bytes(path, &mut Diagnostics::new());
        bytes.as_deref() == committed.files.get(path).map(AsRef::as_ref)
    };
    paths.len() == committed.files.len() && paths.iter().all(is_same)
}
