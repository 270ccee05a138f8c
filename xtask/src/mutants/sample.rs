//! The mutants that cargo-mutants lists, and the sample of them that a seed draws.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Kinds of mutants, as cargo-mutants names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum MutantGenre {
    /// A function returns a fixed value.
    FnValue,
    /// An operator between two operands becomes another.
    BinaryOperator,
    /// `!` or `-` is deleted.
    UnaryOperator,
    /// An arm of a `match` is deleted.
    MatchArm,
    /// The guard of an arm becomes `true` or `false`.
    MatchArmGuard,
    /// A field of a struct expression is left to the base behind `..`.
    StructField,
}

/// A mutant: one small change of the source code that a test should notice.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Mutant {
    /// One line that names place and change.
    pub(super) name: String,
    pub(super) file: String,
    pub(super) package: String,
    pub(super) genre: MutantGenre,
    pub(super) span: TextSpan,
    /// Text that takes the place of the span; empty where it is deleted.
    pub(super) replacement: String,
}

/// A range of a file.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct TextSpan {
    pub(super) start: TextPosition,
}

/// A position in a file: line and column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct TextPosition {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Lists the mutants of the files that match one of the globs.
pub(super) fn list_mutants(root: &Path, globs: &[String]) -> Result<Vec<Mutant>> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--workspace"]);
    for glob in globs {
        command.args(["--file", glob]);
    }
    let listed = command
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    if !listed.status.success() {
        bail!(
            "`cargo mutants --list` ended with {} (install it with `cargo install cargo-mutants`):\n{}",
            listed.status,
            String::from_utf8_lossy(&listed.stderr)
        );
    }
    serde_json::from_slice(&listed.stdout).context("cargo-mutants' list cannot be read")
}

/// Draws mutants by a seed: the first ones in the order of the hash of seed and name.
pub(super) fn draw_sample(mut mutants: Vec<Mutant>, seed: u64, count: usize) -> Vec<Mutant> {
    mutants.sort_by_cached_key(|mutant| hash_name(seed, &mutant.name));
    mutants.truncate(count);
    mutants
}

/// Returns the FNV-1a hash of a seed and a name, mixed so that near names come far apart.
fn hash_name(seed: u64, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for byte in seed.to_le_bytes().iter().chain(name.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 31;
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        Mutant {
            name: name.to_owned(),
            file: "src/lib.rs".to_owned(),
            package: "made".to_owned(),
            genre: MutantGenre::FnValue,
            span: TextSpan {
                start: TextPosition { line: 1, column: 1 },
            },
            replacement: String::new(),
        }
    }

    fn drawn(seed: u64, count: usize) -> Vec<String> {
        let all = (0..50).map(|n| mutant(&format!("mutant {n}"))).collect();
        let sample = draw_sample(all, seed, count);
        sample.into_iter().map(|mutant| mutant.name).collect()
    }

    #[test]
    fn a_seed_draws_the_same_sample_each_time() {
        assert_eq!(drawn(8, 10), drawn(8, 10));
        assert_ne!(drawn(8, 10), drawn(9, 10));
    }

    #[test]
    fn a_smaller_sample_is_the_beginning_of_a_larger_one() {
        assert_eq!(drawn(8, 20)[..10], drawn(8, 10));
    }
}
