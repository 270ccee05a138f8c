//! The quick reader beside the full one.

use std::path::{Path, PathBuf};

use super::*;
use crate::read::parse_fully;

/// Compares with the full reader; whether there was something to compare.
#[track_caller]
fn same_as_the_full_reader(text: &str) -> bool {
    let Some(found) = read_quickly(text, &ReadLimits::MANIFEST) else {
        return false;
    };
    let full = parse_fully(text, &ReadLimits::MANIFEST);
    assert_eq!(
        full.map(|parsed| parsed.documents),
        Ok(vec![found]),
        "{text}"
    );
    true
}

#[test]
fn what_is_read_is_what_the_full_reader_reads() {
    let cases = include_str!("cases.txt").split("=====\n");
    let unread: Vec<&str> = cases
        .filter(|case| {
            same_as_the_full_reader(case.trim_end());
            !same_as_the_full_reader(case)
        })
        .collect();
    assert!(unread.is_empty(), "{unread:#?}");
}

#[test]
fn the_manifests_here_are_read_as_the_full_reader_reads_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut all, mut quick) = (0, 0);
    let mut queue: Vec<PathBuf> = ["base", "out", "sites", "tests"]
        .map(|directory| root.join(directory))
        .into();
    while let Some(path) = queue.pop() {
        if let Ok(entries) = std::fs::read_dir(&path) {
            queue.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for piece in text.split("\n---\n") {
                all += 1;
                quick += usize::from(same_as_the_full_reader(piece));
            }
        }
    }
    assert!(
        quick * 10 > all * 7,
        "only {quick} of {all} documents are read quickly"
    );
}

/// Pieces that texts are made of at random: good ones and bad ones.
#[rustfmt::skip]
const PIECES: [&str; 64] = [
    "a", "b: ", "key:", ": ", ":", "\n", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n- ", "\n  - ", "- ", "-", " ",
    "  ", "#", " # x", "'", "\"", "''", "\\n", "\\", "\\\"", "[", "]", "{", "}", ", ", ",", "|",
    "|-", "|+", ">", "|\n  ", "&a ", "*a", "!!str ", "!", "?", "? ", "---", "...", "\n---\n", "%", "@", "`",
    "<<: ", "~", "null", "1", "-1", ".5", "0x1", "true", "2024-01-01", "\t", "$(X)", "x: y", "\nk: v", "\n  k: v", "\n- k: v\n  l: w", "\r",
];

#[test]
fn texts_made_at_random_are_read_as_the_full_reader_reads_them() {
    let cases: Vec<&str> = include_str!("cases.txt").split("=====\n").collect();
    arbtest::arbtest(|u| {
        let mut text = String::new();
        if u.arbitrary()? {
            // A good text with something wrong in it.
            text.push_str(u.choose(&cases)?);
            for _ in 0..u.int_in_range(1..=3)? {
                let at = u.int_in_range(0..=text.len())?;
                let length = u.int_in_range(0..=4)?.min(text.len() - at);
                text.replace_range(at..at + length, u.choose(&PIECES)?);
            }
        } else {
            for _ in 0..u.int_in_range(1..=24)? {
                text.push_str(u.choose(&PIECES)?);
            }
        }
        same_as_the_full_reader(&text);
        Ok(())
    })
    .budget_ms(1500);
}
