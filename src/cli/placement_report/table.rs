//! Columns of text that is coloured after it has been measured.

/// A cell: the text, and the text as it is printed.
#[derive(Debug, Clone, Default)]
pub(super) struct TableCell {
    plain: String,
    painted: String,
}

impl TableCell {
    pub(super) fn new(plain: impl Into<String>) -> Self {
        let plain = plain.into();
        Self {
            painted: plain.clone(),
            plain,
        }
    }

    /// Returns a text that `paint` colours.
    pub(super) fn painted(plain: impl Into<String>, paint: impl Fn(&str) -> String) -> Self {
        let plain = plain.into();
        Self {
            painted: paint(&plain),
            plain,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.plain.chars().count()
    }
}

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnSide {
    Left,
    Right,
}

/// Lines of cells, each column as wide as its widest cell, two spaces between columns. Nothing follows the last text of a line.
pub(super) fn format_lines(rows: &[Vec<TableCell>], sides: &[ColumnSide]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        rows.iter()
            .filter_map(|r| r.get(c))
            .map(TableCell::width)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        let mut owed = 0;
        for (c, cell) in row.iter().enumerate() {
            let gap = widths[c] - cell.width();
            let right = sides.get(c) == Some(&ColumnSide::Right);
            let (before, after) = if right { (gap, 0) } else { (0, gap) };
            if cell.width() > 0 {
                line.extend(std::iter::repeat_n(' ', owed + before));
                line.push_str(&cell.painted);
                owed = after + 2;
            } else {
                owed += gap + 2;
            }
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Returns the text, cut to a number of characters, with `…` for what is missing in the middle: names end in what tells them apart.
pub(super) fn cut_text(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width || width == 0 {
        return text.to_owned();
    }
    let (head, tail) = ((width - 1) / 2, width - 1 - (width - 1) / 2);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// Returns the beginning that all names share, up to and with the last `-`, `.` or `/`; and the rests.
pub(super) fn split_prefix<'a>(names: &[&'a str]) -> (&'a str, Vec<&'a str>) {
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return ("", names.to_vec());
    };
    let shared = |end: &usize| {
        names
            .iter()
            .all(|n| n.get(..*end) == first.get(..*end) && n.len() > *end)
    };
    let ends = first
        .char_indices()
        .filter(|(_, c)| matches!(c, '-' | '.' | '/'))
        .map(|(i, c)| i + c.len_utf8());
    let end = ends.rev().find(shared).unwrap_or(0);
    (&first[..end], names.iter().map(|n| &n[end..]).collect())
}
