//! The texts of input files, for reports.

use std::collections::BTreeSet;
use std::path::Path;

use crate::load::FleetFiles;
use pointer_diagnostics::{Diagnostics, Sources};

/// Reads each file once. A file that cannot be read is left out: whoever needed it has reported it.
pub fn read_sources<'a>(root: &Path, files: impl IntoIterator<Item = &'a str>) -> Sources {
    let mut sources = Sources::new();
    let Ok(directory) = FleetFiles::open(root) else {
        return sources;
    };
    let paths: BTreeSet<&str> = files.into_iter().collect();
    for path in paths {
        if let Some(text) = directory.read(path, &mut Diagnostics::new()) {
            sources.insert(path, text);
        }
    }
    sources
}
