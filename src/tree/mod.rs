//! The output as a value: the files of out/, by path, before anybody writes them.
//!
//! Comes in: one path and its bytes at a time. Goes out: a [`Tree`] that can be written on every file system, because
//! its paths were checked when they went in: no path leaves out/, none is both a file and a directory, and no two
//! differ only in case.

mod path;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;
use std::ops::Bound;

pub use path::{PathError, TreePath};

/// Generated files by their paths below out/. The first component of a path is the site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<TreePath, Vec<u8>>,
    names: PathNames,
}

impl Tree {
    /// A tree without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. The path is relative to out/, with `/`.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<(), TreeError> {
        self.insert_path(TreePath::parse(path)?, bytes.into())
    }

    /// Adds all files of another tree.
    pub fn merge(&mut self, other: Self) -> Result<(), TreeError> {
        other
            .files
            .into_iter()
            .try_for_each(|(path, bytes)| self.insert_path(path, bytes))
    }

    /// The bytes of a file.
    pub fn get(&self, path: &TreePath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Checks whether there is a file at the path.
    pub fn contains(&self, path: &TreePath) -> bool {
        self.files.contains_key(path)
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Checks whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// The sites, that is the first components of all paths, sorted.
    pub fn sites(&self) -> Vec<&str> {
        let sites: BTreeSet<&str> = self.files.keys().map(TreePath::site).collect();
        sites.into_iter().collect()
    }

    /// The files of one site, sorted by path.
    pub fn site(&self, site: &str) -> impl Iterator<Item = (&TreePath, &[u8])> {
        // Whatever starts with `site/`: in the order of bytes, `0` follows `/`.
        let range = (
            Bound::Included(format!("{site}/")),
            Bound::Excluded(format!("{site}0")),
        );
        let range = (
            range.0.as_ref().map(String::as_str),
            range.1.as_ref().map(String::as_str),
        );
        self.files
            .range::<str, _>(range)
            .map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// A tree of the one site's files.
    #[must_use]
    pub fn only(&self, site: &str) -> Self {
        let mut only = Self::new();
        for (path, bytes) in self.site(site) {
            // What is in one tree can be in another.
            let _ = only.insert_path(path.clone(), bytes.to_vec());
        }
        only
    }

    fn insert_path(&mut self, path: TreePath, bytes: Vec<u8>) -> Result<(), TreeError> {
        if self.files.contains_key(&path) {
            return Err(TreeError::Twice(path));
        }
        self.names.add(&path)?;
        self.files.insert(path, bytes);
        Ok(())
    }
}

/// The error for a file that cannot be added to a [`Tree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeError {
    /// The path is not one that out/ may hold.
    Path(PathError),
    /// There is a file at the path already.
    Twice(TreePath),
    /// One path is a file, and another one needs a directory there.
    FileAndDirectory(String),
    /// Two names differ only in case: one file on some file systems, two on others.
    CaseOnly(String, String),
}

impl From<PathError> for TreeError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => error.fmt(f),
            Self::Twice(path) => write!(f, "the file `{path}` is generated twice"),
            Self::FileAndDirectory(path) => {
                write!(f, "`{path}` is generated as a file and as a directory")
            }
            Self::CaseOnly(one, other) => {
                write!(f, "the paths `{one}` and `{other}` differ only in case")
            }
        }
    }
}

impl std::error::Error for TreeError {}

/// Every file and directory of a tree by its lower-case path, to find names that collide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct PathNames(BTreeMap<String, (String, PathKind)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathKind {
    File,
    Directory,
}

impl PathNames {
    fn add(&mut self, path: &TreePath) -> Result<(), TreeError> {
        for directory in path.directories() {
            self.add_one(directory, PathKind::Directory)?;
        }
        self.add_one(path.as_str(), PathKind::File)
    }

    fn add_one(&mut self, name: &str, kind: PathKind) -> Result<(), TreeError> {
        match self.0.entry(name.to_ascii_lowercase()) {
            Entry::Vacant(free) => {
                free.insert((name.to_owned(), kind));
                Ok(())
            }
            Entry::Occupied(taken) if taken.get().0 != name => {
                Err(TreeError::CaseOnly(taken.get().0.clone(), name.to_owned()))
            }
            Entry::Occupied(taken) if taken.get().1 != kind => {
                Err(TreeError::FileAndDirectory(name.to_owned()))
            }
            Entry::Occupied(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str]) -> Result<Tree, TreeError> {
        let mut tree = Tree::new();
        paths
            .iter()
            .try_for_each(|path| tree.insert(path, path.as_bytes()))?;
        Ok(tree)
    }

    #[test]
    fn groups_files_by_site() {
        let tree = tree(&[
            "b/x.yaml",
            "a/y.yaml",
            "a/.siteplan",
            "a-b/z",
            "a0/z",
            "ab/z.yaml",
        ])
        .unwrap();
        assert_eq!(tree.sites(), ["a", "a-b", "a0", "ab", "b"]);
        let of_a: Vec<&str> = tree.site("a").map(|(path, _)| path.as_str()).collect();
        assert_eq!(of_a, ["a/.siteplan", "a/y.yaml"]);
        assert_eq!(tree.only("ab").iter().count(), 1);
    }

    #[test]
    fn refuses_a_file_twice_and_merges_what_is_apart() {
        assert!(matches!(tree(&["a/x", "a/x"]), Err(TreeError::Twice(_))));
        let mut one = tree(&["a/x"]).unwrap();
        one.merge(tree(&["b/x"]).unwrap()).unwrap();
        assert_eq!(one.len(), 2);
        assert!(matches!(
            one.merge(tree(&["a/x"]).unwrap()),
            Err(TreeError::Twice(_))
        ));
    }

    #[test]
    fn refuses_names_that_collide() {
        assert!(matches!(
            tree(&["a/x", "a/x/y"]),
            Err(TreeError::FileAndDirectory(_))
        ));
        assert!(matches!(
            tree(&["a/x/y", "a/x"]),
            Err(TreeError::FileAndDirectory(_))
        ));
        assert!(matches!(
            tree(&["a/x.yaml", "a/X.yaml"]),
            Err(TreeError::CaseOnly(..))
        ));
        assert!(matches!(
            tree(&["a/web/x", "a/Web/y"]),
            Err(TreeError::CaseOnly(..))
        ));
    }

    #[test]
    fn refused_files_leave_the_tree_usable() {
        let mut tree = tree(&["a/x"]).unwrap();
        assert!(tree.insert("a/X", "").is_err());
        assert_eq!(tree.len(), 1);
    }
}
