//! Measures of the source code that no lint takes: names that types and functions share, the voice of comments,
//! density, parameters, lengths, and the direction of imports.
//!
//! Test code (files and items under `#[cfg(test)]`, `tests/`) is left out everywhere.

mod doc;
mod facts;
mod imports;
mod report;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

pub use facts::{Offence, OffenceKind};
pub use imports::ImportCycle;
pub use report::print_measures;
pub use source::SourceFile;

use facts::FileFacts;

/// The source files of a checkout, parsed and measured.
pub struct House {
    files: Vec<SourceFile>,
    facts: Vec<FileFacts>,
}

impl House {
    /// Reads and measures `src/`, `crates/*/src/` and `xtask/src/` below a root.
    pub fn read(root: &Path) -> Result<Self> {
        let files = source::read_files(root)?;
        let facts = files.iter().map(facts::measure_file).collect();
        Ok(Self { files, facts })
    }

    /// Returns every offence against the measures, sorted by file and line.
    pub fn offences(&self) -> Vec<Offence> {
        let mut offences: Vec<Offence> = Vec::new();
        for facts in &self.facts {
            offences.extend(facts.offences.iter().cloned());
        }
        offences.extend(self.shared_names(OffenceKind::SharedTypeName));
        offences.extend(self.shared_names(OffenceKind::SharedFunctionName));
        offences.sort();
        offences
    }

    /// Returns the circles among sibling modules.
    pub fn import_cycles(&self) -> Vec<ImportCycle> {
        imports::find_cycles(&self.files)
    }

    /// Returns one offence for each type or free function whose name another one has too.
    fn shared_names(&self, kind: OffenceKind) -> Vec<Offence> {
        let mut holders: BTreeMap<&str, Vec<(&SourceFile, usize)>> = BTreeMap::new();
        for (file, facts) in self.files.iter().zip(&self.facts) {
            for named in facts.named(kind) {
                let holder = (file, named.line);
                holders.entry(&named.name).or_default().push(holder);
            }
        }
        holders.retain(|_, places| places.len() > 1);
        let mut offences = Vec::new();
        for (name, places) in &holders {
            for (file, line) in places {
                offences.push(Offence {
                    file: file.path.clone(),
                    line: *line,
                    kind,
                    text: format!("`{name}` is the name of {}", places.len()),
                });
            }
        }
        offences
    }
}

/// Lists the offences and import cycles of one room, or of `all`.
pub fn print_offences(house: &House, room: &str) -> Result<String> {
    let room = room.trim_end_matches('/');
    if room != "all" && !house.files.iter().any(|file| file.room == room) {
        let rooms: std::collections::BTreeSet<&str> =
            house.files.iter().map(|file| file.room.as_str()).collect();
        let rooms: Vec<&str> = rooms.into_iter().collect();
        bail!(
            "there is no room `{room}`: write one of {}",
            rooms.join(", ")
        );
    }
    let mut lines = Vec::new();
    for offence in house.offences() {
        if room == "all" || source::room_of(&offence.file) == room {
            lines.push(format!("{offence}\n"));
        }
    }
    for cycle in house.import_cycles() {
        if room == "all" || cycle.rooms().contains(room) {
            lines.push(format!("{cycle}\n"));
        }
    }
    Ok(lines.concat())
}
