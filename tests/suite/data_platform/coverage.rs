//! docs/coverage.md has a row for each thing that the specification names, and what a row names is there.

use std::collections::BTreeSet;

use crate::repository;

/// What the specification names, one a line.
const ROWS: &str = include_str!("rows.txt");

/// The rows of the page's tables: what, where, shown by.
fn rows() -> Vec<[String; 3]> {
    let page = repository::read("docs/coverage.md");
    let lines = page
        .lines()
        .filter(|l| l.starts_with("| ") && !l.starts_with("| what |"));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split(" | ")
            .map(|c| c.trim().to_owned())
            .collect::<Vec<_>>()
    };
    lines
        .map(|line| {
            cells(line)
                .try_into()
                .unwrap_or_else(|c| panic!("not three cells: {c:?}"))
        })
        .collect()
}

#[test]
fn each_thing_of_the_specification_has_a_row() {
    let named: BTreeSet<&str> = ROWS.lines().collect();
    let rows = rows();
    let there: BTreeSet<&str> = rows.iter().map(|[what, ..]| what.as_str()).collect();
    assert_eq!(
        named.difference(&there).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
    assert_eq!(
        there.difference(&named).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
    assert!(rows.len() > 140, "{}", rows.len());
}

#[test]
fn every_path_of_the_coverage_exists() {
    for [what, place, _] in rows() {
        let (_, link) = place
            .split_once("](../")
            .unwrap_or_else(|| panic!("{what}: no link in {place}"));
        let path = link.trim_end_matches(')');
        assert!(
            repository::root().join(path).is_file(),
            "{what}: there is no {path}"
        );
    }
}

#[test]
fn every_test_of_the_coverage_exists() {
    let sources = repository::files("tests/suite", "rs");
    for [what, _, shown] in rows() {
        let name = shown.strip_prefix('`').and_then(|s| s.strip_suffix('`'));
        let Some((module, name)) = name.and_then(|name| name.split_once("::")) else {
            assert!(shown.len() > 10, "{what}: neither a test nor a reason");
            continue;
        };
        let function = format!("fn {name}() {{");
        let places = [
            format!("tests/suite/{module}.rs"),
            format!("tests/suite/{module}/"),
        ];
        let is_of_module = |path: &String| places.iter().any(|place| path.starts_with(place));
        let mut of_module = sources.iter().filter(|(path, _)| is_of_module(path));
        assert!(
            of_module.any(|(_, text)| has_test(text, &function)),
            "{what}: there is no test {module}::{name}"
        );
    }
}

/// Tells whether a function is there and is a test. Between the attribute of a test and its first line are other attributes only.
fn has_test(source: &str, function: &str) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    let found = lines.iter().position(|line| line.trim() == function);
    found.is_some_and(|at| {
        let attributes = lines[..at].iter().rev();
        let mut attributes = attributes.take_while(|line| line.starts_with("#["));
        attributes.any(|line| *line == "#[test]")
    })
}
