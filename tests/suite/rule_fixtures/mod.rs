//! Fixtures of rules: each raises what it says, and nothing else.
//!
//! `tests/suite/rules/<code>/flagged/` raises the rule, `…/clean/` comes close to it and raises nothing. A fixture is what differs from
//! the fleet in `tests/suite/small-fleet/`; where there is a `…/before/`, that is compiled first, and the fixture laid over the result.
//! `NAME.gone` takes NAME away, and `NAME.link` makes NAME a link to what it contains.
//!
//! What is expected stands above the line that it is expected at, as a comment: `# error[code]: a part of the message or of the label`;
//! for files without comments in `marks.txt`, as `path:line error[code]: …`, without the line where there is none.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read fails the test"
)]

mod marks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use pointer_diagnostics::report;
use rayon::prelude::*;
use serde_json::Value;
use siteplan::rulebook;
use tempfile::TempDir;

use crate::checked::{build_fleet, check_fleet};
use marks::{Mark, Seen, read_marks};

/// Rules that the input of a fleet does not raise, or not within reason, and where they are tested instead.
const ELSEWHERE: [(&str, &str); 10] = [
    (
        "disruptive-change",
        "it takes a revision of git: tests/suite/updates.rs",
    ),
    (
        "dry-run-not-skipped",
        "siteplan annotates what needs it: tests/suite/validate",
    ),
    (
        "exception-ended",
        "it takes a day: tests/suite/exceptions.rs",
    ),
    (
        "exception-ends",
        "it takes a day: tests/suite/exceptions.rs",
    ),
    (
        "fleet-too-large",
        "it takes a thousand sites: tests/suite/bundle/mod.rs",
    ),
    (
        "immutable-field",
        "it takes a revision of git: tests/suite/updates.rs",
    ),
    (
        "kustomize-out-of-reach",
        "the renderer refuses such bases first: tests/suite/validate",
    ),
    (
        "stale-output",
        "only reports for programs have it: tests/suite/cli.rs",
    ),
    ("waiver-ended", "it takes a day: tests/suite/waivers.rs"),
    (
        "waves-not-gated",
        "siteplan writes what gates them: tests/suite/validate",
    ),
];

#[test]
fn every_rule_has_fixtures() {
    let fixtures = fixtures();
    let elsewhere = |code: &str| ELSEWHERE.iter().any(|(known, _)| *known == code);
    let here = rulebook::all_rules()
        .iter()
        .map(|rule| rule.code.to_owned())
        .filter(|code| !elsewhere(code));
    let known: BTreeSet<String> = here.collect();
    let written = names(&fixtures);
    assert_eq!(
        known.difference(&written).next(),
        None,
        "add tests/suite/rules/<code>/flagged and clean"
    );
    assert_eq!(
        written.difference(&known).next(),
        None,
        "there is no such rule"
    );
    for code in written {
        for kind in ["flagged", "clean"] {
            assert!(
                fixtures.join(&code).join(kind).is_dir(),
                "{code} has no {kind}/"
            );
        }
    }
}

#[test]
fn each_flagged_fixture_raises_what_its_marks_say() {
    let wrong: Vec<String> = names(&fixtures())
        .into_par_iter()
        .flat_map_iter(|code| unlike_its_marks(&code))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Lists what a flagged fixture raises without a mark, and marks that nothing meets.
fn unlike_its_marks(code: &str) -> Vec<String> {
    let marks = read_marks(&fixtures().join(code).join("flagged"));
    let mut wrong = Vec::new();
    if !marks.iter().any(|mark| mark.code == code) {
        wrong.push(format!("{code}: no mark of its own"));
    }
    let mut unmet: Vec<&Mark> = marks.iter().collect();
    for seen in diagnose(code, "flagged") {
        match unmet.iter().position(|mark| mark.fits(&seen)) {
            Some(index) => _ = unmet.remove(index),
            None => wrong.push(format!("{code}: not marked: {seen}")),
        }
    }
    wrong.extend(
        unmet
            .into_iter()
            .map(|mark| format!("{code}: not found: {mark}")),
    );
    wrong
}

#[test]
fn each_clean_fixture_is_silent() {
    let raised = |code: String| {
        diagnose(&code, "clean")
            .into_iter()
            .map(move |seen| format!("{code}: {seen}"))
    };
    let raised: Vec<String> = names(&fixtures())
        .into_par_iter()
        .flat_map_iter(raised)
        .collect();
    assert!(raised.is_empty(), "\n{}", raised.join("\n"));
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/rules")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    entries
        .map(|name| name.into_string().expect("fixtures have plain names"))
        .collect()
}

/// The files below a directory, by path.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(directory)
        .into_iter()
        .map(|entry| entry.expect("fixtures can be read"));
    let files =
        entries.filter(|entry| entry.file_type().is_file() && entry.file_name() != ".gitkeep");
    let relative = |path: &Path| {
        path.strip_prefix(directory)
            .ok()
            .and_then(Path::to_str)
            .map(str::to_owned)
    };
    files
        .map(|e| {
            (
                relative(e.path()).expect("plain names"),
                fs::read(e.path()).unwrap(),
            )
        })
        .collect()
}

