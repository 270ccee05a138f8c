//! Reads what `git ls-tree -r -z -l` prints.

use anyhow::{Context as _, ensure};

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) path: String,
    pub(super) kind: TreeEntryKind,
    pub(super) hash: String,
    /// In bytes; 0 for what is no file.
    pub(super) size: u64,
}

/// Types of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeEntryKind {
    File,
    Link,
    Submodule,
}

/// The entries at or below the wanted paths. Names of others may be whatever git allows.
pub(super) fn parse(listing: &[u8], wanted: &[&str]) -> anyhow::Result<Vec<TreeEntry>> {
    let lines = listing
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty());
    lines
        .filter_map(|line| entry(line, wanted).transpose())
        .collect()
}

/// `<mode> <type> <hash> <size>`, a tab, the path.
fn entry(line: &[u8], wanted: &[&str]) -> anyhow::Result<Option<TreeEntry>> {
    let tab = line
        .iter()
        .position(|byte| *byte == b'\t')
        .context("a line has no tab")?;
    let (head, path) = (
        line.get(..tab).unwrap_or_default(),
        line.get(tab + 1..).unwrap_or_default(),
    );
    if !wanted
        .iter()
        .any(|wanted| is_at_or_below(path, wanted.as_bytes()))
    {
        return Ok(None);
    }
    let path = std::str::from_utf8(path).ok().filter(|path| is_plain(path));
    let path = path.with_context(|| {
        let name = String::from_utf8_lossy(line.get(tab + 1..).unwrap_or_default()).into_owned();
        format!(
            "the name `{}` is not one that siteplan reads",
            pointer_diagnostics::report::escape_text(&name)
        )
    })?;
    let mut fields = std::str::from_utf8(head)?.split_ascii_whitespace();
    let (mode, _, hash, size) = (fields.next(), fields.next(), fields.next(), fields.next());
    let kind = match mode {
        Some("100644" | "100755" | "100664") => TreeEntryKind::File,
        Some("120000") => TreeEntryKind::Link,
        Some("160000") => TreeEntryKind::Submodule,
        other => anyhow::bail!("`{path}` has the mode `{}`", other.unwrap_or_default()),
    };
    let hash = hash.unwrap_or_default().to_owned();
    ensure!(
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && !hash.is_empty(),
        "`{path}` has no hash"
    );
    let size = size.and_then(|size| size.parse().ok()).unwrap_or_default();
    Ok(Some(TreeEntry {
        path: path.to_owned(),
        kind,
        hash,
        size,
    }))
}

fn is_at_or_below(path: &[u8], wanted: &[u8]) -> bool {
    path.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// A path without surprises: git itself allows none of these, a tree made by hand may.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !matches!(name, "" | "." | "..")) && !path.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

    fn list(lines: &[&str]) -> anyhow::Result<Vec<(String, TreeEntryKind, u64)>> {
        let listing: String = lines
            .iter()
            .map(|line| line.replace('H', HASH) + "\0")
            .collect();
        let entries = parse(listing.as_bytes(), &["out", "base"])?;
        Ok(entries
            .into_iter()
            .map(|entry| (entry.path, entry.kind, entry.size))
            .collect())
    }

    #[test]
    fn takes_what_is_wanted() {
        let lines = [
            "100644 blob H      12\tout/a.yaml",
            "100755 blob H       3\tbase/apps/run.sh",
            "100644 blob H       3\toutside/a",
            "120000 blob H       3\tbase/link",
            "160000 commit H       -\tbase/sub",
        ];
        let expected = [
            ("out/a.yaml", TreeEntryKind::File, 12),
            ("base/apps/run.sh", TreeEntryKind::File, 3),
            ("base/link", TreeEntryKind::Link, 3),
            ("base/sub", TreeEntryKind::Submodule, 0),
        ];
        assert_eq!(
            list(&lines).unwrap(),
            expected.map(|(path, kind, size)| (path.to_owned(), kind, size))
        );
    }

    #[test]
    fn refuses_what_git_does_not_write() {
        for line in [
            "100644 blob H 1\tout/../x",
            "100644 blob H 1\tout//x",
            "100644 blob H 1\tout/a\\b",
            "040000 tree H -\tout",
            "100644 blob --batch 1\tout/x",
            "100644 blob H 1 out/x",
        ] {
            assert!(list(&[line]).is_err(), "{line}");
        }
        let listing = [b"100644 blob ", HASH.as_bytes(), b" 1\tout/\xff\0"].concat();
        assert!(parse(&listing, &["out"]).is_err());
        assert_eq!(parse(&listing, &["base"]).unwrap(), []);
    }
}
