//! Random YAML: styles, numbers, dates, folded and literal scalars, braces, long lines, tags, anchors.

use std::fmt::Write as _;

use super::dice::Dice;

const PLAIN: [&str; 77] = [
    "a",
    "web",
    "x-y",
    "10.20.0.5",
    "1",
    "0",
    "-1",
    "+5",
    "0644",
    "08",
    "0x1F",
    "0o14",
    "0b11",
    "1_000",
    "1.0",
    "1.10",
    "4.20",
    "1e3",
    "1e400",
    ".5",
    "5.",
    "1234567.5",
    "0.00001",
    "1e21",
    "123456789",
    "12345678901234567890",
    "9223372036854775808",
    "-0.0",
    "true",
    "True",
    "FALSE",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "null",
    "~",
    "Null",
    "2024-02-29",
    "2023-02-30",
    "2001-1-2",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10",
    "2001-12-15T02:59:43.1Z",
    "12:30:45",
    "190:20:30",
    "1:1",
    "=",
    "<<x",
    "-x",
    "?x",
    ":x",
    "a:b",
    "a#b",
    "http://a/b?c#d",
    "it's",
    "say \"hi\"",
    "a\\b",
    "é",
    "日本",
    "\u{a0}x",
    "x\u{200b}y",
    "v1",
    "1Gi",
    "500m",
    "0x",
    "0b",
    "1__0",
    "_1",
    "1e",
    "tRue",
    "nUll",
    "a, b",
    "sha256:00",
    "x  y",
];

const KEYS: [&str; 22] = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "port",
    "image",
    "name",
    "key-a",
    "key.b",
    "key_c",
    "Upper",
    "item1",
    "item2",
    "item10",
    "yes",
    "on",
    "a/b",
    "\"quoted\"",
    "'single'",
    "\"1\"",
    "\"true\"",
    "très",
];

/// A document of a kind that no schema knows.
pub(super) fn document(dice: &mut Dice, name: &str) -> String {
    let mut out = format!("apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: {name}\n");
    if dice.once_in(3) {
        out.push_str("  annotations:\n");
        for key in ["one", "two", "three"].iter().take(dice.below(4)) {
            _ = writeln!(out, "    {key}:{}", value(dice, 6, 1));
        }
    }
    if dice.once_in(3) {
        _ = writeln!(out, "  labels: {{x: {}, y: \"z\"}}", flow_scalar(dice));
    }
    out.push_str("spec:\n");
    mapping(dice, &mut out, 2, 4);
    out
}

/// A change to all documents: none, through JSON, or by merging another random document.
pub(super) fn change(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => "patches:\n- target: {kind: Thing}\n  patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations/x\", \"value\": \"y\"}]'\n".to_owned(),
        1 | 2 => {
            let mut patch = String::from("apiVersion: v1\nkind: Thing\nmetadata:\n  name: x\nspec:\n");
            mapping(dice, &mut patch, 2, 2);
            let lines: Vec<String> = patch.lines().map(|l| format!("    {l}")).collect();
            format!("patches:\n- target: {{kind: Thing}}\n  patch: |\n{}\n", lines.join("\n"))
        }
        _ => String::new(),
    }
}

fn mapping(dice: &mut Dice, out: &mut String, indent: usize, depth: usize) {
    let count = 1 + dice.below(6);
    let mut start = dice.below(KEYS.len());
    for _ in 0..count {
        let key = KEYS[start % KEYS.len()];
        start += 1 + dice.below(2);
        let comment = if dice.once_in(12) {
            "  # a comment"
        } else {
            ""
        };
        if depth > 0 && dice.once_in(4) {
            _ = writeln!(out, "{}{key}:{comment}", " ".repeat(indent));
            let more = dice.pick(&[&1_usize, &2, &2, &4]);
            mapping(dice, out, indent + more, depth - 1);
        } else if depth > 0 && dice.once_in(5) {
            _ = writeln!(out, "{}{key}:{comment}", " ".repeat(indent));
            let more = dice.pick(&[&0_usize, &0, &2]);
            sequence(dice, out, indent + more, depth - 1);
        } else {
            _ = writeln!(
                out,
                "{}{key}:{}",
                " ".repeat(indent),
                value(dice, indent + 2, depth)
            );
        }
    }
}

fn sequence(dice: &mut Dice, out: &mut String, indent: usize, depth: usize) {
    for _ in 0..=dice.below(4) {
        let pad = " ".repeat(indent);
        if depth > 0 && dice.once_in(4) {
            _ = writeln!(out, "{pad}- first:{}", value(dice, indent + 4, depth - 1));
            if dice.once_in(2) {
                _ = writeln!(out, "{pad}  second:{}", value(dice, indent + 4, depth - 1));
            }
        } else if depth > 0 && dice.once_in(8) {
            _ = writeln!(
                out,
                "{pad}- - nested\n{pad}  -{}",
                value(dice, indent + 4, 0)
            );
        } else {
            _ = writeln!(out, "{pad}-{}", value(dice, indent + 2, depth));
        }
    }
}

