#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests make the files that they read"
    )
)]

mod read_once;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, fstat, mkdirat, openat, readlinkat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use walkdir::WalkDir;

pub use read_once::ReadOnceDirectory;

/// A directory tree, open at its root.
#[derive(Debug)]
pub struct RootedDirectory {
    path: PathBuf,
    root: OwnedFd,
    resolver: Resolver,
}

/// Describes the entry at a path; a link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
}

/// Says why a path was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// There is no such file or directory.
    Missing,
    /// The path is absolute, or has an empty, `.` or `..` component.
    Outside,
    /// The path, up to and including this component, is a symbolic link.
    Link(String),
    /// The path leads to a directory, a pipe, a socket or a device.
    NotRegular,
    /// The file has more bytes than the caller reads.
    TooLarge {
        /// The size of the file in bytes.
        size: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// The system refused.
    Io(io::Error),
}

/// One entry of a listing, or the reason why it could not be listed.
#[derive(Debug)]
pub enum ListedEntry {
    /// A regular file, by its path from the root, with `/`.
    File(String),
    /// A link or a special file, by its path from the root.
    Odd(String),
    /// A name that is not UTF-8; its path with replacement characters.
    NotUtf8(String),
    /// A directory that could not be listed, by its path from the root, with the system's words.
    Unlisted {
        /// The path from the root.
        path: String,
        /// The system's words.
        reason: String,
    },
}

/// Selects who keeps a path from following links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolver {
    /// The kernel, by `openat2`.
    #[cfg(target_os = "linux")]
    Kernel,
    /// This module, one component at a time.
    Components,
}

impl RootedDirectory {
    /// Opens a root. The path to the root itself is the caller's choice, so links in it are followed.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&path, flags, Mode::empty())?;
        Ok(Self {
            resolver: Resolver::detect(&root),
            path,
            root,
        })
    }

    /// Returns the path that the root was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a regular file of at most `limit` bytes.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, OpenError> {
        // A pipe without a writer would block in `open`.
        let descriptor =
            self.open_beneath(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let file = File::from(descriptor);
        let metadata = file.metadata().map_err(OpenError::Io)?;
        if !metadata.is_file() {
            return Err(OpenError::NotRegular);
        }
        let size = metadata.size();
        if size > limit {
            return Err(OpenError::TooLarge { size, limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        // The file may grow while it is read.
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(OpenError::Io)?;
        let size = bytes.len() as u64;
        if size > limit {
            Err(OpenError::TooLarge { size, limit })
        } else {
            Ok(bytes)
        }
    }

    /// Returns what is at a path without following a link at its end. The empty path is the root.
    pub fn kind(&self, path: &str) -> Result<EntryKind, OpenError> {
        if path.is_empty() {
            return Ok(EntryKind::Directory);
        }
        let (parent, name) = self.open_parent(path)?;
        let stat =
            statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|e| self.explain(path, e))?;
        Ok(EntryKind::of(FileType::from_raw_mode(stat.st_mode)))
    }

    /// Returns the target of a symbolic link as it is written in the link.
    pub fn read_link(&self, path: &str) -> Result<String, OpenError> {
        let (parent, name) = self.open_parent(path)?;
        let target = readlinkat(&parent, name, Vec::new()).map_err(|e| self.explain(path, e))?;
        let not_utf8 = |_| {
            OpenError::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                "the link's target is not UTF-8",
            ))
        };
        target.into_string().map_err(not_utf8)
    }

    /// Lists everything below a directory, sorted by name within each directory; directories themselves are left out.
    /// A directory that does not exist is empty.
    pub fn list(&self, directory: &str) -> Result<Vec<ListedEntry>, OpenError> {
        match self.open_beneath(directory, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(_) => {}
            Err(OpenError::Missing) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "this is where directories are listed; the directory was opened without links"
        )]
        let walk = WalkDir::new(self.path.join(directory))
            .follow_links(false)
            .follow_root_links(false);
        let entries = walk.sort_by_file_name().into_iter();
        Ok(entries.filter_map(|entry| self.listed(entry)).collect())
    }

    /// Lists the names of the directories directly below a directory, sorted. Links and names that are not UTF-8 are left out.
    pub fn list_directories(&self, directory: &str) -> Result<Vec<String>, OpenError> {
        self.open_beneath(directory, OFlags::RDONLY | OFlags::DIRECTORY)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is where directories are listed; the directory was opened without links"
        )]
        let walk = WalkDir::new(self.path.join(directory))
            .min_depth(1)
            .max_depth(1)
            .follow_links(false)
            .follow_root_links(false);
        let mut names = Vec::new();
        for entry in walk.sort_by_file_name().into_iter().flatten() {
            if entry.file_type().is_dir() {
                names.extend(entry.file_name().to_str().map(str::to_owned));
            }
        }
        Ok(names)
    }

    /// Writes a file that does not exist yet, and the directories that it needs.
    pub fn create(&self, path: &str, bytes: &[u8]) -> Result<(), OpenError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut made = String::new();
        for component in directory
            .split('/')
            .filter(|component| !component.is_empty())
        {
            let (parent, _) = self.open_parent(&join_path(&made, component))?;
            match mkdirat(&parent, component, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => made = join_path(&made, component),
                Err(error) => return Err(OpenError::Io(error.into())),
            }
        }
        check_components(path)?;
        let parent = self.open_beneath(directory, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&parent, name, flags, Mode::from_raw_mode(0o644))
            .map_err(|e| self.explain(path, e))?;
        File::from(file).write_all(bytes).map_err(OpenError::Io)
    }

    /// Replaces a regular file in one step, or writes one that does not exist yet. A file `NAME.new` beside it, which a run that was
    /// killed may have left, is overwritten.
    pub fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), OpenError> {
        match self.kind(path) {
            Ok(EntryKind::File) => {}
            Ok(EntryKind::Link) => return Err(OpenError::Link(path.to_owned())),
            Ok(_) => return Err(OpenError::NotRegular),
            Err(OpenError::Missing) => return self.create(path, bytes),
            Err(error) => return Err(error),
        }
        let (parent, name) = self.open_parent(path)?;
        let new = format!("{name}.new");
        match unlinkat(&parent, &new, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(OpenError::Io(error.into())),
        }
        self.create(&format!("{path}.new"), bytes)?;
        renameat(&parent, &new, &parent, name).map_err(|e| OpenError::Io(e.into()))
    }

    fn listed(&self, entry: walkdir::Result<walkdir::DirEntry>) -> Option<ListedEntry> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error
                    .path()
                    .and_then(|path| path.strip_prefix(&self.path).ok());
                let path = path
                    .map(|path| path.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let reason = error
                    .io_error()
                    .map_or_else(|| "it contains itself".to_owned(), ToString::to_string);
                return Some(ListedEntry::Unlisted { path, reason });
            }
        };
        let relative = entry.path().strip_prefix(&self.path).ok()?;
        let Some(path) = relative.to_str() else {
            return Some(ListedEntry::NotUtf8(
                relative.to_string_lossy().into_owned(),
            ));
        };
        match entry.file_type() {
            kind if kind.is_file() => Some(ListedEntry::File(path.to_owned())),
            kind if kind.is_dir() => None,
            _ => Some(ListedEntry::Odd(path.to_owned())),
        }
    }

    /// Opens the directory that a path's last component is in.
    fn open_parent<'p>(&self, path: &'p str) -> Result<(OwnedFd, &'p str), OpenError> {
        check_components(path)?;
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((
            self.open_beneath(parent, OFlags::RDONLY | OFlags::DIRECTORY)?,
            name,
        ))
    }

    /// Opens a path beneath the root; no component may be a link. The empty path is the root.
    fn open_beneath(&self, path: &str, flags: OFlags) -> Result<OwnedFd, OpenError> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        if path.is_empty() {
            return openat(&self.root, ".", flags, Mode::empty())
                .map_err(|e| OpenError::Io(e.into()));
        }
        check_components(path)?;
        let opened = match self.resolver {
            #[cfg(target_os = "linux")]
            Resolver::Kernel => open_by_kernel(self.root.as_fd(), path, flags),
            Resolver::Components => open_by_components(self.root.as_fd(), path, flags),
        };
        opened.map_err(|error| self.explain(path, error))
    }

    /// Turns an error of the system into its cause: a link where there is one.
    fn explain(&self, path: &str, error: Errno) -> OpenError {
        if matches!(error, Errno::LOOP | Errno::NOTDIR | Errno::MLINK)
            && let Some(link) = self.first_link(path)
        {
            return OpenError::Link(link);
        }
        match error {
            Errno::NOENT | Errno::NOTDIR => OpenError::Missing,
            // A socket, or a device without a driver.
            Errno::NXIO | Errno::NODEV => OpenError::NotRegular,
            error => OpenError::Io(error.into()),
        }
    }

    /// Returns the path up to its first component that is a link.
    fn first_link(&self, path: &str) -> Option<String> {
        let mut directory = None;
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let name = path[..end].rsplit('/').next().unwrap_or_default();
            let parent = directory.as_ref().unwrap_or(&self.root);
            let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
                return Some(path[..end].to_owned());
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            directory = Some(openat(parent, name, flags, Mode::empty()).ok()?);
        }
        None
    }
}

