//! The directory of the fleet: the one that was asked for, or one above it.

use std::path::{Path, PathBuf};

use rooted_directory::{EntryKind, RootedDirectory};

use super::FLEET_FILE;

/// Levels below a directory that are searched for fleets, for the words of a message.
const DEEPEST: usize = 3;
/// Directories that are searched at most.
const MOST_DIRECTORIES: usize = 500;

/// Returns the nearest directory, from `start` upwards, that has a fleet file; `start` itself where there is none. Directories
/// above the root of a git repository are not looked at.
pub fn find_fleet_root(start: &Path) -> PathBuf {
    let Ok(absolute) = std::path::absolute(start) else {
        return start.to_owned();
    };
    for (level, directory) in absolute.ancestors().enumerate() {
        let Ok(tree) = RootedDirectory::open(directory) else {
            break;
        };
        if matches!(tree.kind(FLEET_FILE), Ok(EntryKind::File)) {
            // The caller's own spelling is the better one in messages.
            return match level {
                0 => start.to_owned(),
                _ => directory.to_owned(),
            };
        }
        if tree.kind(".git").is_ok() {
            break;
        }
    }
    start.to_owned()
}

/// Lists the directories below a tree's root that have a fleet file, nearest first, by their paths from the root.
pub(super) fn find_fleets_below(tree: &RootedDirectory) -> Vec<String> {
    let mut fleets = Vec::new();
    let mut level = vec![String::new()];
    let mut seen = 0;
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for parent in &level {
            for name in tree.list_directories(parent).unwrap_or_default() {
                seen += 1;
                if seen > MOST_DIRECTORIES {
                    return fleets;
                }
                // Hidden ones, and what other tools fetch or build.
                if name.starts_with('.') || matches!(name.as_str(), "node_modules" | "target") {
                    continue;
                }
                let path = match parent.as_str() {
                    "" => name,
                    parent => format!("{parent}/{name}"),
                };
                match tree.kind(&format!("{path}/{FLEET_FILE}")) {
                    Ok(EntryKind::File) => fleets.push(path),
                    _ => next.push(path),
                }
            }
        }
        level = next;
    }
    fleets
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests make the files that they look for"
)]
mod tests {
    use super::*;

    /// Makes a tree of directories; a path that ends in `/` is one, others are empty files.
    fn make_tree(paths: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in paths {
            let full = root.path().join(path);
            std::fs::create_dir_all(if path.ends_with('/') {
                &full
            } else {
                full.parent().unwrap()
            })
            .unwrap();
            if !path.ends_with('/') {
                std::fs::write(&full, "").unwrap();
            }
        }
        root
    }

    #[test]
    fn a_fleet_is_found_from_a_directory_below_it() {
        let tree = make_tree(&["siteplan.yaml", "base/apps/web/"]);
        let found = find_fleet_root(&tree.path().join("base/apps/web"));
        assert_eq!(found, tree.path());
        assert_eq!(find_fleet_root(tree.path()), tree.path());
    }

    #[test]
    fn a_fleet_outside_of_the_git_repository_is_not_taken() {
        let tree = make_tree(&["siteplan.yaml", "other/.git/", "other/docs/"]);
        let start = tree.path().join("other/docs");
        assert_eq!(find_fleet_root(&start), start);
    }

    #[test]
    fn fleets_below_are_listed_nearest_first() {
        let tree = make_tree(&[
            "a/b/c/siteplan.yaml",
            "z/siteplan.yaml",
            ".cache/siteplan.yaml",
            "target/siteplan.yaml",
            "a/b/c/d/siteplan.yaml",
            "too/deep/to/see/siteplan.yaml",
        ]);
        let tree = RootedDirectory::open(tree.path()).unwrap();
        assert_eq!(find_fleets_below(&tree), ["z", "a/b/c"]);
    }
}
