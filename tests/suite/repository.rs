//! The files of this repository, and copies of its fleet to break.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file's text.
pub(crate) fn read(path: &str) -> String {
    fs_err::read_to_string(root().join(path)).unwrap()
}

/// Asserts that a committed file has a text; with `BLESS=1`, writes it.
pub(crate) fn hold_or_bless(path: &str, expected: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs_err::write(root().join(path), expected).unwrap();
    }
    assert!(
        read(path) == expected,
        "{path} is out of date: run BLESS=1 cargo test --locked, and read the difference"
    );
}

/// Path and text of the files below a directory whose name ends in `.extension`, sorted.
pub(crate) fn files(directory: &str, extension: &str) -> Vec<(String, String)> {
    let wanted = |path: &&String| Path::new(path).extension().is_some_and(|e| e == extension);
    list(directory)
        .iter()
        .filter(wanted)
        .map(|path| (path.clone(), read(path)))
        .collect()
}

/// Path and text of every source file of the program and of its crates, sorted.
pub(crate) fn sources() -> Vec<(String, String)> {
    let of_crates = files("crates", "rs")
        .into_iter()
        .filter(|(path, _)| path.contains("/src/"));
    files("src", "rs").into_iter().chain(of_crates).collect()
}

/// Path and text of the page of every rule.
pub(crate) fn pages_of_rules() -> Vec<(String, String)> {
    let of_crates = files("crates", "md")
        .into_iter()
        .filter(|(path, _)| path.contains("/docs/rules/"));
    files("docs/rules", "md")
        .into_iter()
        .chain(of_crates)
        .collect()
}

/// Path and text of every text file that is committed or about to be.
pub(crate) fn all_files() -> Vec<(String, String)> {
    let entries = fs_err::read_dir(root())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    let passed_over =
        |name: &String| matches!(name.as_str(), ".git" | "target" | ".siteplan-stage");
    let paths = entries
        .filter(|name| !passed_over(name))
        .flat_map(|name| list(&name));
    paths
        .filter_map(|path| {
            fs_err::read_to_string(root().join(&path))
                .ok()
                .map(|text| (path, text))
        })
        .collect()
}

/// The paths of the files at or below a path, relative to the repository, sorted.
pub(crate) fn list(path: &str) -> Vec<String> {
    let walk = walkdir::WalkDir::new(root().join(path)).sort_by_file_name();
    let files = walk
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file());
    let relative = |e: walkdir::DirEntry| {
        e.path()
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    files.map(relative).collect()
}

/// A copy of our own fleet, with what it compiles to, in a directory that goes when it is dropped.
pub(crate) fn copy_of_fleet() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for part in ["siteplan.yaml", "sites", "base", "schema/compact", "out"] {
        for path in list(part) {
            write(copy.path(), &path, &read(&path));
        }
    }
    copy
}

/// A copy of the smallest fleet of the tests.
pub(crate) fn copy_of_small_fleet() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let small = root().join("tests/suite/small-fleet");
    for (path, bytes) in snapshot(&small) {
        let text = String::from_utf8(bytes).unwrap();
        write(copy.path(), &path.to_string_lossy(), &text);
    }
    copy
}

/// Writes a file and the directories above it.
pub(crate) fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

/// Replaces the only occurrence of some text in a file.
pub(crate) fn edit(root: &Path, path: &str, from: &str, to: &str) {
    let text = fs_err::read_to_string(root.join(path)).unwrap();
    assert_eq!(
        text.matches(from).count(),
        1,
        "{path} should contain once: {from}"
    );
    write(root, path, &text.replace(from, to));
}

/// Every file below a directory with its bytes.
pub(crate) fn snapshot(directory: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let walk = walkdir::WalkDir::new(directory)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| !e.file_type().is_dir());
    let one = |e: walkdir::DirEntry| {
        let relative = e.path().strip_prefix(directory).unwrap().to_path_buf();
        (relative, fs_err::read(e.path()).unwrap())
    };
    walk.map(one).collect()
}

/// The program, run on a fleet, with an environment in which it looks the same everywhere.
pub(crate) fn siteplan(fleet: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_siteplan"));
    command
        .env_clear()
        .arg("-C")
        .arg(fleet)
        .args(arguments)
        .stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&fleet.display().to_string(), "FLEET")
    };
    Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// What a run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// What it printed, with the fleet's path replaced by `FLEET`.
    pub(crate) stdout: String,
    /// What it said, likewise.
    pub(crate) stderr: String,
}
