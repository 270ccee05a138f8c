//! Documents of tests.

use std::path::{Path, PathBuf};

use manifest_yaml::ReadLimits;
use serde_json::Value;

/// Returns a path below `tests/`.
pub(crate) fn test_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// Reads a file of the tests.
#[expect(clippy::disallowed_methods, reason = "files of the tests")]
pub(crate) fn read_text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the documents of a YAML file.
pub(crate) fn read_documents(path: &Path) -> Vec<Value> {
    let limits = ReadLimits::MANIFEST;
    let documents = manifest_yaml::read_documents(&read_text(path), &limits)
        .unwrap_or_else(|error| panic!("{}: {}", path.display(), error.message));
    documents
        .iter()
        .map(|document| {
            document
                .to_value()
                .unwrap_or_else(|error| panic!("{}: {}", path.display(), error.message))
        })
        .collect()
}
