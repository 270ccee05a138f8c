//! `cargo run -p xtask -- house [ROOM] [--root DIRECTORY]`: measures the source code, or lists one room's offenders.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use xtask::house::{self, House};

const USAGE: &str = "usage: cargo run -p xtask -- house [ROOM] [--root DIRECTORY]

Without a ROOM, prints one line of measures for each room (a directory of src/ or crates/) and one for all.
With a ROOM (`src/plan`, `crates/rustomize` or `all`), lists its offenders, one `file:line: kind: what` a line.
--root measures another checkout.";

fn main() -> Result<()> {
    let mut words = Vec::new();
    let mut root = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--root" => root = Some(arguments.next().context("--root wants a directory")?),
            _ => words.push(argument),
        }
    }
    let root = root.map_or_else(repository_root, PathBuf::from);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = match words.as_slice() {
        ["house"] => house::print_measures(&House::read(&root)?),
        ["house", room] => house::print_offences(&House::read(&root)?, room)?,
        _ => bail!("{USAGE}"),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// Returns the directory of the workspace that this program was built in.
fn repository_root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
