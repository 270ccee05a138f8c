//! The second table: what each loss does to each workload.

use std::fmt::Write as _;

use super::Paint;
use super::table::{Side, Text, cut, lines, split};
use crate::fit::{Cell, Overview};
use pointer_diagnostics::report::escape_text;

/// The widest name column.
const NAMES: usize = 40;
/// With more losses, only those are shown in which something is missing.
const MANY: usize = 24;

pub(super) fn matrix(overview: &Overview, width: usize, paint: Paint) -> String {
    let shown = shown(overview);
    let touched = |w: &usize| {
        overview
            .losses
            .iter()
            .any(|l| !matches!(l.cells.get(*w), None | Some(Cell::Untouched | Cell::Gone)))
    };
    let rows: Vec<usize> = (0..overview.workloads.len()).filter(touched).collect();
    if overview.losses.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let names: Vec<String> = shown
        .iter()
        .map(|l| overview.losses[*l].lost.join("+"))
        .collect();
    let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
    let (prefix, short) = split(&borrowed);
    let widest = rows
        .iter()
        .map(|w| overview.workloads[*w].name.chars().count())
        .max()
        .unwrap_or(0);
    let name_width = widest.clamp(8, NAMES.min(width / 2));
    let column = short
        .iter()
        .map(|n| n.chars().count())
        .max()
        .unwrap_or(0)
        .max(4)
        + 2;
    let per_block = ((width - name_width) / column).max(1);
    for block in shown.chunks(per_block).zip(short.chunks(per_block)) {
        let look = Block {
            overview,
            rows: &rows,
            name_width,
            prefix,
            paint,
        };
        text.push_str(&look.text(block));
        text.push('\n');
    }
    text.push_str(&notes(overview, (shown.len(), rows.len()), width, paint));
    text
}

/// The losses that are shown: all, or where there are many those in which something is missing.
fn shown(overview: &Overview) -> Vec<usize> {
    let all = 0..overview.losses.len();
    let missing = |l: &usize| {
        let cells = &overview.losses[*l].cells;
        cells
            .iter()
            .any(|c| matches!(c, Cell::Fails(_) | Cell::Degraded(_) | Cell::Expendable(_)))
    };
    if all.len() <= MANY {
        all.collect()
    } else {
        all.filter(missing).take(4 * MANY).collect()
    }
}

struct Block<'a> {
    overview: &'a Overview,
    rows: &'a [usize],
    name_width: usize,
    prefix: &'a str,
    paint: Paint,
}

impl Block<'_> {
    fn text(&self, (losses, names): (&[usize], &[&str])) -> String {
        let paint = self.paint;
        let title = if self.overview.losses.first().is_some_and(|l| l.zones) {
            "ZONE LOST"
        } else {
            "NODE LOST"
        };
        let mut all = Vec::new();
        let head = |name: &&str| Text::painted(escape_text(name), |t| paint.bold(t));
        let start = if self.prefix.is_empty() {
            title.to_owned()
        } else {
            format!("{title} {}", escape_text(self.prefix))
        };
        all.push(
            std::iter::once(Text::painted(start, |t| paint.bold(t)))
                .chain(names.iter().map(head))
                .collect(),
        );
        for w in self.rows {
            let name = Text::new(cut(
                &escape_text(&self.overview.workloads[*w].name),
                self.name_width,
            ));
            let cell = |l: &usize| {
                let cell = self.overview.losses[*l]
                    .cells
                    .get(*w)
                    .copied()
                    .unwrap_or(Cell::Untouched);
                Text::painted(symbol(cell), |t| paint.cell(cell, t))
            };
            all.push(
                std::iter::once(name)
                    .chain(losses.iter().map(cell))
                    .collect(),
            );
        }
        let mut sides = vec![Side::Left];
        sides.extend(std::iter::repeat_n(Side::Right, losses.len()));
        lines(&all, &sides)
    }
}

fn symbol(cell: Cell) -> String {
    match cell {
        Cell::Untouched | Cell::Gone => "·".to_owned(),
        Cell::Moved(n) => format!("→{n}"),
        Cell::Degraded(n) => format!("−{n}"),
        Cell::Expendable(n) => format!("({n})"),
        Cell::Fails(n) => format!("✗{n}"),
    }
}

fn notes(overview: &Overview, (shown, rows): (usize, usize), width: usize, paint: Paint) -> String {
    let mut text = String::new();
    let more = overview.losses.len() - shown;
    if more > 0 {
        let _ = writeln!(
            text,
            "{more} more losses, after which every pod that was lost runs elsewhere or is not needed"
        );
    }
    let each = overview.workloads.len() - rows;
    if each > 0 {
        let lose = if each == 1 {
            "workload loses"
        } else {
            "workloads lose"
        };
        let _ = writeln!(text, "{each} more {lose} nothing that is needed elsewhere");
    }
    let present =
        |wanted: fn(&Cell) -> bool| overview.losses.iter().flat_map(|l| &l.cells).any(wanted);
    let legend: [(&str, bool); 4] = [
        (
            "→n start elsewhere",
            present(|c| matches!(c, Cell::Moved(_))),
        ),
        (
            "−n fewer until the node is back",
            present(|c| matches!(c, Cell::Degraded(_))),
        ),
        (
            "(n) missed, and may be",
            present(|c| matches!(c, Cell::Expendable(_))),
        ),
        ("✗n have no place", present(|c| matches!(c, Cell::Fails(_)))),
    ];
    let mut line = String::new();
    for (word, _) in legend.iter().filter(|(_, there)| *there) {
        if !line.is_empty() && line.chars().count() + 3 + word.chars().count() > width {
            let _ = writeln!(text, "{}", paint.dim(&std::mem::take(&mut line)));
        }
        let gap = if line.is_empty() { "" } else { "   " };
        let _ = write!(line, "{gap}{word}");
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{}", paint.dim(&line));
    }
    text
}