impl EntryKind {
    fn of(file_type: FileType) -> Self {
        match file_type {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Special,
        }
    }
}

impl Resolver {
    /// Asks the kernel whether it resolves paths beneath a directory; containers may forbid the call.
    #[cfg(target_os = "linux")]
    fn detect(root: &OwnedFd) -> Self {
        match open_by_kernel(
            root.as_fd(),
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        ) {
            Ok(_) => Self::Kernel,
            Err(_) => Self::Components,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn detect(_root: &OwnedFd) -> Self {
        Self::Components
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file or directory"),
            Self::Outside => f.write_str("it leads out of the repository"),
            Self::Link(path) => write!(f, "`{path}` is a symbolic link"),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::TooLarge { size, limit } => write!(f, "it has {size} bytes, more than {limit}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

#[cfg(target_os = "linux")]
fn open_by_kernel(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    openat2(
        root,
        path,
        flags,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    )
}

fn open_by_components(
    root: BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let on_the_way = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parent: Option<OwnedFd> = None;
    for component in directories
        .split('/')
        .filter(|component| !component.is_empty())
    {
        let at = parent.as_ref().map_or(root, |parent| parent.as_fd());
        parent = Some(openat(at, component, on_the_way, Mode::empty())?);
    }
    let at = parent.as_ref().map_or(root, |parent| parent.as_fd());
    let opened = openat(at, name, flags, Mode::empty())?;
    // Some systems open a link itself instead of failing.
    match FileType::from_raw_mode(fstat(&opened)?.st_mode) {
        FileType::Symlink => Err(Errno::LOOP),
        _ => Ok(opened),
    }
}

fn check_components(path: &str) -> Result<(), OpenError> {
    let odd = path
        .split('/')
        .any(|component| matches!(component, "" | "." | "..") || component.contains('\0'));
    if odd { Err(OpenError::Outside) } else { Ok(()) }
}

fn join_path(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}
