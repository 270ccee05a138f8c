//! The texts of input files, for reports.

use std::collections::BTreeSet;

use crate::load::FleetFiles;
use pointer_diagnostics::{Diagnostics, Sources};

/// Reads the texts of files. One that cannot be read is left out: whoever needed it has reported it.
pub fn read_sources<'a>(files: &FleetFiles, paths: impl IntoIterator<Item = &'a str>) -> Sources {
    let mut sources = Sources::new();
    let paths: BTreeSet<&str> = paths.into_iter().collect();
    for path in paths {
        if let Some(text) = files.read(path, &mut Diagnostics::new()) {
            sources.insert(path, text);
        }
    }
    sources
}
