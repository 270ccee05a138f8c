//! The second table: what each loss does to each workload.

use std::fmt::Write as _;

use super::Paint;
use super::table::{ColumnSide, TableCell, cut_text, format_lines, split_prefix};
use crate::fit::{LossCell, Overview};
use pointer_diagnostics::report::escape_text;

/// The widest name column.
const NAMES: usize = 40;
/// With more losses, only those are shown in which something is missing.
const MANY: usize = 24;

pub(super) fn format_losses(overview: &Overview, width: usize, paint: Paint) -> String {
    let shown = select_losses(overview);
    let touched = |w: &usize| {
        overview.losses.iter().any(|l| {
            !matches!(
                l.cells.get(*w),
                None | Some(LossCell::Untouched | LossCell::Gone)
            )
        })
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
    let (prefix, short) = split_prefix(&borrowed);
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
    for (losses, names) in shown.chunks(per_block).zip(short.chunks(per_block)) {
        let block = LossBlock {
            overview,
            rows: &rows,
            name_width,
            prefix,
            paint,
        };
        text.push_str(&block.format(losses, names));
        text.push('\n');
    }
    let hidden = HiddenLosses {
        losses: overview.losses.len() - shown.len(),
        workloads: overview.workloads.len() - rows.len(),
    };
    text.push_str(&append_notes(overview, hidden, width, paint));
    text
}

/// Returns the losses that are shown: all, or where there are many those in which something is missing.
fn select_losses(overview: &Overview) -> Vec<usize> {
    let all = 0..overview.losses.len();
    let missing = |l: &usize| {
        let cells = &overview.losses[*l].cells;
        cells.iter().any(|c| {
            matches!(
                c,
                LossCell::Fails(_) | LossCell::Degraded(_) | LossCell::Expendable(_)
            )
        })
    };
    if all.len() <= MANY {
        all.collect()
    } else {
        all.filter(missing).take(4 * MANY).collect()
    }
}

struct LossBlock<'a> {
    overview: &'a Overview,
    rows: &'a [usize],
    name_width: usize,
    prefix: &'a str,
    paint: Paint,
}

impl LossBlock<'_> {
    fn format(&self, losses: &[usize], names: &[&str]) -> String {
        let paint = self.paint;
        let title = if self.overview.losses.first().is_some_and(|l| l.zones) {
            "ZONE LOST"
        } else {
            "NODE LOST"
        };
        let mut all = Vec::new();
        let head = |name: &&str| TableCell::painted(escape_text(name), |t| paint.bold(t));
        let start = if self.prefix.is_empty() {
            title.to_owned()
        } else {
            format!("{title} {}", escape_text(self.prefix))
        };
        all.push(
            std::iter::once(TableCell::painted(start, |t| paint.bold(t)))
                .chain(names.iter().map(head))
                .collect(),
        );
        for w in self.rows {
            let name = TableCell::new(cut_text(
                &escape_text(&self.overview.workloads[*w].name),
                self.name_width,
            ));
            let cell = |l: &usize| {
                let cell = self.overview.losses[*l]
                    .cells
                    .get(*w)
                    .copied()
                    .unwrap_or(LossCell::Untouched);
                TableCell::painted(choose_symbol(cell), |t| paint.cell(cell, t))
            };
            all.push(
                std::iter::once(name)
                    .chain(losses.iter().map(cell))
                    .collect(),
            );
        }
        let mut sides = vec![ColumnSide::Left];
        sides.extend(std::iter::repeat_n(ColumnSide::Right, losses.len()));
        format_lines(&all, &sides)
    }
}

fn choose_symbol(cell: LossCell) -> String {
    match cell {
        LossCell::Untouched | LossCell::Gone => "·".to_owned(),
        LossCell::Moved(n) => format!("→{n}"),
        LossCell::Degraded(n) => format!("−{n}"),
        LossCell::Expendable(n) => format!("({n})"),
        LossCell::Fails(n) => format!("✗{n}"),
    }
}

/// Numbers of losses and workloads that the table leaves out.
#[derive(Clone, Copy)]
struct HiddenLosses {
    losses: usize,
    workloads: usize,
}

fn append_notes(overview: &Overview, hidden: HiddenLosses, width: usize, paint: Paint) -> String {
    let mut text = String::new();
    let more = hidden.losses;
    if more > 0 {
        let _ = writeln!(
            text,
            "{more} more losses, after which every pod that was lost runs elsewhere or is not needed"
        );
    }
    let each = hidden.workloads;
    if each > 0 {
        let lose = if each == 1 {
            "workload loses"
        } else {
            "workloads lose"
        };
        let _ = writeln!(text, "{each} more {lose} nothing that is needed elsewhere");
    }
    let present =
        |wanted: fn(&LossCell) -> bool| overview.losses.iter().flat_map(|l| &l.cells).any(wanted);
    let legend: [(&str, bool); 4] = [
        (
            "→n start elsewhere",
            present(|c| matches!(c, LossCell::Moved(_))),
        ),
        (
            "−n fewer until the node is back",
            present(|c| matches!(c, LossCell::Degraded(_))),
        ),
        (
            "(n) missed, and may be",
            present(|c| matches!(c, LossCell::Expendable(_))),
        ),
        (
            "✗n have no place",
            present(|c| matches!(c, LossCell::Fails(_))),
        ),
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
