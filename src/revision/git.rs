//! Runs git so that neither the repository nor the environment can make it run or fetch anything.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail, ensure};

/// Settings that override the repository's own.
const SETTINGS: [&str; 5] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
];

/// Environment variables passed on to git: where programs are, and the user's settings, which may say that a directory is safe.
const KEPT: [&str; 4] = ["PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR"];

/// Variables set for git besides: no questions, no writing, no fetching, no objects in place of others, no translations.
const VARIABLES: [(&str, &str); 7] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("LC_ALL", "C"),
];

/// Runs git in a directory.
pub(super) struct Git {
    directory: PathBuf,
}

impl Git {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Runs a git command and returns its standard output.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self
            .command(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(not_started)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let message = message
            .trim()
            .strip_prefix("fatal: ")
            .unwrap_or(message.trim());
        bail!("git: {}", pointer_diagnostics::report::escape_text(message))
    }

    /// Tells whether the repository lacks older commits.
    pub(super) fn is_shallow(&self) -> bool {
        self.run(&["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|answer| answer.starts_with(b"true"))
    }

    /// The contents of blobs, in their order.
    pub(super) fn contents(&self, hashes: &[&str]) -> anyhow::Result<Vec<Arc<[u8]>>> {
        let mut command = self.command(&["cat-file", "--batch"]);
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.map_err(not_started)?;
        let contents = exchange(&mut child, hashes);
        if contents.is_err() {
            // It may wait for a reader that is gone.
            let _ = child.kill();
        }
        let status = child.wait().context("waiting for git")?;
        let contents = contents?;
        ensure!(status.success(), "git cat-file ended with {status}");
        Ok(contents)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.directory)
            .env_clear()
            .envs(VARIABLES);
        command.envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
        command
            .arg("--no-pager")
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments);
        command
    }
}

/// Asks for blobs from one thread while this one reads the answers: git stops when nobody reads.
fn exchange(child: &mut Child, hashes: &[&str]) -> anyhow::Result<Vec<Arc<[u8]>>> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (mut stdin, stdout) = stdin.zip(stdout).context("git has no input or output")?;
    std::thread::scope(|scope| {
        let questions: String = hashes.iter().map(|hash| format!("{hash}\n")).collect();
        // If git ends early, the answers are missing, which is reported below.
        scope.spawn(move || drop(stdin.write_all(questions.as_bytes())));
        let mut answers = BufReader::new(stdout);
        hashes
            .iter()
            .map(|hash| answer(&mut answers, hash))
            .collect()
    })
}

/// One answer: `<hash> blob <size>`, the bytes, a line feed.
fn answer(answers: &mut impl std::io::BufRead, hash: &str) -> anyhow::Result<Arc<[u8]>> {
    let mut head = String::new();
    answers
        .by_ref()
        .take(256)
        .read_line(&mut head)
        .context("reading from git")?;
    let size = head
        .strip_prefix(hash)
        .and_then(|rest| rest.strip_prefix(" blob "));
    let size: usize = size
        .and_then(|size| size.trim_end().parse().ok())
        .with_context(|| format!("git has no file {hash}; is the clone partial?"))?;
    ensure!(
        size as u64 <= super::MAX_FILE,
        "git says that the file {hash} has {size} bytes"
    );
    let mut bytes = vec![0; size];
    answers.read_exact(&mut bytes).context("reading from git")?;
    let mut end = [0];
    answers.read_exact(&mut end).context("reading from git")?;
    Ok(Arc::from(bytes))
}

fn not_started(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("git cannot be run: install it, or see that the directory is there")
        }
        _ => anyhow!(error).context("git cannot be run"),
    }
}
