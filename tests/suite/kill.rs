//! The program itself, killed by the kernel at every system call that changes a file: out/ is the old tree or the new one, and the next
//! build puts things right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interruption::strace;
use crate::repository::{self, siteplan, snapshot};

/// More calls of one name than a build makes.
const MANY: usize = 200;
const SITE: &str = "sites/plant.yaml";

type Files = BTreeMap<PathBuf, Vec<u8>>;

#[test]
fn a_build_that_is_killed_leaves_a_whole_tree() {
    let Some(strace) = strace() else { return };
    let (old, new) = (built(None), built(Some(change)));
    assert!(old != new);
    for call in ["mkdir", "write", "linkat", "renameat2", "unlink", "rmdir"] {
        let killed = (1..MANY)
            .take_while(|n| is_killed(&strace, call, *n, (&old, &new)))
            .count();
        assert!(killed < MANY - 1, "{call}: killed {killed} times");
    }
}

/// Starts from the old tree, kills the build of the new one at the n-th call, and looks at what is left. Says whether there was such a call.
fn is_killed(strace: &Path, call: &str, at: usize, (old, new): (&Files, &Files)) -> bool {
    let fleet = small_fleet();
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    change(fleet.path());
    let inject = [
        format!("trace={call}"),
        format!("inject={call}:signal=KILL:when={at}"),
    ];
    let program = [env!("CARGO_BIN_EXE_siteplan"), "-j", "1", "-q", "-C"];
    let status = Command::new(strace)
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &inject[0],
            "-e",
            &inject[1],
        ])
        .args(program)
        .arg(fleet.path())
        .arg("build")
        .status()
        .unwrap();
    let left = snapshot(&fleet.path().join("out"));
    assert!(
        left == *old || left == *new,
        "killed at {call} {at}: neither the old tree nor the new one"
    );
    let next = siteplan(fleet.path(), &["build"]);
    assert_eq!(next.code, Some(0), "after {call} {at}: {}", next.stderr);
    assert!(
        snapshot(&fleet.path().join("out")) == *new,
        "killed at {call} {at}: the next build has not put things right"
    );
    assert!(
        !fleet.path().join(".siteplan-stage").exists(),
        "killed at {call} {at}: a stage is left"
    );
    !status.success()
}

#[test]
fn a_build_that_is_asked_to_end_leaves_nothing_behind() {
    let Some(strace) = strace() else { return };
    let (old, new) = (built(None), built(Some(change)));
    for signal in ["INT", "TERM", "HUP"] {
        let fleet = small_fleet();
        assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
        change(fleet.path());
        // The first directory that a build makes is the stage.
        let inject = format!("inject=mkdir:signal={signal}:when=1");
        let status = Command::new(&strace)
            .args([
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=mkdir",
                "-e",
                &inject,
            ])
            .args([env!("CARGO_BIN_EXE_siteplan"), "-j", "1", "-q", "-C"])
            .arg(fleet.path())
            .arg("build")
            .status()
            .unwrap();
        let left = snapshot(&fleet.path().join("out"));
        let expected = if status.success() { &new } else { &old };
        assert!(left == *expected, "{signal}: {status}");
        assert!(
            !fleet.path().join(".siteplan-stage").exists(),
            "{signal}: a stage is left"
        );
    }
}

#[test]
fn limits_of_the_system_end_with_an_error() {
    let fleet = small_fleet();
    // In KiB: a file of the output is larger than one, and no fleet is read in 100 MiB of addresses on eight threads.
    for (limit, word) in [("-f 1", "File too large"), ("-v 100000", "")] {
        let program = env!("CARGO_BIN_EXE_siteplan");
        let script = format!("ulimit {limit} && exec \"$0\" -j 8 build");
        let output = Command::new("bash")
            .args(["-c", &script, program])
            .current_dir(fleet.path())
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{limit}: {errors}");
        assert!(errors.contains(word), "{limit}: {errors}");
        assert!(!fleet.path().join("out").exists(), "{limit}");
        assert!(!fleet.path().join(".siteplan-stage").exists(), "{limit}");
    }
}

/// What a fleet compiles to.
fn built(change: Option<fn(&Path)>) -> Files {
    let fleet = small_fleet();
    if let Some(change) = change {
        change(fleet.path());
    }
    assert_eq!(siteplan(fleet.path(), &["build"]).code, Some(0));
    snapshot(&fleet.path().join("out"))
}

/// Files change, come and go: another value, another instance, and what the first one needed no more.
fn change(fleet: &Path) {
    repository::edit(
        fleet,
        SITE,
        "web: {}",
        "web: {values: {replicas: 3}}\n    shop: {use: web, namespace: shop}",
    );
}

fn small_fleet() -> tempfile::TempDir {
    let fleet = tempfile::tempdir().unwrap();
    for path in repository::list("tests/suite/small-fleet") {
        let below = path.trim_start_matches("tests/suite/small-fleet/");
        repository::write(fleet.path(), below, &repository::read(&path));
    }
    fleet
}
