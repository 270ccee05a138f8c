//! The words of `build` and `check` for files that differ.

use std::collections::BTreeSet;

use crate::compare::{ChangeKind, FileChange};
use pointer_diagnostics::report::escape_text;

/// Returns what is left to do by hand, for files of `bootstrap/` that differ; each site once.
pub(super) fn bootstrap_notes<'a>(changes: impl Iterator<Item = &'a FileChange>) -> Vec<String> {
    let sites: BTreeSet<&str> = changes
        .filter_map(|change| {
            let (site, file) = change.path.as_str().split_once("/bootstrap/")?;
            (file != "kustomization.yaml").then_some(site)
        })
        .collect();
    let note = |site: &str| {
        format!(
            "note: `out/{site}/bootstrap` changes, which Argo CD does not apply: run the commands of `siteplan bootstrap {site}` \
             before this is synced"
        )
    };
    sites
        .into_iter()
        .map(|site| note(&escape_text(site)))
        .collect()
}

/// Returns one line: how a file of `out/` differs, and its path.
pub(super) fn change_line(change: &FileChange) -> String {
    let word = match (change.kind, change.edited) {
        (ChangeKind::Added, true) => "removed by hand",
        (ChangeKind::Changed, true) => "edited by hand",
        (kind, _) => kind.word(),
    };
    format!("{word:<15} out/{}\n", escape_text(change.path.as_str()))
}
