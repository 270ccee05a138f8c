mod file_systems;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::fault::{Fault, FaultFs, Limits};
use super::*;
use crate::ledger;

/// A directory of its own, with out/ in it.
pub(super) struct Place {
    directory: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// In memory where the machine has a place for that: for tests that make thousands of directories.
    pub(super) fn in_memory() -> Self {
        Self {
            directory: TempDir::new_in("/dev/shm")
                .or_else(|_| TempDir::new())
                .unwrap(),
        }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    pub(super) fn out(&self) -> PathBuf {
        self.root().join("out")
    }

    pub(super) fn put(&self, path: &str, text: &str) {
        let path = self.out().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Every file in out/ with its content, without a stage that may lie there.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let files = self
            .walk()
            .into_iter()
            .filter(|path| !path.starts_with(self.out().join(path::STAGE)));
        files
            .map(|path| (self.name(&path), fs::read_to_string(&path).unwrap()))
            .collect()
    }

    /// What lies beside out/, or in it without belonging there.
    pub(super) fn strays(&self) -> Vec<String> {
        let names = fs::read_dir(self.root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let inner = self
            .out()
            .join(path::STAGE)
            .exists()
            .then(|| format!("out/{}", path::STAGE));
        names.filter(|name| name != "out").chain(inner).collect()
    }

    /// Inode and times of every file in out/.
    fn traces(&self) -> BTreeMap<String, (u64, i64, i64)> {
        let trace = |path: &PathBuf| {
            let metadata = fs::symlink_metadata(path).unwrap();
            (
                metadata.ino(),
                metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
                metadata.ctime_nsec(),
            )
        };
        self.walk()
            .iter()
            .map(|path| (self.name(path), trace(path)))
            .collect()
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.out())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    fn walk(&self) -> Vec<PathBuf> {
        let (mut files, mut open) = (Vec::new(), vec![self.out()]);
        while let Some(directory) = open.pop() {
            let Ok(entries) = fs::read_dir(directory) else {
                continue;
            };
            for entry in entries.map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                } else {
                    files.push(entry.path());
                }
            }
        }
        files
    }
}

/// A tree of the files, each site sealed with its ledger.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(path, *text).unwrap();
    }
    let sites: Vec<String> = tree.sites().into_iter().map(str::to_owned).collect();
    for site in sites {
        ledger::seal(&mut tree, &site, ledger::Ledger::default()).unwrap();
    }
    tree
}

pub(super) fn texts(tree: &Tree) -> BTreeMap<String, String> {
    tree.iter()
        .map(|(path, bytes)| (path.to_string(), String::from_utf8(bytes.to_vec()).unwrap()))
        .collect()
}

fn all(place: &Place, tree: &Tree) -> Written {
    write(&place.out(), tree, &Scope::All).unwrap()
}

/// Writes on a file system with limits.
fn limited(place: &Place, tree: &Tree, limits: Limits) -> anyhow::Result<Written> {
    let writer = Writer::begin_on(Box::new(FaultFs::new(Fault::None, limits)), &place.out())?;
    for site in tree.sites() {
        writer.replace(site, &tree.only(site))?;
    }
    writer.finish(&Scope::All)
}

#[test]
fn writes_a_tree_where_there_is_none_and_leaves_nothing_beside_it() {
    let place = Place::new();
    let tree = tree(&[("a/apps/web.yaml", "1"), ("b/x.yaml", "2")]);
    assert_eq!(all(&place, &tree).step, Some(ReplacementStep::Place));
    assert_eq!(place.files(), texts(&tree));
    assert!(place.strays().is_empty());
}

#[test]
fn exchanges_the_deepest_directory_that_holds_every_change() {
    let place = Place::new();
    all(
        &place,
        &tree(&[("a/web/x", "1"), ("a/db/y", "1"), ("b/web/x", "1")]),
    );
    let before = place.traces();
    let new = tree(&[("a/web/x", "2"), ("a/db/y", "1"), ("b/web/x", "1")]);
    assert_eq!(all(&place, &new).step, Some(ReplacementStep::Exchange));
    assert_eq!(place.files(), texts(&new));
    let after = place.traces();
    assert_eq!(
        before["b/web/x"], after["b/web/x"],
        "another site is not touched at all"
    );
    assert_eq!(
        (before["a/db/y"].0, before["a/db/y"].1),
        (after["a/db/y"].0, after["a/db/y"].1),
        "linked, not rewritten"
    );
}

