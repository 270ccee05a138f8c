//! The operations of a file system that writing needs, so that tests can let each of them go wrong.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use crate::compare;

/// The mode of every file that is created, whatever the umask says.
const FILE_MODE: u32 = 0o644;
/// The mode of every directory that is created, whatever the umask says.
const DIRECTORY_MODE: u32 = 0o755;

/// Types of files; links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// The device and, where the system tells, the mount that a path lies on. Renames work inside one volume only.
pub(crate) type Volume = (u64, u64);

/// A file system. No operation follows a symbolic link at the end of a path.
pub(crate) trait Fs: Send + Sync {
    /// Returns the type of the file at a path; `None` where there is nothing.
    fn kind(&self, path: &Path) -> io::Result<Option<FileType>>;
    /// Returns the volume of a path; `None` where there is nothing.
    fn volume(&self, path: &Path) -> io::Result<Option<Volume>>;
    /// The number by which the volume knows what is at a path. Nobody chooses it: a copy or a clone has another one.
    fn number(&self, path: &Path) -> io::Result<u64>;
    /// The names in a directory, sorted by their bytes.
    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, FileType)>>;
    /// A regular file; without its bytes if there are more than `limit`.
    fn read(&self, path: &Path, limit: u64) -> io::Result<compare::PresentFile>;
    /// Makes a directory that is not there yet.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Makes a file that is not there yet.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file a second name.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Copies a file with its mode and its time of modification.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file or directory; replaces a file that has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Exchanges two directories in one step.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
    /// Removes a file or a link.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
    /// Waits until the content of a file or directory is on the disk.
    fn sync(&self, path: &Path) -> io::Result<()>;
}

/// The file system of the machine.
pub(crate) struct Disk;

#[expect(
    clippy::disallowed_methods,
    reason = "out/ alone: each directory on the way was seen to be no link, and the last component is not followed"
)]
impl Fs for Disk {
    fn kind(&self, path: &Path) -> io::Result<Option<FileType>> {
        Ok(metadata(path)?.map(|metadata| kind(metadata.file_type())))
    }

    fn volume(&self, path: &Path) -> io::Result<Option<Volume>> {
        Ok(metadata(path)?.map(|metadata| (metadata.dev(), mount(path))))
    }

    fn number(&self, path: &Path) -> io::Result<u64> {
        fs::symlink_metadata(path).map(|metadata| metadata.ino())
    }

    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, FileType)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            entries.push((entry.file_name(), kind(entry.file_type()?)));
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(entries)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<compare::PresentFile> {
        // Neither a link nor a pipe that took the file's place since it was listed can lead elsewhere or block.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let executable = metadata.mode() & 0o100 != 0;
        if metadata.len() > limit {
            return Ok(compare::PresentFile {
                bytes: None,
                executable,
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(compare::PresentFile {
            bytes: Some(bytes),
            executable,
        })
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)?;
        fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE))
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to)?;
        let modified = fs::symlink_metadata(from)?.modified()?;
        File::options().write(true).open(to)?.set_modified(modified)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        exchange(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// The metadata of what is at a path; `None` where there is nothing.
fn metadata(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        // A file where the path needs a directory: there is nothing at the path either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn kind(file_type: fs::FileType) -> FileType {
    if file_type.is_symlink() {
        FileType::Link
    } else if file_type.is_file() {
        FileType::File
    } else if file_type.is_dir() {
        FileType::Directory
    } else {
        FileType::Other
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// The mount that a path lies on: a bind mount has its directory's device, and yet no rename crosses it.
#[cfg(target_os = "linux")]
fn mount(path: &Path) -> u64 {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID)
        .map_or(0, |facts| facts.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount(_path: &Path) -> u64 {
    0
}
