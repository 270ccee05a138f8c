//! A file system on which every operation can go wrong.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::fs::{Disk, FileType, Fs, Volume};
use crate::compare::PresentFile;

/// Faults of the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// The process is killed before the n-th change.
    Kill(usize),
    /// The process is killed in the middle of the n-th change.
    Torn(usize),
    /// The n-th operation fails, reads included.
    Fail(usize),
    /// The disk is full from the n-th change on; removing still works.
    Full(usize),
}

/// Operations that the file system does not support.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// No directory can be exchanged or renamed.
    pub(super) no_exchange: bool,
    /// There are no hard links.
    pub(super) no_links: bool,
    /// Nothing can be made in this directory, though below it.
    pub(super) read_only: Option<PathBuf>,
}

/// A file system on which something goes wrong.
#[derive(Clone)]
pub(super) struct FaultFs {
    fault: Fault,
    limits: Limits,
    count: Arc<Mutex<Count>>,
}

/// Number of operations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) changes: usize,
    pub(super) operations: usize,
    pub(super) dead: bool,
}

enum Verdict {
    Go,
    Half,
    Stop(io::Error),
}

impl FaultFs {
    pub(super) fn new(fault: Fault, limits: Limits) -> Self {
        Self {
            fault,
            limits,
            count: Arc::default(),
        }
    }

    pub(super) fn count(&self) -> Count {
        *self.count.lock().unwrap()
    }

    fn judge(&self, is_change: bool, needs_room: bool) -> Verdict {
        let mut count = self.count.lock().unwrap();
        let (change, operation) = (count.changes, count.operations);
        count.operations += 1;
        count.changes += usize::from(is_change);
        let killed = || io::Error::other("killed");
        match self.fault {
            _ if count.dead => Verdict::Stop(killed()),
            Fault::Kill(at) if is_change && at == change => {
                count.dead = true;
                Verdict::Stop(killed())
            }
            Fault::Torn(at) if is_change && at == change => {
                count.dead = true;
                Verdict::Half
            }
            Fault::Fail(at) if at == operation => Verdict::Stop(io::Error::from_raw_os_error(
                rustix::io::Errno::IO.raw_os_error(),
            )),
            Fault::Full(from) if needs_room && change >= from => {
                Verdict::Stop(ErrorKind::StorageFull.into())
            }
            _ => Verdict::Go,
        }
    }

    fn read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.judge(false, false) {
            Verdict::Stop(error) => Err(error),
            Verdict::Go | Verdict::Half => read(),
        }
    }

    fn change(&self, needs_room: bool, change: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match self.judge(true, needs_room) {
            Verdict::Go => change(),
            Verdict::Half => Err(io::Error::other("killed")),
            Verdict::Stop(error) => Err(error),
        }
    }

    fn refuse_below(&self, path: &Path) -> io::Result<()> {
        let refused = self
            .limits
            .read_only
            .as_deref()
            .is_some_and(|directory| path.parent() == Some(directory));
        if refused {
            Err(ErrorKind::PermissionDenied.into())
        } else {
            Ok(())
        }
    }
}

impl Fs for FaultFs {
    fn kind(&self, path: &Path) -> io::Result<Option<FileType>> {
        self.read(|| Disk.kind(path))
    }

    fn volume(&self, path: &Path) -> io::Result<Option<Volume>> {
        self.read(|| Disk.volume(path))
    }

    fn number(&self, path: &Path) -> io::Result<u64> {
        self.read(|| Disk.number(path))
    }

    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, FileType)>> {
        self.read(|| Disk.entries(directory))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<PresentFile> {
        self.read(|| Disk.read(path, limit))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.refuse_below(path)?;
        self.change(true, || Disk.create_directory(path))
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.judge(true, true) {
            Verdict::Go => Disk.create(path, bytes),
            Verdict::Half => {
                Disk.create(path, &bytes[..bytes.len() / 2])?;
                Err(io::Error::other("killed"))
            }
            Verdict::Stop(error) => Err(error),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.limits.no_links {
            return Err(ErrorKind::PermissionDenied.into());
        }
        self.change(true, || Disk.link(from, to))
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(true, || Disk.copy(from, to))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.refuse_below(from)
            .and_then(|()| self.refuse_below(to))?;
        if self.limits.no_exchange && Disk.kind(from)? == Some(FileType::Directory) {
            return Err(ErrorKind::CrossesDevices.into());
        }
        self.change(true, || Disk.rename(from, to))
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.refuse_below(one)
            .and_then(|()| self.refuse_below(other))?;
        if self.limits.no_exchange {
            return Err(ErrorKind::InvalidInput.into());
        }
        self.change(true, || Disk.exchange(one, other))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(false, || Disk.remove(path))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.change(false, || Disk.remove_directory(path))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // Waiting for the disk is what the tests have no time for.
        self.change(true, || Disk.kind(path).map(|_| ()))
    }
}
