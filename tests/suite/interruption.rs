//! Runs that write out/ as processes of their own, and are killed, refused room or kept from writing by the kernel.
//!
//! The process is this test binary, told to run the one test [`writes_when_it_is_told_where`]. What every single operation
//! leaves behind is tested beside the code; here strace lets real system calls go wrong.

#![allow(
    clippy::unwrap_used,
    reason = "whatever a test cannot set up fails the test"
)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use siteplan::tree::Tree;
use siteplan::write::{Scope, interrupted, write};
use tempfile::TempDir;

use crate::oracle;

/// Where the process writes. Only the tests that start it set this.
const TARGET: &str = "SITEPLAN_TEST_OUT";
/// More system calls of one name than a run makes.
const MANY: usize = 200;

type Files = BTreeMap<String, String>;

#[test]
fn writes_when_it_is_told_where() {
    let Some(out) = std::env::var_os(TARGET) else {
        return;
    };
    let written = write(Path::new(&out), &after(), &Scope::All).unwrap();
    assert!(written.step.is_some());
}

#[test]
fn a_kill_at_any_system_call_leaves_a_whole_tree() {
    let Some(strace) = strace() else { return };
    for call in [
        "mkdir",
        "chmod",
        "fchmod",
        "write",
        "linkat",
        "renameat2",
        "unlink",
        "rmdir",
    ] {
        let killed = (1..MANY)
            .take_while(|n| !run_with(&strace, call, "signal=KILL", *n).0.success())
            .count();
        assert!(killed > 0, "{call}: killed {killed} times");
        assert!(killed < MANY - 1, "{call}: killed {killed} times");
    }
}

#[test]
fn an_error_of_any_system_call_leaves_a_whole_tree() {
    let Some(strace) = strace() else { return };
    for (call, error) in [
        ("mkdir", "ENOSPC"),
        ("write", "ENOSPC"),
        ("linkat", "EIO"),
        ("renameat2", "EIO"),
        ("unlink", "EIO"),
    ] {
        let failed = (1..MANY)
            .take_while(|n| run_with(&strace, call, &format!("error={error}"), *n).1)
            .count();
        assert!(failed > 0, "{call}: failed {failed} times");
        assert!(failed < MANY - 1, "{call}: failed {failed} times");
    }
}

#[test]
fn a_file_system_that_exchanges_nothing_gets_a_journal() {
    let Some(strace) = strace() else { return };
    for error in ["EINVAL", "ENOSYS", "EXDEV", "EBUSY"] {
        let (status, injected) = run_with(&strace, "renameat2", &format!("error={error}"), 1);
        assert!(status.success(), "{error}");
        assert!(injected, "{error}");
    }
}

#[test]
fn a_limit_on_the_size_of_files_leaves_the_old_tree() {
    let place = Place::new();
    // In blocks of 512 bytes; the kernel kills whoever writes more.
    let status = through_shell(&place, "ulimit -f 20; exec \"$0\" \"$@\"");
    assert!(!status.success());
    assert_eq!(place.files(), texts(&before()));
    place.check("after the limit");
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for mask in ["077", "000"] {
        let place = Place::new();
        assert!(through_shell(&place, &format!("umask {mask}; exec \"$0\" \"$@\"")).success());
        let mode = |path: &str| {
            fs::metadata(place.out().join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o7777
        };
        assert_eq!(
            (mode("b/new/x"), mode("b/new"), mode("b")),
            (0o644, 0o755, 0o755),
            "umask {mask}"
        );
    }
}

#[test]
fn only_out_has_to_be_writable() {
    let place = Place::new();
    let Some(mut command) = command_without_rights(&place) else {
        return;
    };
    fs::set_permissions(place.root(), Permissions::from_mode(0o555)).unwrap();
    let status = command.status().unwrap();
    fs::set_permissions(place.root(), Permissions::from_mode(0o755)).unwrap();
    assert!(status.success());
    assert_eq!(place.files(), texts(&after()));
    assert!(place.strays().is_empty(), "{:?}", place.strays());
}

#[test]
fn nothing_is_written_where_nothing_can_be() {
    let place = Place::new();
    let Some(mut command) = command_without_rights(&place) else {
        return;
    };
    for path in [place.out(), place.root()] {
        fs::set_permissions(path, Permissions::from_mode(0o555)).unwrap();
    }
    assert!(!command.status().unwrap().success());
    for path in [place.out(), place.root()] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(place.files(), texts(&before()));
    assert!(place.strays().is_empty(), "{:?}", place.strays());
}

/// Runs the process with one system call gone wrong, and looks at what is left. Says whether a call did go wrong.
fn run_with(strace: &Path, call: &str, what: &str, at: usize) -> (ExitStatus, bool) {
    let place = Place::new();
    let log = place.directory.path().join("log");
    let mut command = Command::new(strace);
    command.args([
        "-f",
        "-qq",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:{what}:when={at}"),
        "-o",
    ]);
    command.arg(&log).arg(std::env::current_exe().unwrap());
    let status = place.tell(command).status().unwrap();
    place.check(&format!("{call} {at}: {what}"));
    (
        status,
        fs::read_to_string(&log)
            .unwrap_or_default()
            .contains("(INJECTED)"),
    )
}

fn through_shell(place: &Place, script: &str) -> ExitStatus {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap());
    place.tell(command).status().unwrap()
}

