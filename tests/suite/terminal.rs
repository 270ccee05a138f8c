//! What a stranger's text, a small machine or a CI system cannot do to the program.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;

use crate::repository::{copy_of_fleet, siteplan, write};

const PROGRAM: &str = env!("CARGO_BIN_EXE_siteplan");
/// Clears the screen, and begins a line that a CI system obeys.
const HOSTILE: &str = "a\u{1b}[2J\n::error::x";

/// Runs the program with variables of the environment.
fn run(fleet: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.env_clear().envs(variables.iter().copied());
    command.arg("-C").arg(fleet).args(arguments);
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn names_from_the_command_line_are_escaped() {
    let fleet = copy_of_fleet();
    let option = format!("--{HOSTILE}");
    for arguments in [
        &["build", HOSTILE][..],
        &["check", HOSTILE],
        &["render", HOSTILE],
        &["apps", HOSTILE],
        &["explain", HOSTILE],
        &["explain", "acp-plant", HOSTILE],
        &["place", "acp-plant", "--without", HOSTILE],
        &["place", "acp-plant", "--add", HOSTILE],
        &["diff", "--against", HOSTILE],
        &["exceptions", "--on", HOSTILE],
        &["new", "site", HOSTILE],
        &["nodes", "import", HOSTILE],
        &["check", "-C", HOSTILE],
        &["check", "--jobs", HOSTILE],
        &["check", option.as_str()],
        &[HOSTILE],
    ] {
        let ran = siteplan(fleet.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "{arguments:?}");
        let obeyed = ran.stderr.lines().any(|l| l.trim_start().starts_with("::"));
        assert!(!obeyed, "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn names_from_a_cluster_are_escaped() {
    let fleet = copy_of_fleet();
    let nodes = r#"{"items": [{"kind": "Node", "metadata": {"name": "a\u001b[2J\n::error::x", "labels": {"kubernetes.io/arch": "m\u001b68k"}}}]}"#;
    write(fleet.path(), "nodes.json", nodes);
    let path = fleet.path().join("nodes.json").display().to_string();
    for arguments in [
        &["nodes", "import", path.as_str()][..],
        &["nodes", "compare", "acp-plant", path.as_str()],
    ] {
        let ran = siteplan(fleet.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stdout);
        let printed = ran.stdout + &ran.stderr;
        assert!(!printed.contains('\u{1b}'), "{arguments:?}: {printed}");
    }
}

#[test]
fn threads_that_cannot_be_started_are_fewer_threads() {
    let fleet = copy_of_fleet();
    let script = format!(
        "ulimit -v 3000000; exec '{PROGRAM}' -j 64 -C '{}' check",
        fleet.path().display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn rayons_variable_has_the_bounds_of_jobs() {
    let fleet = copy_of_fleet();
    let ran = run(fleet.path(), &["check"], &[("RAYON_NUM_THREADS", "100000")]);
    assert_eq!(ran.status.code(), Some(2));
    assert_snapshot!(text(&ran.stderr), @"error: `RAYON_NUM_THREADS` is `100000`: expected a number from 1 to 1024");
}

/// A kustomization with a value of several lines, one of which looks like a workflow command.
fn hostile_base(directory: &Path) {
    write(directory, "kustomization.yaml", "resources: [map.yaml]\n");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  key: |\n    a\n    ::error::x\n";
    write(directory, "map.yaml", map);
}

#[test]
fn the_log_of_a_github_job_obeys_no_line_of_a_manifest() {
    let base = tempfile::tempdir().unwrap();
    hostile_base(base.path());
    let plain = text(&run(base.path(), &["render", "."], &[]).stdout);
    let on_log = text(&run(base.path(), &["render", "."], &[("GITHUB_ACTIONS", "true")]).stdout);
    let (first, rest) = on_log.split_once('\n').unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(rest, format!("{plain}::{token}::\n"));
}

#[test]
fn a_file_gets_the_manifests_alone_in_a_github_job() {
    let base = tempfile::tempdir().unwrap();
    hostile_base(base.path());
    let plain = text(&run(base.path(), &["render", "."], &[]).stdout);
    let script = format!(
        "'{PROGRAM}' -C '{}' render . > out.yaml",
        base.path().display()
    );
    let status = Command::new("sh")
        .args(["-c", &script])
        .env("GITHUB_ACTIONS", "true")
        .current_dir(base.path())
        .status();
    assert!(status.unwrap().success());
    let file = fs_err::read_to_string(base.path().join("out.yaml")).unwrap();
    assert_eq!(file, plain);
}
