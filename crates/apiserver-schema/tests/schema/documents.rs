//! Documents of tests.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Returns a path below `tests/`.
pub(crate) fn test_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Reads the documents of a YAML file.
pub(crate) fn read_documents(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
