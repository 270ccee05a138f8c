//! Mutation tests of a sample: does a test fail when the code is changed in one place?
//!
//! cargo-mutants lists the mutants; a seed draws the sample. All of them are compiled at once, each behind a gate, so
//! that a trial is a run of the tests that reach the mutant and no compilation.

mod build;
mod sample;
mod trial;
mod weave;

use std::path::Path;

use anyhow::{Context as _, Result};

use build::WovenTree;
use sample::Mutant;
use trial::{TestGroup, TrialVerdict};

/// The core: mutants are drawn from these files unless others are named.
const CORE: &[&str] = &[
    "src/compare/**",
    "src/place/**",
    "src/plan/**",
    "src/validate/**",
    "src/write/**",
    "crates/podfit/src/**",
    "crates/rustomize/src/**",
];

/// Mutants that do not compile are replaced by others: this many are drawn for each that is wanted.
const DRAWN_FOR_ONE: f64 = 1.6;

/// A sample to try.
pub struct MutantSample {
    /// Draws the mutants.
    pub seed: u64,
    /// Mutants wanted, without those that do not compile.
    pub count: usize,
    /// Globs of files; the core if there are none.
    pub files: Vec<String>,
    /// Parts of names: others of the sample are not tried.
    pub only: Vec<String>,
}

/// Draws a sample of mutants, compiles them all, and tries each; writes what goes unnoticed to `output`.
pub fn try_sample(
    root: &Path,
    sample: &MutantSample,
    output: &mut dyn std::io::Write,
) -> Result<()> {
    let root = root.canonicalize()?;
    let files = if sample.files.is_empty() {
        CORE.iter().map(|glob| (*glob).to_owned()).collect()
    } else {
        sample.files.clone()
    };
    let tree = WovenTree::copy(&root)?;
    let listed = sample::list_mutants(tree.path(), &files)?;
    let total = listed.len();
    let drawn = draw_enough(listed, sample);
    let unviable = tree.weave(&drawn)?.mutants;
    let mut viable: Vec<usize> = (0..drawn.len()).filter(|n| !unviable.contains(n)).collect();
    viable.truncate(sample.count);
    writeln!(
        output,
        "{} of {total} mutants, drawn by seed {}",
        viable.len(),
        sample.seed
    )?;
    viable.retain(|number| is_chosen(&drawn[*number], &sample.only));
    let groups = learn_groups(&tree, output)?;
    try_each(&drawn, &viable, &groups, output)
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of mutants is small"
)]
fn draw_enough(listed: Vec<Mutant>, sample: &MutantSample) -> Vec<Mutant> {
    let count = (sample.count as f64 * DRAWN_FOR_ONE).ceil() as usize;
    sample::draw_sample(listed, sample.seed, count)
}

fn is_chosen(mutant: &Mutant, only: &[String]) -> bool {
    only.is_empty() || only.iter().any(|part| mutant.name.contains(part.as_str()))
}

/// Compiles the tests and runs each group once, with all gates closed.
fn learn_groups(tree: &WovenTree, output: &mut dyn std::io::Write) -> Result<Vec<TestGroup>> {
    let programs = tree.build_tests()?;
    let mut groups = trial::group_tests(&programs)?;
    let log = tree.path().join("../reached");
    for group in &mut groups {
        group.learn(&log)?;
        for test in group.skipped() {
            writeln!(output, "skipped: {}: {test}", group.title)?;
        }
    }
    groups.sort_by_key(TestGroup::time);
    Ok(groups)
}

fn try_each(
    drawn: &[Mutant],
    viable: &[usize],
    groups: &[TestGroup],
    output: &mut dyn std::io::Write,
) -> Result<()> {
    let mut unnoticed = 0;
    for number in viable {
        let mutant = &drawn[*number];
        let verdict = trial::try_mutant(groups, *number)?;
        let word = match &verdict {
            TrialVerdict::Caught(test) => format!("caught by {test}"),
            TrialVerdict::TimedOut(group) => format!("caught by the clock in {group}"),
            TrialVerdict::Missed => "MISSED".to_owned(),
            TrialVerdict::Unreached => "MISSED, no test reaches it".to_owned(),
        };
        if matches!(verdict, TrialVerdict::Missed | TrialVerdict::Unreached) {
            unnoticed += 1;
        }
        writeln!(output, "{} [{}]: {word}", mutant.name, mutant.package)?;
        output.flush().context("standard output is closed")?;
    }
    let caught = viable.len() - unnoticed;
    writeln!(output, "{caught} of {} caught", viable.len())?;
    Ok(())
}
