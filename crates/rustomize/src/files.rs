//! Where kustomizations come from: a directory on disk, or memory in front of it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rooted_directory::{EntryKind, OpenError, ReadOnceDirectory};

/// Read access to the files of a repository. Paths are relative to its root, with `/` and without `.` and `..`; the empty path is
/// the root.
pub trait Files: Send + Sync {
    /// The bytes of a file. The path must be one that [`Files::resolve`] gave: links are not looked for again.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;

    /// The path without symbolic links, and what is there.
    fn resolve(&self, path: &str) -> Result<(String, FileKind), FileError>;
}

/// Kind of the entry that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// Reason why a path cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// Nothing is there.
    Missing,
    /// A symbolic link, or `..`, leads out of the repository.
    Outside,
    /// The system refused; its words.
    Io(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file or directory"),
            Self::Outside => f.write_str("it leads out of the repository"),
            Self::Io(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// The most symbolic links that are followed for one path, as the kernel bounds them.
const MOST_LINKS: usize = 40;

/// A directory on disk. Symbolic links are resolved here, one component at a time, and none may leave it; what they lead to is opened by a
/// path without links. Directories are looked up once, as if nothing moved while it lives.
#[derive(Debug)]
pub struct DiskFiles {
    tree: Arc<ReadOnceDirectory>,
    /// The path of the root without links: what absolute links begin with.
    root: PathBuf,
    directories: Mutex<BTreeMap<String, String>>,
}

impl DiskFiles {
    /// Opens the files below a directory.
    pub fn new(root: &Path) -> io::Result<Self> {
        Self::over(Arc::new(ReadOnceDirectory::open(root)?))
    }

    /// Takes files that others read, too: each is read once.
    pub fn over(tree: Arc<ReadOnceDirectory>) -> io::Result<Self> {
        Ok(Self {
            root: fs_err::canonicalize(tree.path())?,
            tree,
            directories: Mutex::default(),
        })
    }

    /// Returns the directory that a path leads to, without links.
    fn directory(&self, path: &str, links: usize) -> Result<String, FileError> {
        match self.resolve_within(path, links) {
            Ok((directory, FileKind::Directory)) => Ok(directory),
            Ok(_) => Err(FileError::Missing),
            Err(e) => Err(e),
        }
    }

    fn resolve_within(&self, path: &str, links: usize) -> Result<(String, FileKind), FileError> {
        if path.is_empty() {
            return Ok((String::new(), FileKind::Directory));
        }
        let known = self
            .directories
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        if let Some(directory) = known {
            return Ok((directory, FileKind::Directory));
        }
        let found = self.look_up(path, links)?;
        if found.1 == FileKind::Directory {
            self.directories
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(path.to_owned(), found.0.clone());
        }
        Ok(found)
    }

    fn look_up(&self, path: &str, links: usize) -> Result<(String, FileKind), FileError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.directory(parent, links)?;
        let direct = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}/{name}")
        };
        match self.tree.kind(&direct)? {
            EntryKind::Directory => Ok((direct, FileKind::Directory)),
            EntryKind::Link => {
                let links = links
                    .checked_sub(1)
                    .ok_or_else(|| FileError::Io("too many levels of links".to_owned()))?;
                let target = self.link_target(&parent, &self.tree.read_link(&direct)?)?;
                self.resolve_within(&target, links)
            }
            // Reading refuses what is no regular file, and says so.
            EntryKind::File | EntryKind::Special => Ok((direct, FileKind::File)),
        }
    }

    /// Returns the path from the root that a link in a directory leads to.
    fn link_target(&self, directory: &str, target: &str) -> Result<String, FileError> {
        let absolute = Path::new(target).is_absolute();
        let below = if absolute {
            Path::new(target)
                .strip_prefix(&self.root)
                .ok()
                .and_then(Path::to_str)
        } else {
            Some(target)
        };
        let start = if absolute { "" } else { directory };
        below
            .and_then(|below| join(start, below))
            .ok_or(FileError::Outside)
    }
}

impl From<OpenError> for FileError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Missing => Self::Missing,
            OpenError::Outside => Self::Outside,
            OpenError::Io(error) => error.into(),
            error => Self::Io(error.to_string()),
        }
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        Ok(self.tree.read_once(path, LARGEST)?)
    }

    fn resolve(&self, path: &str) -> Result<(String, FileKind), FileError> {
        self.resolve_within(path, MOST_LINKS)
    }
}

