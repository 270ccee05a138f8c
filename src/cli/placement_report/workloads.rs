//! The first table: workloads, their pods, and where they are.

use super::Paint;
use super::table::{ColumnSide, TableCell, cut_text, format_lines, split_prefix};
use crate::fit::{LossCell, MOST, Overview, WorkloadRow};
use pointer_diagnostics::report::escape_text;

/// Narrower names say nothing.
const NARROWEST: usize = 16;

pub(super) fn format_workloads(overview: &Overview, width: usize, paint: Paint) -> String {
    if overview.workloads.is_empty() {
        return "no workload with pods\n".to_owned();
    }
    let nodes = NodeNames::of(overview, width);
    let rows: Vec<Vec<TableCell>> = overview
        .workloads
        .iter()
        .map(|row| format_row(overview, row, &nodes, paint))
        .collect();
    let mut all = vec![nodes.header(paint)];
    let columns = all[0].len();
    let widest: usize = (1..columns)
        .map(|c| {
            rows.iter()
                .chain(&all)
                .filter_map(|r| r.get(c))
                .map(TableCell::width)
                .max()
                .unwrap_or(0)
                + 2
        })
        .sum();
    let names = width.saturating_sub(widest).max(NARROWEST);
    let named = rows
        .into_iter()
        .zip(&overview.workloads)
        .map(|(mut row, workload)| {
            row[0] = TableCell::new(cut_text(&escape_text(&workload.name), names));
            row
        });
    all.extend(named);
    let mut sides = vec![ColumnSide::Left, ColumnSide::Right, ColumnSide::Right];
    sides.extend(std::iter::repeat_n(ColumnSide::Right, nodes.columns()));
    sides.extend([ColumnSide::Left, ColumnSide::Right]);
    let note = match nodes.prefix {
        "" => String::new(),
        prefix => format!(
            "{}\n",
            paint.dim(&format!(
                "the names of nodes begin with {}",
                escape_text(prefix)
            ))
        ),
    };
    format!("{}{note}", format_lines(&all, &sides))
}

/// The layout of nodes: one column each where there is room, with whole names if possible; else one text for all.
struct NodeNames<'a> {
    /// The prefix that is left out of every name.
    prefix: &'a str,
    names: Vec<&'a str>,
    each: bool,
}

/// Columns beside the nodes': names, pods, where they may run, the worst loss without the node's name, room.
const BESIDE: usize = NARROWEST + 6 + 10 + 14 + 6;

impl<'a> NodeNames<'a> {
    fn of(overview: &'a Overview, width: usize) -> Self {
        let whole: Vec<&str> = overview.nodes.iter().map(String::as_str).collect();
        let (prefix, short) = split_prefix(&whole);
        let fits = |names: &[&str]| {
            let needed: usize = names.iter().map(|n| n.chars().count().max(3) + 2).sum();
            let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
            names.len() <= 24 && needed + longest + BESIDE <= width
        };
        if fits(&whole) {
            return Self {
                prefix: "",
                names: whole,
                each: true,
            };
        }
        match fits(&short) {
            true => Self {
                prefix,
                names: short,
                each: true,
            },
            false => Self {
                prefix: "",
                names: whole,
                each: false,
            },
        }
    }

    fn columns(&self) -> usize {
        if self.each { self.names.len() } else { 1 }
    }

    fn header(&self, paint: Paint) -> Vec<TableCell> {
        let bold = |text: &str| TableCell::painted(escape_text(text), |t| paint.bold(t));
        let mut header = vec![bold("WORKLOAD"), bold("PODS"), bold("MAY RUN")];
        if self.each {
            header.extend(self.names.iter().map(|n| bold(n)));
        } else {
            header.push(bold("RUNS ON"));
        }
        header.extend([bold("WORST LOSS"), bold("ROOM")]);
        header
    }

    fn cells(&self, overview: &Overview, row: &WorkloadRow, paint: Paint) -> Vec<TableCell> {
        if self.each {
            let count = |n: usize| match row.placed.get(&n) {
                Some(pods) => TableCell::new(pods.to_string()),
                None if row.may_run.contains(&n) => TableCell::painted("·", |t| paint.dim(t)),
                None => TableCell::painted("-", |t| paint.dim(t)),
            };
            return (0..overview.nodes.len()).map(count).collect();
        }
        let names: Vec<&str> = row
            .placed
            .keys()
            .filter_map(|n| overview.nodes.get(*n))
            .map(String::as_str)
            .collect();
        let text = match names.as_slice() {
            [] => "-".to_owned(),
            [one] => escape_text(one).into_owned(),
            several => format!("{} nodes", several.len()),
        };
        vec![TableCell::new(text)]
    }
}

fn format_row(
    overview: &Overview,
    row: &WorkloadRow,
    nodes: &NodeNames<'_>,
    paint: Paint,
) -> Vec<TableCell> {
    let may_run = match row.may_run.len() {
        0 => TableCell::painted("nowhere", |t| paint.bad(t)),
        n if n == overview.nodes.len() => TableCell::painted("anywhere", |t| paint.dim(t)),
        n => TableCell::new(format!("{n} of {}", overview.nodes.len())),
    };
    let mut cells = vec![
        TableCell::default(),
        TableCell::new(row.pods.to_string()),
        may_run,
    ];
    cells.extend(nodes.cells(overview, row, paint));
    cells.push(format_worst(overview, row, nodes, paint));
    cells.push(match row.margin {
        None => TableCell::default(),
        Some(0) => TableCell::painted("0", |t| paint.odd(t)),
        Some(MOST) => TableCell::painted(format!("{MOST}+"), |t| paint.dim(t)),
        Some(more) => TableCell::new(more.to_string()),
    });
    cells
}

fn format_worst(
    overview: &Overview,
    row: &WorkloadRow,
    nodes: &NodeNames<'_>,
    paint: Paint,
) -> TableCell {
    let Some(loss) = row.worst.and_then(|l| overview.losses.get(l)) else {
        return TableCell::painted("-", |t| paint.dim(t));
    };
    let position = overview.workloads.iter().position(|w| w.name == row.name);
    let Some(cell) = position.and_then(|w| loss.cells.get(w)) else {
        return TableCell::default();
    };
    let what = match cell {
        LossCell::Untouched | LossCell::Gone => String::new(),
        LossCell::Moved(n) => format!("{n} move{}", if *n == 1 { "s" } else { "" }),
        LossCell::Degraded(n) => format!("{n} fewer"),
        LossCell::Expendable(n) => format!("{n} missed"),
        LossCell::Fails(n) => format!("{n} unplaced"),
    };
    let short = |name: &String| {
        if loss.zones {
            name.clone()
        } else {
            name[nodes.prefix.len().min(name.len())..].to_owned()
        }
    };
    let lost = match loss.lost.as_slice() {
        [one] => short(one),
        [first, rest @ ..] => format!("{}+{}", short(first), rest.len()),
        [] => String::new(),
    };
    TableCell::painted(format!("{}: {what}", escape_text(&lost)), |t| {
        paint.cell(*cell, t)
    })
}