/// A value after a colon or a dash, with the space before it.
fn value(dice: &mut Dice, indent: usize, depth: usize) -> String {
    match dice.below(24) {
        0 => String::new(),
        1 | 2 => format!(" '{}'", dice.pick(&PLAIN).replace('\'', "''")),
        3 | 4 => format!(" {}", double(dice)),
        5 | 6 => block(dice, indent, '|'),
        7 => block(dice, indent, '>'),
        8 | 9 if depth > 0 => format!(" {}", flow(dice, depth.min(2))),
        10 => format!(" {}", long(dice)),
        11 if dice.once_in(2) => format!(
            " {}",
            dice.pick(&[
                "!!str 1",
                "!!int \"7\"",
                "!!float 3",
                "!!binary aGVsbG8=",
                "!own x",
                "!!str yes",
                "! 5",
                "!!null ''"
            ])
        ),
        12 if dice.once_in(2) => {
            format!(
                " plain over\n{}two lines\n\n{}and more",
                " ".repeat(indent),
                " ".repeat(indent)
            )
        }
        13 if dice.once_in(2) => {
            format!(
                " \"double over\n{}two \\\n{}  lines\\n\"",
                " ".repeat(indent),
                " ".repeat(indent)
            )
        }
        14 => (*dice.pick(&[" {}", " []", " ''", " \"\""])).to_owned(),
        _ => format!(" {}", dice.pick(&PLAIN)),
    }
}

fn double(dice: &mut Dice) -> String {
    let inner = dice.pick(&[
        "a\\tb",
        "\\u00e9",
        "\\x41",
        "\\U0001F600",
        "a\\nb",
        "a\\n b",
        "a \\nb",
        "\\\"q\\\"",
        "\\\\",
        "tab\\t",
        " lead",
        "trail ",
        "a: b",
        "# x",
        "- x",
        "\\0",
        "\\e[0m",
        "a\\rb",
        "yes",
        "1",
        "",
        "\\u2028x",
        "line\\n",
        "line\\n\\n",
        "\\nlead",
        "\\_",
        "\\uFEFFx",
        "{a}",
        "it's",
        "caf\\u00e9 \\u65e5",
        "x\\ty\\nz",
    ]);
    format!("\"{inner}\"")
}

fn block(dice: &mut Dice, indent: usize, mark: char) -> String {
    let lines: Vec<&str> = (0..=dice.below(6))
        .map(|_| {
            dice.pick(&[
                "text",
                "two words",
                "",
                "  indented",
                "# not a comment",
                "key: value",
                "- item",
                "é",
                "\ttab",
                "x y  z",
                "end",
                "    deep",
                "--- x",
            ])
        })
        .collect();
    let first = lines
        .iter()
        .find(|l| !l.is_empty())
        .copied()
        .unwrap_or_default();
    if first.is_empty() || first.starts_with([' ', '\t']) {
        return " text".to_owned();
    }
    let chomp = dice.pick(&["", "-", "+"]);
    let body: Vec<String> = lines
        .iter()
        .map(|l| {
            if l.is_empty() {
                String::new()
            } else {
                format!("{}{l}", " ".repeat(indent))
            }
        })
        .collect();
    format!(" {mark}{chomp}\n{}", body.join("\n"))
}

fn long(dice: &mut Dice) -> String {
    let words: Vec<&str> = (0..20 + dice.below(30))
        .map(|_| {
            dice.pick(&[
                "lorem",
                "ipsum",
                "dolor",
                "it's",
                "x",
                "wörd",
                "http://a/b",
                "a,b",
                "12",
            ])
        })
        .collect();
    let gap = dice.pick(&[" ", " ", " ", "  "]);
    let text = words.join(gap);
    match dice.below(3) {
        0 => text
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim()
            .to_owned(),
        1 => format!("'# {}'", text.replace('\'', "''")),
        _ => format!("\"{text}\\t{text}\""),
    }
}

fn flow_scalar(dice: &mut Dice) -> String {
    let plain = *dice.pick(&[
        &"a",
        &"1",
        &"0644",
        &"1.10",
        &"true",
        &"null",
        &"~",
        &"yes",
        &"2024-02-29",
        &"2001-12-14T21:59:43Z",
        &"x y",
        &"é",
        &"1_0",
        &".5",
        &"-1",
    ]);
    match dice.below(4) {
        0 => double(dice),
        1 => format!("'{plain}'"),
        _ => plain.to_owned(),
    }
}

fn flow(dice: &mut Dice, depth: usize) -> String {
    let inner = |dice: &mut Dice| {
        if depth > 0 && dice.once_in(3) {
            flow(dice, depth - 1)
        } else {
            flow_scalar(dice)
        }
    };
    if dice.once_in(2) {
        let items: Vec<String> = (0..dice.below(4)).map(|_| inner(dice)).collect();
        return format!("[{}]", items.join(", "));
    }
    let entries: Vec<String> = ["k1", "k2", "\"k3\"", "k4"]
        .iter()
        .take(dice.below(5))
        .map(|key| match dice.below(8) {
            0 => format!("{key}: "),
            1 => (*key).to_owned(),
            _ => format!("{key}: {}", inner(dice)),
        })
        .collect();
    format!("{{{}}}", entries.join(", "))
}
