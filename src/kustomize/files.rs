//! Where kustomizations come from: a directory on disk, or memory in front of it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Read access to the files of a repository. Paths are relative to its root, with `/` and without `.` and `..`; the empty path is
/// the root.
pub trait Files: Send + Sync {
    /// The bytes of a file. The path must be one that [`Files::resolve`] gave: links are not looked for again.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;

    /// The path without symbolic links, and what is there.
    fn resolve(&self, path: &str) -> Result<(String, FileKind), FileError>;
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// Why a path cannot be used.
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

/// A directory on disk. No symbolic link may leave it. Directories are looked up once, as if nothing moved while it lives.
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    directories: Mutex<BTreeMap<String, String>>,
}

impl DiskFiles {
    /// The files below a directory.
    pub fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: fs_err::canonicalize(root)?, directories: Mutex::default() })
    }

    /// The directory that a path leads to, without links.
    fn directory(&self, path: &str) -> Result<String, FileError> {
        match self.resolve(path) {
            Ok((directory, FileKind::Directory)) => Ok(directory),
            Ok(_) => Err(FileError::Missing),
            Err(e) => Err(e),
        }
    }

    fn look_up(&self, path: &str) -> Result<(String, FileKind), FileError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.directory(parent)?;
        let direct = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        let found = std::fs::symlink_metadata(self.root.join(&direct))?;
        if !found.is_symlink() {
            return Ok((direct, if found.is_dir() { FileKind::Directory } else { FileKind::File }));
        }
        let found = std::fs::canonicalize(self.root.join(&direct))?;
        let below = found.strip_prefix(&self.root).map_err(|_| FileError::Outside)?;
        let kind = if found.is_dir() { FileKind::Directory } else { FileKind::File };
        let below = below.to_str().ok_or_else(|| FileError::Io("the path is not UTF-8".to_owned()))?;
        Ok((below.replace(std::path::MAIN_SEPARATOR, "/"), kind))
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        Ok(fs_err::read(self.root.join(path)).map(Arc::from)?)
    }

    fn resolve(&self, path: &str) -> Result<(String, FileKind), FileError> {
        if path.is_empty() {
            return Ok((String::new(), FileKind::Directory));
        }
        let known = self.directories.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(directory) = known {
            return Ok((directory, FileKind::Directory));
        }
        let found = self.look_up(path)?;
        if found.1 == FileKind::Directory {
            self.directories.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), found.0.clone());
        }
        Ok(found)
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
        f.debug_struct("MemoryFiles").field("files", &self.files.keys()).finish_non_exhaustive()
    }
}

impl MemoryFiles {
    /// No files yet, in front of others.
    pub fn new(below: Arc<dyn Files>) -> Self {
        Self { files: BTreeMap::new(), hidden: Vec::new(), below }
    }

    /// Adds or replaces a file.
    #[must_use]
    pub fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.insert(path, content);
        self
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), Arc::from(content.into()));
    }

    /// Hides what the others have at and below a path: only what is in memory counts there.
    #[must_use]
    pub fn hiding(mut self, path: &str) -> Self {
        self.hidden.push(path.to_owned());
        self
    }

    fn is_directory(&self, path: &str) -> bool {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        self.files.range(prefix.clone()..).next().is_some_and(|(file, _)| file.starts_with(&prefix))
    }

    fn is_hidden(&self, path: &str) -> bool {
        self.hidden.iter().any(|hidden| is_at_or_below(path, hidden))
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
        if self.is_hidden(path) { Err(FileError::Missing) } else { self.below.resolve(path) }
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

/// Whether a path is a directory or below it.
pub(super) fn is_at_or_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path from a directory, without `.` and `..`; `None` where it climbs above the root.
pub(super) fn join(directory: &str, path: &str) -> Option<String> {
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
        assert_eq!(join("out/site/app", "../../../base/apps/x"), Some("base/apps/x".to_owned()));
        assert_eq!(join("a", "./b//c/."), Some("a/b/c".to_owned()));
        assert_eq!(join("a", ".."), Some(String::new()));
        assert_eq!(join("a", "../.."), None);
    }

    #[test]
    fn memory_stands_in_front_and_can_hide_what_is_behind() {
        let behind = MemoryFiles::new(Arc::new(NoFiles)).with("out/old/x.yaml", "1").with("base/y.yaml", "2");
        let front = MemoryFiles::new(Arc::new(behind)).hiding("out").with("out/new/x.yaml", "3");
        assert!(front.read("base/y.yaml").is_ok());
        assert_eq!(front.read("out/old/x.yaml"), Err(FileError::Missing));
        assert_eq!(front.resolve("out/new"), Ok(("out/new".to_owned(), FileKind::Directory)));
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
        let files = DiskFiles::new(&root).unwrap();
        assert_eq!(files.resolve("link"), Err(FileError::Outside));
        assert_eq!(files.resolve("alias"), Ok(("in".to_owned(), FileKind::Directory)));
        assert_eq!(files.resolve("gone"), Err(FileError::Missing));
    }
}