/// Files in memory, in front of others. Directories exist where files are below them.
#[derive(Clone)]
pub struct MemoryFiles {
    files: BTreeMap<String, Arc<[u8]>>,
    hidden: Vec<String>,
    below: Arc<dyn Files>,
}

impl fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFiles")
            .field("files", &self.files.keys())
            .finish_non_exhaustive()
    }
}

impl MemoryFiles {
    /// No files yet, in front of others.
    pub fn new(below: Arc<dyn Files>) -> Self {
        Self {
            files: BTreeMap::new(),
            hidden: Vec::new(),
            below,
        }
    }

    /// Adds or replaces a file.
    #[must_use]
    pub fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.insert(path, content);
        self
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.files
            .insert(path.to_owned(), Arc::from(content.into()));
    }

    /// Hides what the others have at and below a path: only what is in memory counts there.
    #[must_use]
    pub fn hiding(mut self, path: &str) -> Self {
        self.hidden.push(path.to_owned());
        self
    }

    fn is_directory(&self, path: &str) -> bool {
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        self.files
            .range(prefix.clone()..)
            .next()
            .is_some_and(|(file, _)| file.starts_with(&prefix))
    }

    fn is_hidden(&self, path: &str) -> bool {
        self.hidden
            .iter()
            .any(|hidden| is_at_or_below(path, hidden))
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        match self.files.get(path) {
            Some(bytes) => Ok(Arc::clone(bytes)),
            None if self.is_hidden(path) => Err(FileError::Missing),
            None => self.below.read(path),
        }
    }

    fn resolve(&self, path: &str) -> Result<(String, FileKind), FileError> {
        if self.files.contains_key(path) {
            return Ok((path.to_owned(), FileKind::File));
        }
        if self.is_directory(path) {
            return Ok((path.to_owned(), FileKind::Directory));
        }
        if self.is_hidden(path) {
            Err(FileError::Missing)
        } else {
            self.below.resolve(path)
        }
    }
}

/// No files at all: what memory can stand in front of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Arc<[u8]>, FileError> {
        Err(FileError::Missing)
    }

    fn resolve(&self, _: &str) -> Result<(String, FileKind), FileError> {
        Err(FileError::Missing)
    }
}

/// Returns whether a path is a directory or below it.
pub(crate) fn is_at_or_below(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path from a directory, without `.` and `..`; `None` where it climbs above the root.
pub(crate) fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_climbing_above_the_root() {
        assert_eq!(
            join("out/site/app", "../../../base/apps/x"),
            Some("base/apps/x".to_owned())
        );
        assert_eq!(join("a", "./b//c/."), Some("a/b/c".to_owned()));
        assert_eq!(join("a", ".."), Some(String::new()));
        assert_eq!(join("a", "../.."), None);
    }

    #[test]
    fn memory_stands_in_front_and_can_hide_what_is_behind() {
        let behind = MemoryFiles::new(Arc::new(NoFiles))
            .with("out/old/x.yaml", "1")
            .with("base/y.yaml", "2");
        let front = MemoryFiles::new(Arc::new(behind))
            .hiding("out")
            .with("out/new/x.yaml", "3");
        assert!(front.read("base/y.yaml").is_ok());
        assert_eq!(front.read("out/old/x.yaml"), Err(FileError::Missing));
        assert_eq!(
            front.resolve("out/new"),
            Ok(("out/new".to_owned(), FileKind::Directory))
        );
        assert_eq!(front.resolve("out/old"), Err(FileError::Missing));
    }

    #[test]
    fn no_link_leaves_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs_err::create_dir_all(root.join("in")).unwrap();
        fs_err::write(dir.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        std::os::unix::fs::symlink("in", root.join("alias")).unwrap();
        std::os::unix::fs::symlink("round", root.join("round")).unwrap();
        let files = DiskFiles::new(&root).unwrap();
        assert!(matches!(files.resolve("round"), Err(FileError::Io(_))));
        assert_eq!(files.resolve("link"), Err(FileError::Outside));
        assert_eq!(
            files.resolve("alias"),
            Ok(("in".to_owned(), FileKind::Directory))
        );
        assert_eq!(files.resolve("gone"), Err(FileError::Missing));
        assert!(matches!(files.read("link"), Err(FileError::Io(why)) if why.contains("link")));
    }
}
