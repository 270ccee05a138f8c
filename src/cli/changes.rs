//! The words of `build` and `check` for files that differ.

use crate::compare::{Change, ChangeKind};
use pointer_diagnostics::report::escape_text;

/// Returns the word for how a file differs.
pub(super) fn change_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Changed => "changed",
        ChangeKind::Stale => "stale",
    }
}

/// Returns one line: how a file of `out/` differs, and its path.
pub(super) fn change_line(change: &Change) -> String {
    let word = match (change.kind, change.edited) {
        (ChangeKind::Added, true) => "removed by hand",
        (ChangeKind::Changed, true) => "edited by hand",
        (kind, _) => change_word(kind),
    };
    format!("{word:<15} out/{}\n", escape_text(change.path.as_str()))
}

/// Returns a number with its noun: `1 file`, `2 files`.
pub(super) fn count_noun(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
