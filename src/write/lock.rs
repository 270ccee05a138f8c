//! Keeps two runs apart.

use std::fs::{File, TryLockError};

use anyhow::bail;

use super::path::{Paths, at, show};

/// Held while a run lives. The lock is on the directory that holds out/, so that no lock file is left behind, and none is
/// needed where that directory cannot be written. The kernel releases it however the process ends.
pub(super) struct Lock {
    _directory: Option<File>,
}

impl Lock {
    /// Takes the lock, or says that another run has it. Where the file system has no locks, the warning says so.
    pub(super) fn take(paths: &Paths) -> anyhow::Result<(Self, Option<String>)> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the root itself, which the caller chose"
        )]
        let directory = at("open", &paths.root, File::open(&paths.root))?;
        match directory.try_lock() {
            Ok(()) => Ok((
                Self {
                    _directory: Some(directory),
                },
                None,
            )),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another siteplan is writing `{}`: wait until it is done",
                    show(paths.out.as_os_str())
                )
            }
            Err(TryLockError::Error(error)) => {
                let root = show(paths.root.as_os_str());
                let warning = format!(
                    "`{root}` cannot be locked ({error}): see to it that no second siteplan runs"
                );
                Ok((Self { _directory: None }, Some(warning)))
            }
        }
    }
}
