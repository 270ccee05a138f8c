//! A copy of the repository with mutants in it, without those that do not compile.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use walkdir::WalkDir;

use super::sample::Mutant;
use super::weave::{NumberedMutant, WovenFile, weave_file};

/// Module of the gates; `MUTANTS` is their number.
const GATE_MODULE: &str = r#"
/// Gates of mutants.
pub mod mutant_gate {
    use std::io::Write as _;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static OPEN: LazyLock<Option<usize>> =
        LazyLock::new(|| std::env::var("MUTANT_OPEN").ok()?.parse().ok());
    static LOG: LazyLock<Option<std::ffi::OsString>> =
        LazyLock::new(|| std::env::var_os("MUTANT_LOG"));
    static REACHED: [AtomicBool; MUTANTS] = [const { AtomicBool::new(false) }; MUTANTS];
    /// Checks for the gate of a mutant; records that it was asked for.
    pub fn is_open(mutant: usize) -> bool {
        if let Some(log) = &*LOG && !REACHED[mutant].swap(true, Ordering::Relaxed) {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(log);
            let _ = file.and_then(|mut file| file.write_all(format!("{mutant}\n").as_bytes()));
        }
        *OPEN == Some(mutant)
    }
}
"#;

/// A copy of the repository below its `target/`.
pub(super) struct WovenTree {
    tree: PathBuf,
    target: PathBuf,
}

/// Mutants that take no part in the trial.
pub(super) struct Unviable {
    pub(super) mutants: BTreeSet<usize>,
}

