//! The table of measures: one line a room, one for all.

use std::collections::BTreeMap;

use super::House;
use super::facts::{FileFacts, OffenceKind};
use super::source::SourceFile;

const HEADINGS: &[&str] = &[
    "room",
    "files",
    "code",
    "types",
    "shared",
    "fns",
    "shared",
    "1-word",
    "What…",
    "verb",
    "closures/k",
    "tuples",
    "bools",
    "clones/k",
    "unwraps/k",
    "file med/p95/max",
    "fn p95/max",
    "docs",
];

/// Explains the columns below the table.
const LEGEND: &str = "
code: lines outside tests that are neither blank nor a comment; /k: a thousand of them
types, shared: types, and the share whose name another type has; fns, shared, 1-word: the same of free functions, and names of one word
What…, verb: docs of functions that open with What, Whether, Which, …, and with a verb in the third person
tuples, bools: parameters; file, fn: lines; docs: public items with a doc comment
";

/// Prints the measures of every room and of all rooms together.
pub fn print_measures(house: &House) -> String {
    let mut rooms: BTreeMap<&str, RoomMeasures> = BTreeMap::new();
    let mut all = RoomMeasures::default();
    for (file, facts) in house.files.iter().zip(&house.facts) {
        rooms.entry(&file.room).or_default().add_file(file, facts);
        all.add_file(file, facts);
    }
    for offence in house.offences() {
        let room = super::source::room_of(&offence.file);
        if let Some(measures) = rooms.get_mut(room.as_str()) {
            measures.add_shared_name(offence.kind);
        }
        all.add_shared_name(offence.kind);
    }
    let mut rows = vec![HEADINGS.iter().map(|&heading| heading.to_owned()).collect()];
    for (room, measures) in &rooms {
        rows.push(measures.row(room));
    }
    rows.push(all.row("all"));
    let cycles = house.import_cycles().len();
    let table = print_columns(&rows);
    format!("{table}{LEGEND}circles among sibling modules: {cycles}\n")
}

/// Sums over the files of a room.
#[derive(Default)]
struct RoomMeasures {
    code_lines: usize,
    file_lines: Vec<usize>,
    function_lines: Vec<usize>,
    types: usize,
    shared_types: usize,
    functions: usize,
    shared_functions: usize,
    function_docs: usize,
    relative_function_docs: usize,
    public_items: usize,
    counts: BTreeMap<OffenceKind, usize>,
}

impl RoomMeasures {
    fn add_file(&mut self, file: &SourceFile, facts: &FileFacts) {
        self.code_lines += file.code_lines;
        self.file_lines.push(file.lines);
        self.function_lines.extend(&facts.function_lines);
        self.types += facts.types.len();
        self.functions += facts.free_functions.len();
        self.function_docs += facts.function_docs;
        self.relative_function_docs += facts.relative_function_docs;
        self.public_items += facts.public_items;
        for offence in &facts.offences {
            *self.counts.entry(offence.kind).or_default() += 1;
        }
    }

    fn add_shared_name(&mut self, kind: OffenceKind) {
        match kind {
            OffenceKind::SharedTypeName => self.shared_types += 1,
            OffenceKind::SharedFunctionName => self.shared_functions += 1,
            _ => {}
        }
    }

    fn count(&self, kind: OffenceKind) -> usize {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// Returns the cells of the room's line.
    fn row(&self, room: &str) -> Vec<String> {
        let verbs =
            self.function_docs - self.relative_function_docs - self.count(OffenceKind::NoVerbDoc);
        let documented = self.public_items - self.count(OffenceKind::Undocumented);
        vec![
            room.to_owned(),
            self.file_lines.len().to_string(),
            self.code_lines.to_string(),
            self.types.to_string(),
            print_share(self.shared_types, self.types),
            self.functions.to_string(),
            print_share(self.shared_functions, self.functions),
            print_share(self.count(OffenceKind::OneWordFunction), self.functions),
            print_share(self.relative_function_docs, self.function_docs),
            print_share(verbs, self.function_docs),
            self.print_density(OffenceKind::Closure),
            self.count(OffenceKind::TupleParameter).to_string(),
            self.count(OffenceKind::BoolParameter).to_string(),
            self.print_density(OffenceKind::Clone),
            self.print_density(OffenceKind::Unwrap),
            format!(
                "{}/{}/{}",
                percentile(&self.file_lines, 50),
                percentile(&self.file_lines, 95),
                percentile(&self.file_lines, 100)
            ),
            format!(
                "{}/{}",
                percentile(&self.function_lines, 95),
                percentile(&self.function_lines, 100)
            ),
            print_share(documented, self.public_items),
        ]
    }

    /// Prints a count for each thousand lines of code, with one decimal.
    fn print_density(&self, kind: OffenceKind) -> String {
        let tenths = self.count(kind) * 10_000 / self.code_lines.max(1);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// Prints a part of a whole in percent, rounded.
fn print_share(part: usize, whole: usize) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{} %", (part * 200 + whole) / (whole * 2)),
    }
}

/// Returns the smallest value that is no less than `percent` of the values.
fn percentile(values: &[usize], percent: usize) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// Aligns rows of cells: the first column to the left, the others to the right.
fn print_columns(rows: &[Vec<String>]) -> String {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(row.len(), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut lines = Vec::new();
    for row in rows {
        let mut cells = Vec::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            cells.push(match column {
                0 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            });
        }
        lines.push(cells.join("  ") + "\n");
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occur() {
        let values: Vec<usize> = (1..=20).collect();
        assert_eq!(percentile(&values, 50), 10);
        assert_eq!(percentile(&values, 95), 19);
        assert_eq!(percentile(&values, 100), 20);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn shares_are_rounded() {
        assert_eq!(print_share(1, 3), "33 %");
        assert_eq!(print_share(2, 3), "67 %");
        assert_eq!(print_share(0, 0), "–");
    }
}