#[test]
fn touches_nothing_when_nothing_changed() {
    let place = Place::new();
    let tree = tree(&[("a/web/x", "1"), ("b/y", "1")]);
    all(&place, &tree);
    let trace = |path: PathBuf| fs::metadata(path).unwrap().mtime_nsec();
    let before = (
        place.traces(),
        trace(place.root()),
        trace(place.out()),
        trace(place.out().join("a")),
    );
    let written = all(&place, &tree);
    assert_eq!(written.step, None);
    assert!(written.sites.iter().all(Comparison::is_same));
    assert_eq!(
        before,
        (
            place.traces(),
            trace(place.root()),
            trace(place.out()),
            trace(place.out().join("a"))
        )
    );
}

#[test]
fn removes_what_is_generated_no_more_and_its_directories() {
    let place = Place::new();
    all(
        &place,
        &tree(&[("a/web/x", "1"), ("a/db/deep/y", "1"), ("b/y", "1")]),
    );
    let new = tree(&[("a/web/x", "1")]);
    all(&place, &new);
    assert_eq!(place.files(), texts(&new));
    assert!(!place.out().join("a/db").exists());
    assert!(!place.out().join("b").exists());
}

#[test]
fn takes_a_site_away_in_one_step() {
    let place = Place::new();
    all(&place, &tree(&[("a/x", "1"), ("b/deep/y", "1")]));
    let new = tree(&[("a/x", "1")]);
    assert_eq!(all(&place, &new).step, Some(ReplacementStep::Take));
    assert_eq!(place.files(), texts(&new));
    assert_eq!(all(&place, &Tree::new()).step, Some(ReplacementStep::Take));
    assert!(place.out().is_dir());
    assert!(place.files().is_empty());
    assert!(place.strays().is_empty());
}

#[test]
fn with_given_sites_nothing_of_another_one_changes() {
    let place = Place::new();
    all(&place, &tree(&[("a/x", "1"), ("b/y", "1"), ("c/z", "1")]));
    let before = place.traces();
    let written = write(
        &place.out(),
        &tree(&[("a/x", "2"), ("d/w", "1")]),
        &Scope::Given,
    )
    .unwrap();
    assert_eq!(written.sites.len(), 2);
    let files = place.files();
    assert_eq!(
        (
            files["a/x"].as_str(),
            files["b/y"].as_str(),
            files["d/w"].as_str()
        ),
        ("2", "1", "1")
    );
    let after = place.traces();
    for file in ["b/y", "b/.siteplan", "c/z"] {
        assert_eq!(
            (before[file].0, before[file].1),
            (after[file].0, after[file].1),
            "{file}"
        );
    }
}

#[test]
fn keeps_files_that_are_not_ours_and_says_so() {
    let place = Place::new();
    all(&place, &tree(&[("a/web/x", "1"), ("b/y", "1")]));
    place.put("README.md", "mine");
    place.put("a/web/notes.txt", "mine");
    place.put("a/has space/z", "mine");
    let written = all(&place, &tree(&[("a/web/x", "2")]));
    assert_eq!(written.foreign, ["README.md"]);
    assert_eq!(
        written.sites[0].foreign,
        ["a/has space/z", "a/web/notes.txt"]
    );
    let files = place.files();
    assert!(
        ["README.md", "a/web/notes.txt", "a/has space/z"]
            .iter()
            .all(|path| files[*path] == "mine")
    );
    assert!(!files.contains_key("b/y"));
}

#[test]
fn keeps_a_directory_in_which_only_foreign_files_are_left() {
    let place = Place::new();
    all(&place, &tree(&[("a/x", "1"), ("b/y", "1")]));
    place.put("b/notes.txt", "mine");
    let written = all(&place, &tree(&[("a/x", "1")]));
    assert_eq!(place.files()["b/notes.txt"], "mine");
    assert_eq!(written.sites[1].foreign, ["b/notes.txt"]);
    assert_eq!(
        all(&place, &tree(&[("a/x", "1")])).step,
        None,
        "it stays from then on"
    );
}

#[test]
fn replaces_files_edited_by_hand_and_says_so() {
    let place = Place::new();
    let tree = tree(&[("a/x", "1"), ("a/y", "1")]);
    all(&place, &tree);
    place.put("a/x", "edited");
    fs::remove_file(place.out().join("a/y")).unwrap();
    let written = all(&place, &tree);
    let edited: Vec<_> = written.sites[0]
        .changes
        .iter()
        .filter(|c| c.edited)
        .map(|c| c.path.as_str())
        .collect();
    assert_eq!(edited, ["a/x", "a/y"]);
    assert_eq!(place.files(), texts(&tree));
}

