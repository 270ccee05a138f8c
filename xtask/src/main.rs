//! `cargo run -p xtask -- house [ROOM]` measures the source code, or lists one room's offenders;
//! `cargo run -p xtask -- mutants` tries a sample of mutants.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use xtask::house::{self, House};
use xtask::mutants::{self, MutantSample};

const USAGE: &str = "usage: cargo run -p xtask -- house [ROOM] [--root DIRECTORY]
       cargo run -p xtask -- mutants [--seed N] [--count N] [--file GLOB]... [--only TEXT]...

Without a ROOM, prints one line of measures for each room (a directory of src/ or crates/) and one for all.
With a ROOM (`src/plan`, `crates/rustomize` or `all`), lists its offenders, one `file:line: kind: what` a line.
--root measures another checkout.

`mutants` draws a sample of cargo-mutants' list by a seed, compiles all of them at once below target/mutants, and runs
for each the tests that reach it. --file takes the place of the core's files; --only tries those of the sample whose
line contains a text.";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((command, rest)) if command == "house" => run_house(rest),
        Some((command, rest)) if command == "mutants" => run_mutants(rest),
        _ => bail!("{USAGE}"),
    }
}

fn run_house(arguments: &[String]) -> Result<()> {
    let mut words = Vec::new();
    let mut root = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--root" => root = Some(arguments.next().context("--root wants a directory")?),
            word => words.push(word),
        }
    }
    let root = root.map_or_else(repository_root, PathBuf::from);
    let text = match words.as_slice() {
        [] => house::print_measures(&House::read(&root)?),
        [room] => house::print_offences(&House::read(&root)?, room)?,
        _ => bail!("{USAGE}"),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

fn run_mutants(arguments: &[String]) -> Result<()> {
    let mut sample = MutantSample {
        seed: 8,
        count: 200,
        files: Vec::new(),
        only: Vec::new(),
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{argument} wants a value"))?;
        match argument.as_str() {
            "--seed" => sample.seed = value.parse().context("--seed wants a number")?,
            "--count" => sample.count = value.parse().context("--count wants a number")?,
            "--file" => sample.files.push(value.clone()),
            "--only" => sample.only.push(value.clone()),
            _ => bail!("{USAGE}"),
        }
    }
    let mut output = std::io::stdout().lock();
    mutants::try_sample(&repository_root(), &sample, &mut output)
}

/// Returns the directory of the workspace that this program was built in.
fn repository_root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
