//! The words of `build` and `check` for files that differ.

use crate::compare::{ChangeKind, FileChange};
use pointer_diagnostics::report::escape_text;

/// Returns one line: how a file of `out/` differs, and its path.
pub(super) fn change_line(change: &FileChange) -> String {
    let word = match (change.kind, change.edited) {
        (ChangeKind::Added, true) => "removed by hand",
        (ChangeKind::Changed, true) => "edited by hand",
        (kind, _) => kind.word(),
    };
    format!("{word:<15} out/{}\n", escape_text(change.path.as_str()))
}