/// strace, if it works here: containers may forbid it.
pub(crate) fn strace() -> Option<PathBuf> {
    let strace = oracle::find("strace")?;
    let works = Command::new(&strace)
        .args(["-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        oracle::absent("strace that may trace");
    }
    works.then_some(strace)
}

/// The process as somebody who may not write everywhere: root may, and has to become nobody.
fn command_without_rights(place: &Place) -> Option<Command> {
    let program = std::env::current_exe().unwrap();
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if !is_root {
        return Some(place.tell(Command::new(program)));
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut command = Command::new(oracle::find("setpriv")?);
    let can_run = Command::new(oracle::find("setpriv")?)
        .args(nobody)
        .arg(&program)
        .arg("--list")
        .output();
    if !can_run.is_ok_and(|output| output.status.success()) {
        oracle::absent("a test binary that nobody may run");
        return None;
    }
    place.for_each_in_out(&|path| chown(path, Some(65534), Some(65534)).unwrap());
    command.args(nobody).arg(program);
    Some(place.tell(command))
}

fn before() -> Tree {
    tree(&[
        ("a/web/x", "old"),
        ("a/web/y", "stays"),
        ("b/old/x", "goes"),
        ("c/z", "stays"),
    ])
}

fn after() -> Tree {
    let large = "new\n".repeat(10_000);
    tree(&[
        ("a/web/x", &large),
        ("a/web/y", "stays"),
        ("b/new/x", "comes"),
        ("c/z", "stays"),
    ])
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(path, *text).unwrap();
    }
    for site in ["a", "b", "c"] {
        siteplan::ledger::seal(&mut tree, site, siteplan::ledger::Ledger::default()).unwrap();
    }
    tree
}

fn texts(tree: &Tree) -> Files {
    tree.iter()
        .map(|(path, bytes)| (path.to_string(), String::from_utf8(bytes.to_vec()).unwrap()))
        .collect()
}

/// A directory with the old tree in out/.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            directory: TempDir::new().unwrap(),
        };
        // Others must be able to reach it.
        fs::set_permissions(place.directory.path(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(place.root()).unwrap();
        write(&place.out(), &before(), &Scope::All).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("repository")
    }

    fn out(&self) -> PathBuf {
        self.root().join("out")
    }

    /// Tells a command that starts the process what to do.
    fn tell(&self, mut command: Command) -> Command {
        let test = concat!(module_path!(), "::writes_when_it_is_told_where");
        let test = test.split_once("::").map_or(test, |(_, test)| test);
        command
            .args(["--exact", test, "--quiet", "--test-threads=1"])
            .env(TARGET, self.out());
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command
    }

    /// The tree is whole, the next run succeeds, and it leaves nothing behind.
    fn check(&self, what: &str) {
        let files = self.files();
        let is_whole = files == texts(&before()) || files == texts(&after());
        assert!(
            is_whole || interrupted(&self.out()).unwrap(),
            "{what}: {files:?}"
        );
        write(&self.out(), &after(), &Scope::All).unwrap();
        assert_eq!(self.files(), texts(&after()), "{what}");
        assert!(self.strays().is_empty(), "{what}: {:?}", self.strays());
    }

    fn files(&self) -> Files {
        let files = std::cell::RefCell::new(Files::new());
        self.for_each_in_out(&|path| {
            if path.is_file() {
                let name = path
                    .strip_prefix(self.out())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files
                    .borrow_mut()
                    .insert(name, fs::read_to_string(path).unwrap());
            }
        });
        files.into_inner()
    }

    fn for_each_in_out(&self, visit: &dyn Fn(&Path)) {
        let mut open = vec![self.out()];
        while let Some(path) = open.pop() {
            visit(&path);
            if path.is_dir() {
                open.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        }
    }

    fn strays(&self) -> Vec<String> {
        let names = fs::read_dir(self.root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "out").collect()
    }
}
