//! Random ends of texts: blocks with any header, blank lines, comments, tabs, markers, and files that end anywhere.

use std::fmt::Write as _;

use super::dice::Dice;

const HEADERS: [&str; 14] = [
    "|", "|-", "|+", ">", ">-", ">+", "|2", "|2-", "|+2", ">2", ">1+", "| # c", "|+\t# c", "|4",
];

const LINES: [&str; 18] = [
    "text",
    "two words",
    "text ",
    "text\t",
    "\ttab",
    " more",
    "  deep ",
    "# hash",
    "- dash",
    "k: v",
    "",
    "",
    " ",
    "   ",
    "\t",
    "é",
    "end",
    "x  y",
];

const TAILS: [&str; 16] = [
    "",
    "\n",
    "\n\n",
    "\n# c\n",
    "\n\n# c\n",
    "\n\n  # c\n",
    "\n\n# c\n\n",
    "\n\n\n# c\n# d\n",
    "\n ",
    "\n    ",
    "\n      ",
    "\n\t\n",
    "\n...\n",
    "\n\n...\n# c\n",
    " ",
    "\r\n",
];

/// A document that ends in a random way.
pub(super) fn document(dice: &mut Dice, name: &str) -> String {
    let mut out = format!("kind: Foo\nmetadata:\n  name: {name}\n");
    if dice.once_in(6) {
        out.push_str("  annotations:\n    note: |+\n      kept\n\n");
        out.push_str(dice.pick(&["", "    # c\n", "# c\n\n"]));
    }
    out.push_str("spec:\n");
    for key in ["a", "b", "c"].iter().take(dice.below(3)) {
        field(dice, &mut out, key);
        out.push_str(dice.pick(&[
            "\n",
            "\n",
            "\n",
            "\n\n",
            "\n# c\n",
            "\n\n# c\n",
            "\n\n# c\n\n",
            "\n \n",
            "\n\t\n",
        ]));
    }
    match dice.below(3) {
        0 => {
            out.push_str("  list:\n  - first\n");
            out.push_str(dice.pick(&["  - ", "  -  ", "  - key: ", "  -\t"]));
            block(dice, &mut out, 4);
        }
        _ => field(dice, &mut out, "last"),
    }
    out.push_str(dice.pick(&TAILS));
    if dice.once_in(10) {
        out = out.replace('\n', "\r\n");
    }
    out
}

fn field(dice: &mut Dice, out: &mut String, key: &str) {
    _ = write!(out, "  {key}:");
    match dice.below(8) {
        0 => out.push_str(" plain\n    more"),
        1 => out.push_str(dice.pick(&[
            " \"one\n  two\"",
            " 'one\n\n two'",
            " \"one \\\n\ttwo\"",
            " \"a\nb\"",
            " '\t a\n\t b '",
            " \"one\t\n   two\"",
        ])),
        2 => out.push_str(dice.pick(&[
            " [a,\n   b]",
            " {a: b,\n  c: d}",
            " [a, b] # c",
            "\t[a,\tb]",
            " {}",
        ])),
        3 => {
            out.push_str(dice.pick(&["", " ~", " v\t", "\tv", " v # c", " v\t# c", " # c\n    v"]));
        }
        _ => {
            out.push(' ');
            block(dice, out, 4);
        }
    }
}

/// Writes a header and lines, without the last line break.
fn block(dice: &mut Dice, out: &mut String, indent: usize) {
    out.push_str(dice.pick(&HEADERS));
    for _ in 0..=dice.below(4) {
        let line = dice.pick(&LINES);
        let indent = match dice.below(12) {
            0 => indent + 1,
            1 => indent - 1,
            _ => indent,
        };
        out.push('\n');
        if !line.is_empty() || dice.once_in(4) {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
    }
}
