//! The choice of a target: `FUZZ_TARGET` names it, so that all targets of a program are linked once.

use std::sync::OnceLock;

/// A target's name, and what it does with an input.
pub type Target = (&'static str, fn(&str));

/// Runs the chosen target over an input. Inputs that are not UTF-8 are none: every reader of files refuses them first.
///
/// # Panics
///
/// When the variable names none of the targets, and when the target finds something.
pub fn run_target(targets: &[Target], input: &[u8]) {
    static CHOSEN: OnceLock<String> = OnceLock::new();
    let name = CHOSEN.get_or_init(|| std::env::var("FUZZ_TARGET").unwrap_or_default());
    let Some((_, run)) = targets.iter().find(|(known, _)| known == name) else {
        let known: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
        panic!("FUZZ_TARGET is one of {}", known.join(", "));
    };
    if let Ok(text) = std::str::from_utf8(input) {
        run(text);
    }
}

/// Splits an input into files: each begins with a line `=== PATH`.
pub fn split_files(text: &str) -> Vec<(&str, &str)> {
    let mut files = Vec::new();
    for part in text.split("=== ").skip(1) {
        if let Some((path, content)) = part.split_once('\n') {
            files.push((path.trim(), content));
        }
    }
    files
}
