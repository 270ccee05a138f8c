//! Prints what `kustomize build DIR` prints.
//!
//! `cargo run --example render -- DIR [VERSION]`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example of a program"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use rustomize::{DiskFiles, KustomizeVersion, Renderer};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("a directory is expected")?);
    let version = match arguments.next() {
        Some(text) => text.parse()?,
        None => KustomizeVersion::default(),
    };
    let directory = directory.canonicalize()?;
    // What a kustomization may refer to ends at the repository.
    let mut ancestors = directory.ancestors();
    let root = ancestors.find(|d| d.join(".git").exists());
    let root = root.unwrap_or(Path::new("/"));
    let below = directory.strip_prefix(root)?.to_string_lossy().into_owned();
    let renderer = Renderer::of_version(Arc::new(DiskFiles::new(root)?), version);
    match renderer.render_to_text(&below) {
        Ok(text) => print!("{text}"),
        Err(problems) => {
            for problem in &problems {
                eprintln!("error[{}]: {}", problem.code, problem.message);
            }
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
