//! Small fleets, and every byte that they compile to.
//!
//! `golden/<case>/input/` is a fleet, `expected/` the files below out/, `report.txt` what is said about it. Both directions are compared: a
//! file too many fails like a file too few. `BLESS=1` writes them anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::compiled::{Compiled, compile};
use crate::{built, fleet, oracle, repository};

#[test]
fn fleets_compile_to_the_expected_trees() {
    for case in cases() {
        let compiled = compile(&case.join("input"));
        if std::env::var_os("BLESS").is_some() {
            bless(&case, &compiled);
        }
        assert_eq!(
            compiled.report,
            fs_err::read_to_string(case.join("report.txt")).unwrap_or_default(),
            "{case:?}"
        );
        let differences = differences(&expected(&case), &compiled.files);
        assert!(
            differences.is_empty(),
            "{}:\n{}\nBLESS=1 accepts it",
            case.display(),
            differences.join("\n")
        );
    }
}

#[test]
fn kustomize_builds_from_the_expected_trees_what_was_rendered() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    for case in cases() {
        let copy = tempfile::tempdir().unwrap();
        for (path, bytes) in repository::snapshot(&case.join("input")) {
            repository::write(
                copy.path(),
                &path.to_string_lossy(),
                &String::from_utf8(bytes).unwrap(),
            );
        }
        let compiled = compile(copy.path());
        for (path, bytes) in &compiled.files {
            repository::write(
                copy.path(),
                &format!("out/{path}"),
                &String::from_utf8(bytes.clone()).unwrap(),
            );
        }
        built::assert_rendered(&kustomize, copy.path(), &compiled);
        let rendered = compiled.sites.into_iter().flat_map(|site| site.rendered);
        assert!(fleet::assert_pods_have_rules(&rendered.collect::<Vec<_>>()) >= 3);
    }
}

fn cases() -> Vec<PathBuf> {
    let directory = repository::root().join("tests/suite/golden");
    let mut cases: Vec<PathBuf> = fs_err::read_dir(directory)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn expected(case: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let files = repository::snapshot(&case.join("expected")).into_iter();
    files
        .map(|(path, bytes)| (path.to_string_lossy().into_owned(), bytes))
        .collect()
}

/// One line a file that is there too much, too little, or is not the same; with the first line that is not.
fn differences(
    expected: &BTreeMap<String, Vec<u8>>,
    found: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let mut lines: Vec<String> = expected
        .keys()
        .filter(|path| !found.contains_key(*path))
        .map(|path| format!("missing: {path}"))
        .collect();
    for (path, bytes) in found {
        match expected.get(path) {
            None => lines.push(format!("not expected: {path}")),
            Some(wanted) if wanted != bytes => {
                lines.push(format!("differs: {path}: {}", first_line(wanted, bytes)));
            }
            Some(_) => {}
        }
    }
    lines
}

fn first_line(expected: &[u8], found: &[u8]) -> String {
    let (expected, found) = (
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(found),
    );
    let pairs = expected
        .lines()
        .map(Some)
        .chain([None])
        .zip(found.lines().map(Some).chain([None]));
    let first = pairs.enumerate().find(|(_, (a, b))| a != b);
    first.map_or(String::new(), |(n, (a, b))| {
        format!(
            "line {}: expected {:?}, found {:?}",
            n + 1,
            a.unwrap_or(""),
            b.unwrap_or("")
        )
    })
}

fn bless(case: &std::path::Path, compiled: &Compiled) {
    let _ = fs_err::remove_dir_all(case.join("expected"));
    for (path, bytes) in &compiled.files {
        repository::write(
            &case.join("expected"),
            path,
            &String::from_utf8(bytes.clone()).unwrap(),
        );
    }
    repository::write(case, "report.txt", &compiled.report);
}