impl WovenTree {
    /// Copies the files that git knows, or would.
    pub(super) fn copy(root: &Path) -> Result<Self> {
        let tree = root.join("target/mutants/tree");
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root)
            .output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let mut copied = BTreeSet::new();
        for path in listed.split_terminator('\0') {
            let from = root.join(path);
            if from.is_file() {
                update_file(&tree.join(path), &read_bytes(&from)?)?;
                copied.insert(tree.join(path));
            }
        }
        remove_strays(&tree, &copied)?;
        Ok(Self {
            tree,
            target: root.join("target/mutants/target"),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.tree
    }

    /// Weaves the mutants, leaving out what does not compile, until everything does.
    pub(super) fn weave(&self, mutants: &[Mutant]) -> Result<Unviable> {
        let mut unviable = BTreeSet::new();
        let originals = self.read_originals(mutants)?;
        loop {
            let woven = self.write_files(&originals, mutants, &unviable)?;
            for file in woven.values() {
                unviable.extend(&file.left_out);
            }
            let errors = self.list_errors()?;
            if errors.is_empty() {
                return Ok(Unviable { mutants: unviable });
            }
            let mut blamed = BTreeSet::new();
            for error in &errors {
                blamed.extend(blame(error, &woven));
            }
            if blamed.is_empty() {
                let messages: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
                bail!("no mutant is to blame for:\n{}", messages.join("\n"));
            }
            unviable.extend(blamed);
        }
    }

    /// Reads the files that mutants are written into, and the roots of their libraries.
    fn read_originals(&self, mutants: &[Mutant]) -> Result<BTreeMap<String, String>> {
        let mut originals = BTreeMap::new();
        for mutant in mutants {
            for path in [mutant.file.clone(), library_of(&mutant.file)] {
                if let Entry::Vacant(entry) = originals.entry(path) {
                    let bytes = read_bytes(&self.tree.join(entry.key()))?;
                    entry.insert(String::from_utf8(bytes)?);
                }
            }
        }
        Ok(originals)
    }

    fn write_files(
        &self,
        originals: &BTreeMap<String, String>,
        mutants: &[Mutant],
        unviable: &BTreeSet<usize>,
    ) -> Result<BTreeMap<String, WovenFile>> {
        let mut by_file: BTreeMap<&str, Vec<NumberedMutant<'_>>> = BTreeMap::new();
        for (number, mutant) in mutants.iter().enumerate() {
            let of_file = by_file.entry(&mutant.file).or_default();
            if !unviable.contains(&number) {
                of_file.push((number, mutant));
            }
        }
        let mut woven = BTreeMap::new();
        for (file, of_file) in by_file {
            let result = weave_file(&originals[file], &of_file).with_context(|| file.to_owned())?;
            update_file(&self.tree.join(file), result.text.as_bytes())?;
            woven.insert(file.to_owned(), result);
        }
        let gates = GATE_MODULE.replace("MUTANTS", &mutants.len().to_string());
        let libraries: BTreeSet<String> = woven.keys().map(|file| library_of(file)).collect();
        for library in libraries {
            let text = match woven.get(&library) {
                Some(file) => file.text.clone(),
                None => originals[&library].clone(),
            };
            update_file(&self.tree.join(&library), (text + &gates).as_bytes())?;
        }
        Ok(woven)
    }

    /// Returns the compiler's errors.
    fn list_errors(&self) -> Result<Vec<WovenError>> {
        let checked = self
            .cargo(&["check", "--workspace", "--tests", "--keep-going"])
            .stderr(Stdio::null())
            .output()?;
        let mut errors = Vec::new();
        for line in String::from_utf8(checked.stdout)?.lines() {
            let event: Value = serde_json::from_str(line)?;
            let message = &event["message"];
            if message["level"] == "error" {
                errors.push(WovenError::read(message));
            }
        }
        errors.retain(|error| !error.places.is_empty());
        if errors.is_empty() && !checked.status.success() {
            bail!(
                "`cargo check` of the woven tree ended with {}",
                checked.status
            );
        }
        Ok(errors)
    }

    /// Compiles the tests and returns their programs with the package that each belongs to.
    pub(super) fn build_tests(&self) -> Result<Vec<TestProgram>> {
        let built = self
            .cargo(&[
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--no-run",
            ])
            .stderr(Stdio::inherit())
            .output()?;
        if !built.status.success() {
            bail!(
                "`cargo test --no-run` of the woven tree ended with {}",
                built.status
            );
        }
        let mut programs = Vec::new();
        for line in String::from_utf8(built.stdout)?.lines() {
            let event: Value = serde_json::from_str(line)?;
            let (Some(executable), Some(manifest)) = (
                event["executable"].as_str(),
                event["manifest_path"].as_str(),
            ) else {
                continue;
            };
            if event["profile"]["test"] == true {
                let directory = Path::new(manifest).parent().unwrap_or(&self.tree);
                programs.push(TestProgram {
                    name: event["target"]["name"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    executable: executable.into(),
                    directory: directory.to_owned(),
                });
            }
        }
        Ok(programs)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .args(["--message-format=json", "--quiet"])
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("MUTANT_OPEN");
        command
    }
}

/// A program of tests.
pub(super) struct TestProgram {
    pub(super) name: String,
    pub(super) executable: PathBuf,
    /// Directory of its package, in which tests run.
    pub(super) directory: PathBuf,
}

/// An error of the compiler, and the bytes that it points at.
struct WovenError {
    message: String,
    places: Vec<(String, usize)>,
}

impl WovenError {
    fn read(message: &Value) -> Self {
        let mut places = Vec::new();
        for span in message["spans"].as_array().into_iter().flatten() {
            if let (Some(file), Some(start)) =
                (span["file_name"].as_str(), span["byte_start"].as_u64())
            {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                places.push((file.to_owned(), start));
            }
        }
        Self {
            message: message["rendered"].as_str().unwrap_or_default().to_owned(),
            places,
        }
    }
}

/// Returns the mutants that an error points at; where it points beside them, the nearest one.
fn blame(error: &WovenError, woven: &BTreeMap<String, WovenFile>) -> BTreeSet<usize> {
    let mut blamed = BTreeSet::new();
    let mut nearest: Option<(usize, usize)> = None;
    for (name, start) in &error.places {
        let Some((_, file)) = woven.iter().find(|(path, _)| path.ends_with(name.as_str())) else {
            continue;
        };
        for range in &file.ranges {
            if range.bytes.contains(start) {
                blamed.insert(range.mutant);
            } else {
                let distance = start.abs_diff(range.bytes.start);
                if nearest.is_none_or(|(least, _)| distance < least) {
                    nearest = Some((distance, range.mutant));
                }
            }
        }
    }
    if blamed.is_empty() {
        blamed.extend(nearest.map(|(_, mutant)| mutant));
    }
    blamed
}

/// Returns the root file of the library that a source file belongs to.
fn library_of(file: &str) -> String {
    match file.split_once("/src/") {
        Some((directory, _)) => format!("{directory}/src/lib.rs"),
        None => "src/lib.rs".to_owned(),
    }
}

/// Removes the files of an earlier copy that the repository has no more.
#[allow(
    clippy::disallowed_methods,
    reason = "the copy is below target/, which git ignores"
)]
fn remove_strays(tree: &Path, copied: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in WalkDir::new(tree) {
        let entry = entry?;
        if !entry.file_type().is_dir() && !copied.contains(entry.path()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the mutated checkout is the developer's own"
)]
fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Writes a file unless it has these bytes already, so that nothing is compiled in vain.
#[allow(
    clippy::disallowed_methods,
    reason = "the copy is below target/, which git ignores"
)]
fn update_file(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}
