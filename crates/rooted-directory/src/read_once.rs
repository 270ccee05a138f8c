//! Files that are read once, whoever asks for them.

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{OpenError, RootedDirectory};

/// The bytes that are kept in all; files beyond are read again.
const MOST_KEPT: usize = 256 << 20;

/// A directory tree whose files are read once: all who read a file see the same bytes, also where it changes meanwhile.
#[derive(Debug)]
pub struct ReadOnceDirectory {
    tree: RootedDirectory,
    kept: Mutex<KeptFiles>,
}

#[derive(Debug, Default)]
struct KeptFiles {
    contents: BTreeMap<String, Arc<[u8]>>,
    size: usize,
}

impl ReadOnceDirectory {
    /// Opens a root, as [`RootedDirectory::open`] does.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self {
            tree: RootedDirectory::open(path)?,
            kept: Mutex::default(),
        })
    }

    /// Returns the bytes of a regular file of at most `limit` bytes; those of the first reading.
    pub fn read_once(&self, path: &str, limit: u64) -> Result<Arc<[u8]>, OpenError> {
        if let Some(bytes) = self.kept().contents.get(path) {
            let size = bytes.len() as u64;
            return if size > limit {
                Err(OpenError::TooLarge { size, limit })
            } else {
                Ok(Arc::clone(bytes))
            };
        }
        let bytes: Arc<[u8]> = Arc::from(self.tree.read(path, limit)?);
        let mut kept = self.kept();
        // Another thread may have been faster: then its bytes count.
        if let Some(first) = kept.contents.get(path) {
            return Ok(Arc::clone(first));
        }
        if kept.size + bytes.len() <= MOST_KEPT {
            kept.size += bytes.len();
            kept.contents.insert(path.to_owned(), Arc::clone(&bytes));
        }
        Ok(bytes)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, KeptFiles> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for ReadOnceDirectory {
    type Target = RootedDirectory;

    fn deref(&self) -> &RootedDirectory {
        &self.tree
    }
}