/// Lays a directory over another.
fn lay(from: &Path, onto: &Path) {
    for (path, content) in files(from) {
        let target = onto.join(&path);
        fs::create_dir_all(target.parent().expect("it is below a directory")).unwrap();
        match (path.strip_suffix(".gone"), path.strip_suffix(".link")) {
            (Some(gone), _) => _ = fs::remove_file(onto.join(gone)),
            (_, Some(link)) => symlink(&String::from_utf8_lossy(&content), &onto.join(link)),
            _ if path == "marks.txt" => {}
            _ => fs::write(&target, content).unwrap(),
        }
    }
}

#[cfg(unix)]
fn symlink(to: &str, at: &Path) {
    fs::os::unix::fs::symlink(to.trim(), at).unwrap();
}

/// Makes the fleet that a fixture describes.
fn make_fleet(code: &str, kind: &str) -> TempDir {
    let fleet = tempfile::tempdir().unwrap();
    lay(&fixtures().with_file_name("small-fleet"), fleet.path());
    let fixture = fixtures().join(code);
    let before = fixture.join("before");
    if before.is_dir() {
        lay(&before, fleet.path());
        build_fleet(fleet.path());
    }
    lay(&fixture.join(kind), fleet.path());
    fleet
}

/// Returns everything that a fixture raises.
fn diagnose(code: &str, kind: &str) -> Vec<Seen> {
    let checked = check_fleet(make_fleet(code, kind).path());
    seen_in(&report::print_json(&checked.found, &checked.sources))
}

/// Reads the diagnostics of a JSON report.
fn seen_in(json: &str) -> Vec<Seen> {
    let report: Value = serde_json::Deserializer::from_str(json)
        .into_iter()
        .next()
        .expect("there is a report")
        .unwrap();
    let found = report["diagnostics"].as_array();
    found
        .expect("a report has diagnostics")
        .iter()
        .map(Seen::new)
        .collect()
}

/// The fixtures call the library. The command finds the same, whatever the pass that finds it.
#[test]
fn the_command_reports_what_the_library_finds() {
    for code in [
        "edited-by-hand",
        "no-place-for-pods",
        "removal-not-approved",
        "shared-application-name",
        "unknown-key",
        "unsupported-kustomization",
    ] {
        let fleet = make_fleet(code, "flagged");
        let checked = check_fleet(fleet.path());
        let output = Command::new(env!("CARGO_BIN_EXE_siteplan"))
            .arg("-C")
            .arg(fleet.path())
            .args(["check", "--list", "--format", "json"])
            .output()
            .expect("siteplan can be started");
        let reported = seen_in(&String::from_utf8_lossy(&output.stdout));
        let found = seen_in(&report::print_json(&checked.found, &checked.sources));
        assert_eq!(reported, found, "{code}");
        assert_eq!(
            output.status.code() == Some(2),
            checked.found.has_errors(),
            "{code}: errors, and only errors, exit with 2"
        );
    }
}

/// Mistakes that a real API server refuses, a file each class. Each is told once, at its line.
#[test]
fn mistakes_of_every_class_are_told_once_at_their_lines() {
    let mistakes = fixtures().with_file_name("mistakes");
    let marks = read_marks(&mistakes);
    let classes = names(&mistakes.join("base/apps/web"));
    let classes = classes
        .iter()
        .filter(|file| !matches!(file.as_str(), "kustomization.yaml" | "gears.yaml"));
    let classes: Vec<&String> = classes.collect();
    assert!(marks.len() >= 130 && classes.len() == 12, "{}", marks.len());
    let wrong: Vec<String> = classes
        .into_par_iter()
        .flat_map_iter(|file| unlike_class(&mistakes, file, &marks))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Lists the errors in a file of mistakes that are not marked, and marks that nothing meets. Reports have bounds, so that each file is
/// checked alone.
fn unlike_class(mistakes: &Path, file: &str, marks: &[Mark]) -> Vec<String> {
    let path = format!("base/apps/web/{file}");
    let fleet = tempfile::tempdir().unwrap();
    lay(&fixtures().with_file_name("small-fleet"), fleet.path());
    let compact = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/compact");
    lay(&compact, &fleet.path().join("schema/compact"));
    lay(mistakes, fleet.path());
    let resources = format!("resources: [deployment.yaml, gears.yaml, {file}]\n");
    let heading = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
    let kustomization = fleet.path().join("base/apps/web/kustomization.yaml");
    fs::write(kustomization, format!("{heading}{resources}")).unwrap();
    let checked = check_fleet(fleet.path());
    let mut unmet: Vec<&Mark> = marks.iter().filter(|mark| mark.file == path).collect();
    let mut wrong = Vec::new();
    for seen in seen_in(&report::print_json(&checked.found, &checked.sources)) {
        if seen.file != path {
            continue;
        }
        match unmet.iter().position(|mark| mark.fits(&seen)) {
            Some(index) => _ = unmet.remove(index),
            None => wrong.push(format!("not marked: {seen}")),
        }
    }
    wrong.extend(unmet.into_iter().map(|mark| format!("not found: {mark}")));
    wrong
}
