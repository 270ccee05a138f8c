//! The table of rules against its pages and its fixtures.
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

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fs_err as fs;
use rayon::prelude::*;
use serde_json::Value;
use siteplan::rules;

/// Rules that the input of a fleet does not raise, or not within reason, and where they are tested instead.
const ELSEWHERE: [(&str, &str); 4] = [
    (
        "dry-run-not-skipped",
        "siteplan annotates what needs it: tests/suite/validate",
    ),
    (
        "fleet-too-large",
        "it takes a thousand sites: tests/suite/bundle.rs",
    ),
    (
        "kustomize-out-of-reach",
        "the renderer refuses such bases first: tests/suite/validate",
    ),
    (
        "waves-not-gated",
        "siteplan writes what gates them: tests/suite/validate",
    ),
];

#[test]
fn the_table_is_sorted_and_codes_are_unique() {
    let codes: Vec<&str> = rules::all().iter().map(|rule| rule.code).collect();
    let sorted: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes, Vec::from_iter(sorted));
}

/// A code is an interface: CI settings and links name it. This list changes when one is added, and never otherwise.
#[test]
#[allow(clippy::too_many_lines, reason = "a line a code")]
fn the_codes_are_these() {
    let codes: Vec<&str> = rules::all().iter().map(|rule| rule.code).collect();
    insta::assert_snapshot!(codes.join("\n"), @r"
    access-mode-not-offered
    ambiguous-reference
    ambiguous-scalar
    anchor-in-input
    application-applied-server-side
    conflicting-apps
    control-character
    crd-after-resource
    crd-not-on-site
    dependency-cycle
    deprecated-kustomization-field
    disk-count-mismatch
    drain-blocked
    dry-run-not-skipped
    duplicate-key
    duplicate-node
    duplicate-object
    duplicate-resource
    duplicate-site
    edited-by-hand
    empty-pool
    field-path-leads-nowhere
    fleet-too-large
    foreign-file
    generator-conflict
    ha-mode-mismatch
    image-not-allowed
    indistinguishable-pools
    kustomization-field
    kustomize-cycle
    kustomize-out-of-reach
    ledger-unreadable
    loss-not-survived
    malformed-catalogue-entry
    malformed-metadata
    malformed-project
    malformed-resource
    malformed-value
    merge-key-in-input
    missing-fleet-file
    missing-key
    missing-kustomize-file
    missing-requirement
    missing-template
    name-not-dns
    name-not-of-file
    name-too-long
    namespace-not-made
    namespace-not-movable
    namespace-not-set
    no-common-architecture
    no-eligible-node
    no-place-for-pods
    no-volume-claim
    node-label-missing
    non-string-key
    not-a-choice
    not-an-object
    not-proved
    not-to-schema
    object-too-large
    odd-file
    out-of-range
    outside-kustomize-root
    override-file
    part-not-placeable
    patch-does-not-apply
    patch-not-readable
    patch-target-missing
    path-not-portable
    placement-contradiction
    pod-not-readable
    pods-not-spread
    project-after-application
    project-forbids
    project-too-wide
    removal-not-approved
    removal-unused
    replacement-does-not-apply
    reserved-name
    rollout-blocked
    secret-in-output
    selector-not-expressible
    set-target-missing
    several-documents
    shared-application-name
    shared-resource
    site-too-large
    source-path-missing
    spec-not-normal
    sync-option-too-new
    tag-in-input
    template-error
    terms-ignored
    too-few-replicas
    too-many-replicas
    two-default-classes
    unclear-destination
    unknown-app
    unknown-argocd-version
    unknown-instance
    unknown-key
    unknown-kind-scope
    unknown-kind-version
    unknown-part
    unknown-pod-carrier
    unknown-pool
    unknown-profile
    unknown-reference
    unknown-schema-keyword
    unknown-storage-role
    unknown-sync-option
    unprintable-resource
    unreadable-file
    unsupported-kustomization
    unusable-schema
    wave-not-integer
    waves-not-gated
    wrong-type
    yaml-syntax
    ");
}

#[test]
fn every_rule_has_a_page_with_four_headings_and_no_page_is_left_over() {
    let known: BTreeSet<String> = rules::all()
        .iter()
        .map(|rule| format!("{}.md", rule.code))
        .collect();
    let pages = crate::repository::pages_of_rules();
    let written = pages
        .iter()
        .map(|(path, _)| path.rsplit('/').next().unwrap().to_owned());
    assert_eq!(written.collect::<BTreeSet<String>>(), known);
    for rule in rules::all() {
        let headings: Vec<&str> = headings(rule.explain);
        let title = format!("# {}", rule.code);
        let expected = [
            &title,
            "## What it finds",
            "## Why it matters",
            "## Example",
            "## How to fix",
        ];
        assert_eq!(headings, expected, "docs/rules/{}.md", rule.code);
        assert!(
            !rule.summary.ends_with('.'),
            "the summary of {} is a phrase",
            rule.code
        );
    }
}

/// The headings of a page, outside of its code blocks.
fn headings(page: &str) -> Vec<&str> {
    page.split("```")
        .step_by(2)
        .flat_map(str::lines)
        .filter(|line| line.starts_with('#'))
        .collect()
}

#[test]
fn every_rule_has_fixtures() {
    let fixtures = fixtures();
    let elsewhere = |code: &str| ELSEWHERE.iter().any(|(known, _)| *known == code);
    let here = rules::all()
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

/// What a flagged fixture raises without a mark, and marks that nothing meets.
fn unlike_its_marks(code: &str) -> Vec<String> {
    let marks = marks(&fixtures().join(code).join("flagged"));
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

/// Something that was found.
#[derive(Debug)]
struct Seen {
    file: String,
    line: usize,
    severity: String,
    code: String,
    /// The message, and what the primary label says.
    texts: [String; 2],
}

/// Something that a fixture expects.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    file: String,
    line: Option<usize>,
    severity: String,
    code: String,
    text: String,
}

impl Seen {
    /// Takes one from a JSON report.
    fn new(diagnostic: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let label = &diagnostic["labels"][0];
        Self {
            file: text(&label["file"]),
            line: label["start"]["line"]
                .as_u64()
                .and_then(|line| usize::try_from(line).ok())
                .unwrap_or_default(),
            severity: text(&diagnostic["severity"]),
            code: text(&diagnostic["code"]),
            texts: [text(&diagnostic["message"]), text(&label["text"])],
        }
    }
}

impl Mark {
    fn fits(&self, seen: &Seen) -> bool {
        self.file == seen.file
            && self.line.is_none_or(|line| line == seen.line)
            && (&self.severity, &self.code) == (&seen.severity, &seen.code)
            && seen.texts.iter().any(|text| text.contains(&self.text))
    }

    /// Reads `error[code]: text`.
    fn parse(mark: &str, file: &str, line: Option<usize>) -> Option<Self> {
        let (severity, rest) = mark.split_once('[')?;
        let (code, text) = rest.split_once("]:")?;
        let known = ["error", "warning", "note"].contains(&severity);
        let own = |text: &str| text.trim().to_owned();
        known.then(|| Self {
            file: own(file),
            line,
            severity: own(severity),
            code: own(code),
            text: own(text),
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        write!(
            f,
            "{}{line} {}[{}]: {}",
            self.file, self.severity, self.code, self.text
        )
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [message, label] = &self.texts;
        write!(
            f,
            "{}:{} {}[{}]: {message} ({label})",
            self.file, self.line, self.severity, self.code
        )
    }
}

/// What a fixture expects, in all its files.
fn marks(directory: &Path) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (path, content) in files(directory) {
        let text = String::from_utf8_lossy(&content);
        if path == "marks.txt" {
            marks.extend(
                text.lines()
                    .map(|line| placed_mark(line).unwrap_or_else(|| panic!("not a mark: {line}"))),
            );
            continue;
        }
        let is_mark = |line: &&str| {
            line.trim_start()
                .strip_prefix("# ")
                .is_some_and(|m| Mark::parse(m, "", None).is_some())
        };
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_mark(line)) {
            let next = lines[index..]
                .iter()
                .take_while(|line| is_mark(line))
                .count();
            let mark = line.trim_start().trim_start_matches("# ");
            marks.extend(Mark::parse(mark, &path, Some(index + next + 1)));
        }
    }
    marks
}

/// Reads `path:line error[code]: text`.
fn placed_mark(line: &str) -> Option<Mark> {
    let (place, mark) = line.split_once(' ')?;
    let (file, number) = place.split_once(':').unwrap_or((place, ""));
    Mark::parse(mark, file, number.parse().ok())
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

/// Everything that a fixture raises.
fn diagnose(code: &str, kind: &str) -> Vec<Seen> {
    let fleet = tempfile::tempdir().unwrap();
    lay(&fixtures().with_file_name("small-fleet"), fleet.path());
    let fixture = fixtures().join(code);
    let before = fixture.join("before");
    if before.is_dir() {
        lay(&before, fleet.path());
        build(fleet.path());
    }
    lay(&fixture.join(kind), fleet.path());
    check(fleet.path())
}

/// Compiles a fleet into its out/.
fn build(fleet: &Path) {
    let output = siteplan(&["build"], fleet);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Everything that `siteplan check` reports of a fleet.
fn check(fleet: &Path) -> Vec<Seen> {
    let output = siteplan(&["check", "--list", "--format", "json"], fleet);
    let report = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter::<Value>()
        .next();
    let Some(Ok(report)) = report else {
        panic!("no report: {}", String::from_utf8_lossy(&output.stderr))
    };
    let found = report["diagnostics"]
        .as_array()
        .expect("a report has diagnostics");
    assert_eq!(
        output.status.code() == Some(2),
        report["errors"] != 0,
        "errors, and only errors, exit with 2"
    );
    found.iter().map(Seen::new).collect()
}

fn siteplan(arguments: &[&str], fleet: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_siteplan"));
    command
        .arg("-C")
        .arg(fleet)
        .args(arguments)
        .output()
        .expect("siteplan can be started")
}
