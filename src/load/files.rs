//! The files of a repository: listed in order, read within bounds, never through a link.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::diagnostic::{Diagnostics, Origin, rules};

/// The largest input file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// A directory tree that inputs are read from.
#[derive(Debug, Clone)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// The files below a directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The paths, from the root and with `/`, of all files below a directory, sorted. Links and odd names are reported.
    pub fn list(&self, directory: &str, found: &mut Diagnostics) -> Vec<String> {
        let walk =
            WalkDir::new(self.root.join(directory)).follow_links(false).follow_root_links(false).sort_by_file_name();
        let mut paths = Vec::new();
        for entry in walk.into_iter().filter_map(Result::ok) {
            let Ok(relative) = entry.path().strip_prefix(&self.root) else { continue };
            let Some(path) = relative.to_str() else {
                let shown = relative.to_string_lossy().into_owned();
                found.push(
                    rules::ODD_FILE
                        .report(format!("the name of `{shown}` is not UTF-8"))
                        .primary(Origin::file(directory), "")
                        .help("rename the file"),
                );
                continue;
            };
            if entry.file_type().is_file() {
                paths.push(path.to_owned());
            } else if !entry.file_type().is_dir() {
                found.push(
                    rules::ODD_FILE
                        .report(format!("`{path}` is not a regular file"))
                        .primary(Origin::file(path), "")
                        .help("replace the link or special file by the file itself: links are not followed"),
                );
            }
        }
        paths
    }

    /// Whether there is a regular file or a link at the path.
    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok_and(|m| !m.is_dir())
    }

    /// The text of a file. A file that cannot be read as text is reported.
    pub fn read(&self, path: &str, found: &mut Diagnostics) -> Option<String> {
        match self.bytes(path).and_then(|bytes| String::from_utf8(bytes).map_err(|e| e.utf8_error().to_string())) {
            Ok(text) => Some(text),
            Err(why) => {
                found.push(
                    rules::UNREADABLE_FILE
                        .report(format!("`{path}` cannot be read: {why}"))
                        .primary(Origin::file(path), ""),
                );
                None
            }
        }
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let full = self.root.join(path);
        let metadata = full.symlink_metadata().map_err(|e| e.to_string())?;
        if !metadata.is_file() {
            return Err("it is not a regular file".to_owned());
        }
        if metadata.len() > LARGEST {
            return Err(format!("it has {} bytes, more than {LARGEST}", metadata.len()));
        }
        std::fs::read(&full).map_err(|e| e.to_string())
    }
}
