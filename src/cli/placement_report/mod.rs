//! The proof of a site for people: which workload runs where, and what each loss does.
//!
//! Two tables that share their rows. Nodes are columns; where their names begin alike, the common beginning stands once above them. What
//! does not fit the terminal's width is left out or goes into a further block, never over the edge.

mod losses;
mod table;
mod workloads;

use std::fmt::Write as _;

use crate::fit::{LossCell, Overview};
use pointer_diagnostics::report::wrap_text;
use pointer_diagnostics::report::{Look, escape_text};

/// The widest line where there is no terminal.
const UNBOUNDED: usize = 10_000;
/// The width at which prose is broken at the latest.
const PROSE: usize = 120;

/// Renders the overview as text.
pub(super) fn render_placement(overview: &Overview, look: Look) -> String {
    let width = look.width.unwrap_or(UNBOUNDED).max(40);
    let paint = Paint { color: look.color };
    let mut text = format_headline(overview, paint);
    for block in [
        workloads::format_workloads(overview, width, paint),
        losses::format_losses(overview, width, paint),
    ] {
        if !block.is_empty() {
            text.push('\n');
            text.push_str(&block);
        }
    }
    let waived = overview
        .workloads
        .iter()
        .filter_map(|w| Some(format!("{}: {}", w.name, w.expendable.as_ref()?)));
    append_list(
        &mut text,
        "Need not survive",
        &waived.collect::<Vec<_>>(),
        width,
        paint,
    );
    append_list(
        &mut text,
        "Taken for granted",
        &overview.assumptions,
        width,
        paint,
    );
    text
}

fn format_headline(overview: &Overview, paint: Paint) -> String {
    let failing = overview
        .losses
        .iter()
        .filter(|l| l.cells.iter().any(|c| matches!(c, LossCell::Fails(_))))
        .count();
    let placed = match overview.outcome {
        "proved" => paint.good("every pod has a node"),
        "impossible" => paint.bad("not every pod has a node"),
        _ => paint.odd("it is not proved that every pod has a node"),
    };
    let all = overview.losses.len();
    let survived = match (all, failing) {
        (0, _) => String::new(),
        (1, 0) => format!(", {}", paint.good("and the loss is survived")),
        (1, _) => format!(", {}", paint.bad("but the loss is not survived")),
        (_, 0) => format!(
            ", {}",
            paint.good(&format!("and each of {all} possible losses is survived"))
        ),
        (_, 1) => format!(
            ", {}",
            paint.bad(&format!("but 1 of {all} possible losses is not survived"))
        ),
        (_, n) => format!(
            ", {}",
            paint.bad(&format!(
                "but {n} of {all} possible losses are not survived"
            ))
        ),
    };
    format!(
        "{}: {placed}{survived}\n",
        paint.bold(&escape_text(&overview.site))
    )
}

/// Returns a list under a title; nothing where it is empty.
fn append_list(text: &mut String, title: &str, items: &[String], width: usize, paint: Paint) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", paint.bold(title));
    for item in items {
        for (number, line) in wrap_text(&escape_text(item), width.min(PROSE) - 4)
            .iter()
            .enumerate()
        {
            let start = if number == 0 { "  - " } else { "    " };
            let _ = writeln!(text, "{start}{line}");
        }
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    fn odd(self, text: &str) -> String {
        self.with("33", text)
    }

    fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Returns a text for a cell, in the colour of what it says.
    fn cell(self, cell: LossCell, text: &str) -> String {
        match cell {
            LossCell::Untouched | LossCell::Gone => self.dim(text),
            LossCell::Moved(_) => text.to_owned(),
            LossCell::Degraded(_) | LossCell::Expendable(_) => self.odd(text),
            LossCell::Fails(_) => self.bad(text),
        }
    }
}

#[cfg(test)]
mod tests;