#[test]
fn refuses_to_bury_a_foreign_file() {
    for limits in [
        Limits::default(),
        Limits {
            no_exchange: true,
            ..Limits::default()
        },
    ] {
        let place = Place::new();
        let old = tree(&[("a/x", "1")]);
        all(&place, &old);
        place.put("a/web", "mine");
        let error = limited(
            &place,
            &tree(&[("a/x", "2"), ("a/web/y", "1")]),
            limits.clone(),
        )
        .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("a/web` is not siteplan's and is in the way"),
            "{error:#}"
        );
        fs::remove_file(place.out().join("a/web")).unwrap();
        place.put("a/web/deep/z", "mine");
        let error = limited(&place, &tree(&[("a/x", "2"), ("a/web", "1")]), limits).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("a/web/deep/z` is not siteplan's"),
            "{error:#}"
        );
        assert_eq!(place.files()["a/x"], "1");
        assert!(place.strays().is_empty());
    }
}

#[test]
fn a_file_becomes_a_directory_and_back() {
    for no_exchange in [false, true] {
        let place = Place::new();
        let (one, other) = (
            tree(&[("a/web", "1"), ("a/db/x/y", "1")]),
            tree(&[("a/web/x", "1"), ("a/db", "1")]),
        );
        for tree in [&one, &other, &one] {
            limited(
                &place,
                tree,
                Limits {
                    no_exchange,
                    ..Limits::default()
                },
            )
            .unwrap();
            assert_eq!(place.files(), texts(tree));
        }
    }
}

#[test]
fn refuses_links_wherever_they_are() {
    let elsewhere = TempDir::new().unwrap();
    let new = tree(&[("a/web/x", "2"), ("b/y", "2")]);
    for link in ["a/web", "a/web/x", "a/web/z", "b", "c"] {
        let place = Place::new();
        all(&place, &tree(&[("a/web/x", "1"), ("b/y", "1")]));
        let path = place.out().join(link);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
        symlink(elsewhere.path(), &path).unwrap();
        let error = write(&place.out(), &new, &Scope::All).unwrap_err();
        assert!(
            error.to_string().contains("is a symbolic link"),
            "{link}: {error:#}"
        );
        assert!(place.strays().is_empty());
    }
    let place = Place::new();
    symlink(elsewhere.path(), place.out()).unwrap();
    assert!(
        write(&place.out(), &new, &Scope::All)
            .unwrap_err()
            .to_string()
            .contains("is a symbolic link")
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn leaves_out_as_it_was_when_it_is_dropped() {
    let place = Place::new();
    let old = tree(&[("a/x", "1")]);
    all(&place, &old);
    let writer = Writer::begin(&place.out()).unwrap();
    writer.replace("a", &tree(&[("a/x", "2")])).unwrap();
    assert_eq!(place.strays(), [".siteplan-stage"]);
    drop(writer);
    assert_eq!(place.files(), texts(&old));
    assert!(place.strays().is_empty());
}

#[test]
fn two_runs_exclude_each_other() {
    let place = Place::new();
    let writer = Writer::begin(&place.out()).unwrap();
    let error = write(&place.out(), &tree(&[("a/x", "1")]), &Scope::All).unwrap_err();
    assert!(
        error.to_string().contains("another siteplan is writing"),
        "{error:#}"
    );
    drop(writer);
    all(&place, &tree(&[("a/x", "1")]));
}

#[test]
fn concurrent_runs_leave_one_of_their_trees() {
    let place = Place::new();
    let trees: Vec<Tree> = (0..8)
        .map(|n| tree(&[("a/x", &n.to_string()), ("b/y", &n.to_string())]))
        .collect();
    std::thread::scope(|scope| {
        for tree in &trees {
            scope.spawn(|| while write(&place.out(), tree, &Scope::All).is_err() {});
        }
    });
    let files = place.files();
    assert!(trees.iter().any(|tree| texts(tree) == files));
    assert!(place.strays().is_empty());
}

#[test]
fn sites_are_staged_from_several_threads() {
    let place = Place::new();
    let files: Vec<(String, String)> = (0..64)
        .map(|n| (format!("site-{n:02}/x"), n.to_string()))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let tree = tree(&files);
    let writer = Writer::begin(&place.out()).unwrap();
    std::thread::scope(|scope| {
        for sites in tree.sites().chunks(16) {
            let (writer, tree) = (&writer, &tree);
            let sites: Vec<&str> = sites.to_vec();
            scope.spawn(move || {
                for site in sites {
                    drop(writer.replace(site, &tree.only(site)).unwrap());
                }
            });
        }
    });
    let written = writer.finish(&Scope::All).unwrap();
    assert!(written.sites.is_sorted_by_key(|one| one.site.clone()));
    assert_eq!(place.files(), texts(&tree));
}
