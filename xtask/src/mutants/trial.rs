//! Runs the tests that reach a mutant while its gate is open, until the first of them fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::build::TestProgram;

/// Address space of a test program: a mutant that never stops collecting must not take the machine with it.
const MEMORY: &str = "ulimit -v 12000000; exec \"$0\" \"$@\"";

/// Tests of one program whose names begin with one module.
pub(super) struct TestGroup {
    program: PathBuf,
    directory: PathBuf,
    /// Program and module, for people.
    pub(super) title: String,
    filter: String,
    tests: BTreeSet<String>,
    /// Tests that fail, or read the source code, while no gate is open.
    skipped: BTreeSet<String>,
    time: Duration,
    reached: BTreeSet<usize>,
}

/// Results of the trial of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TrialVerdict {
    /// The test that failed first.
    Caught(String),
    /// The group of tests that did not come to an end.
    TimedOut(String),
    /// All tests that reach the mutant pass.
    Missed,
    /// No test reaches the mutant.
    Unreached,
}

/// Lists the tests of each program by their first module.
pub(super) fn group_tests(programs: &[TestProgram]) -> Result<Vec<TestGroup>> {
    let mut groups = Vec::new();
    for program in programs {
        let listed = Command::new(&program.executable)
            .args(["--list", "--format=terse"])
            .current_dir(&program.directory)
            .output()?;
        let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in String::from_utf8(listed.stdout)?.lines() {
            if let Some(test) = line.strip_suffix(": test") {
                let module = test.split_once("::").map_or(test, |(module, _)| module);
                let tests = modules.entry(module.to_owned()).or_default();
                tests.insert(test.to_owned());
            }
        }
        for (module, tests) in modules {
            groups.push(TestGroup {
                program: program.executable.clone(),
                directory: program.directory.clone(),
                title: format!("{} {module}", program.name),
                filter: module,
                tests,
                skipped: BTreeSet::new(),
                time: Duration::ZERO,
                reached: BTreeSet::new(),
            });
        }
    }
    Ok(groups)
}

impl TestGroup {
    /// Runs the group with all gates closed: learns its time, the mutants that it reaches, and the tests to skip.
    pub(super) fn learn(&mut self, log: &Path) -> Result<()> {
        remove_file(log)?;
        let mut command = self.command();
        command.env("MUTANT_LOG", log).stdout(Stdio::piped());
        let start = Instant::now();
        let output = command
            .output()
            .context("a test program cannot be started")?;
        self.time = start.elapsed();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            self.skipped.extend(failed_test(line).map(str::to_owned));
        }
        for line in read_text(log).lines() {
            self.reached.extend(line.parse::<usize>().ok());
        }
        Ok(())
    }

    pub(super) fn time(&self) -> Duration {
        self.time
    }

    pub(super) fn skipped(&self) -> &BTreeSet<String> {
        &self.skipped
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", MEMORY]).arg(&self.program);
        if self.tests.len() == 1 && !self.filter.contains("::") && self.tests.contains(&self.filter)
        {
            command.args([&self.filter, "--exact"]);
        } else {
            command.arg(format!("{}::", self.filter));
        }
        for test in &self.skipped {
            command.args(["--skip", test]);
        }
        command
            .current_dir(&self.directory)
            .env("CARGO_MANIFEST_DIR", &self.directory)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        command
    }

    /// Runs the group with a mutant's gate open.
    fn run(&self, mutant: usize) -> Result<TrialVerdict> {
        let limit = self.time * 10 + Duration::from_secs(60);
        let mut child = self
            .command()
            .env("MUTANT_OPEN", mutant.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let verdict = self.watch(&mut child, limit)?;
        end_group(&mut child)?;
        Ok(verdict)
    }

    /// Reads the results as they come, until a test fails or the time is over.
    fn watch(&self, child: &mut Child, limit: Duration) -> Result<TrialVerdict> {
        let output = child.stdout.take().context("standard output is a pipe")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let end = Instant::now() + limit;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(test) = failed_test(&line) {
                        return Ok(TrialVerdict::Caught(format!("{}: {test}", self.title)));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Ok(TrialVerdict::TimedOut(self.title.clone()));
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let passed = child.wait()?.success();
        Ok(if passed {
            TrialVerdict::Missed
        } else {
            TrialVerdict::Caught(format!("{}: the program ended", self.title))
        })
    }
}

/// Runs the groups that reach a mutant, quick ones first.
pub(super) fn try_mutant(groups: &[TestGroup], mutant: usize) -> Result<TrialVerdict> {
    let mut verdict = TrialVerdict::Unreached;
    for group in groups
        .iter()
        .filter(|group| group.reached.contains(&mutant))
    {
        verdict = group.run(mutant)?;
        if verdict != TrialVerdict::Missed {
            break;
        }
    }
    Ok(verdict)
}

/// Returns the name of the test that a line of libtest says has failed.
fn failed_test(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("test ")?;
    let (name, result) = rest.split_once(" ... ")?;
    (result.trim_end() == "FAILED").then_some(name)
}

/// Ends a program and all that it started.
fn end_group(child: &mut Child) -> Result<()> {
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .stderr(Stdio::null())
        .status()?;
    child.wait()?;
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the log is below target/, which git ignores"
)]
fn read_text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn remove_file(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_a_failed_test_names_one() {
        assert_eq!(failed_test("test a::b ... FAILED"), Some("a::b"));
        assert_eq!(failed_test("test a::b ... ok"), None);
        assert_eq!(failed_test("test result: FAILED. 1 passed"), None);
    }
}
