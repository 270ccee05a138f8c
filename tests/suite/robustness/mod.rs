//! No input makes the compiler panic, hang, or point outside a file: our own fleet, broken at random, ends in diagnostics or in a tree.
//!
//! The seeds are fixed, so that a failure comes again. `ROBUSTNESS_CASES=20000 cargo test --release robustness` runs many more of them,
//! `ROBUSTNESS_FIRST=17` begins at another one.

mod mutation;

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use arbtest::arbtest;
use pointer_diagnostics::Sources;
use pointer_diagnostics::report::{self, Look};
use pointer_diagnostics::{Diagnostics, FieldPart};
use siteplan::compile::SiteCompiler;
use siteplan::load::{self, FleetFiles};

use crate::repository::{list, read, root, write};
use mutation::Mutation;

/// The random bytes of one case.
const ENTROPY: u64 = 512;
/// How long the test goes on where no number of cases is asked for.
const BUDGET: Duration = Duration::from_secs(6);
/// A case that takes longer hangs.
const TOO_LONG: Duration = Duration::from_secs(120);

#[test]
fn a_broken_fleet_ends_in_diagnostics_or_a_tree() {
    let directory = copy_of_inputs();
    let wanted = number("ROBUSTNESS_CASES");
    let first = number("ROBUSTNESS_FIRST").unwrap_or(1);
    let (started, mut cases) = (Instant::now(), 0_u64);
    while wanted.map_or(started.elapsed() < BUDGET, |wanted| cases < wanted) {
        run_case(directory.path(), first + cases);
        cases += 1;
    }
    assert!(cases > 0);
}

#[test]
fn a_build_with_errors_leaves_out_alone_and_is_no_bug() {
    let directory = copy_of_inputs();
    for path in list("out") {
        write(directory.path(), &path, &read(&path));
    }
    let before = texts(directory.path(), "out");
    for seed in 1..=8 {
        let undo = break_one(directory.path(), seed);
        let command = std::process::Command::new(env!("CARGO_BIN_EXE_siteplan"))
            .args(["build", "-q", "--format", "json", "-C"])
            .arg(directory.path())
            .output()
            .unwrap();
        match command.status.code() {
            Some(2) => assert!(
                texts(directory.path(), "out") == before,
                "seed {seed}: out/ was touched"
            ),
            Some(0) => {
                fs_err::remove_dir_all(directory.path().join("out")).unwrap();
                for (path, text) in &before {
                    write(directory.path(), path, text);
                }
            }
            other => panic!(
                "seed {seed}: exit {other:?}: {}",
                String::from_utf8_lossy(&command.stderr)
            ),
        }
        for mutation in &undo {
            mutation.undo(directory.path());
        }
    }
}

/// Runs one case on its own thread, and gives up where it does not end.
fn run_case(directory: &Path, seed: u64) {
    let (done, ended) = mpsc::channel();
    let owned = directory.to_owned();
    let case = std::thread::spawn(move || {
        let mutations = break_one(&owned, seed);
        let started = Instant::now();
        compile(&owned);
        for mutation in &mutations {
            mutation.undo(&owned);
        }
        // Nobody waits any more where the case took too long.
        let _ = done.send(started.elapsed());
    });
    match ended.recv_timeout(TOO_LONG) {
        Ok(took) => assert!(took < TOO_LONG / 4, "seed {seed} took {took:?}"),
        Err(RecvTimeoutError::Timeout) => panic!("seed {seed} does not end"),
        Err(RecvTimeoutError::Disconnected) => {}
    }
    assert!(case.join().is_ok(), "seed {seed} panicked, see above");
}

/// Breaks the fleet in one to three places. The same seed breaks it in the same way.
fn break_one(directory: &Path, seed: u64) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    arbtest(|u| {
        for _ in 0..u.int_in_range(1..=3)? {
            mutations.push(Mutation::random(directory, u)?);
        }
        Ok(())
    })
    .seed(seed.wrapping_mul(0x9E37_79B9) << 32 | ENTROPY)
    .run();
    mutations.reverse();
    mutations
}

/// Loads and compiles every site, and reports in every format.
fn compile(directory: &Path) {
    let mut found = Diagnostics::new();
    let repository = load::load(directory, &mut found);
    if let Some(repository) = &repository {
        let compiler = SiteCompiler::new(repository, &mut found);
        for name in repository.sites.keys() {
            let mut problems = Diagnostics::new();
            let site = compiler.compile(name, &mut problems);
            assert!(
                site.is_some() || problems.has_errors() || found.has_errors(),
                "`{name}` vanishes without an error"
            );
            found.append(problems);
        }
    } else {
        assert!(found.has_errors(), "no fleet, and no error");
    }
    report(found, directory);
}

fn report(mut found: Diagnostics, directory: &Path) {
    let sources = sources(&found, directory);
    for label in found.iter().flat_map(|d| &d.labels) {
        let span = sources.span(label);
        let Some(text) = sources.text(&label.origin.file) else {
            continue;
        };
        assert!(text.get(span).is_some(), "{label:?} is outside of its file");
        if let FieldPart::Bytes { start, end } = label.part {
            assert!(
                text.get(start..end).is_some(),
                "{label:?} is outside of its file of {} bytes",
                text.len()
            );
        }
    }
    report::sort_diagnostics(&mut found, &sources);
    for (color, width) in [
        (false, None),
        (true, Some(20)),
        (false, Some(80)),
        (true, Some(200)),
    ] {
        report::print_human(&found, &sources, Look { color, width });
    }
    let json = report::print_json(&found, &sources);
    let tool = report::SarifTool {
        name: "siteplan",
        version: "0.0.0",
        rules: siteplan::rulebook::all_rules(),
    };
    let sarif = report::print_sarif(tool, &found, &sources, "fleet");
    for text in json.lines().chain([sarif.as_str()]) {
        assert!(!text.contains('\u{1b}'), "an escape in a report: {text:?}");
    }
    let github = report::print_github(&found, &sources, "fleet");
    assert!(
        github
            .lines()
            .all(|line| line.is_empty() || line.starts_with("::")),
        "{github}"
    );
    report::print_summary(&found);
}

fn sources(found: &Diagnostics, directory: &Path) -> Sources {
    let files = FleetFiles::open(directory).unwrap();
    let mut sources = Sources::new();
    for label in found.iter().flat_map(|d| &d.labels) {
        if let Some(text) = files.read(&label.origin.file, &mut Diagnostics::new()) {
            sources.insert(label.origin.file.as_ref(), text);
        }
    }
    sources
}

fn copy_of_inputs() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for path in ["siteplan.yaml", "sites", "base"]
        .into_iter()
        .flat_map(list)
    {
        write(copy.path(), &path, &read(&path));
    }
    copy
}

/// Path and text of all files below a directory.
fn texts(root: &Path, below: &str) -> Vec<(String, String)> {
    let paths = FleetFiles::open(root)
        .unwrap()
        .list(below, &mut Diagnostics::new());
    paths
        .into_iter()
        .map(|path| {
            (
                path.clone(),
                fs_err::read_to_string(root.join(path)).unwrap(),
            )
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much is tested is not part of any output"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn seeds_are_of_this_repository() {
    assert!(root().join("sites").is_dir());
    let directory = copy_of_inputs();
    let before = texts(directory.path(), ".");
    for seed in 1..200 {
        for mutation in break_one(directory.path(), seed) {
            mutation.undo(directory.path());
        }
    }
    assert!(
        texts(directory.path(), ".") == before,
        "undoing every mutation gives the fleet again"
    );
}
