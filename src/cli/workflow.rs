//! Text on the log of a GitHub Actions job, where a line that begins with `::`, or holds `##[`, is a command to the runner.

use std::borrow::Cow;

use crate::ledger::Digest;

/// Keeps the runner from obeying lines of a text: puts `::stop-commands::` and its token around it, where there is such a line.
///
/// The token is a digest of the text, so that nobody who writes the text can end the protection inside of it.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands>
pub(super) fn stop_commands(text: &str) -> Cow<'_, str> {
    if !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut token = Digest::of(text.as_bytes()).to_string();
    while text.contains(&token) {
        token = Digest::of(token.as_bytes()).to_string();
    }
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!(
        "::stop-commands::{token}\n{text}{end}::{token}::\n"
    ))
}

/// Tells whether the runner takes a line for a command (`ActionCommand.TryParse` and `TryParseV2` of actions/runner).
fn is_command(line: &str) -> bool {
    line.trim_start().starts_with("::") || line.contains("##[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_commands_is_left_alone() {
        let text = "a: b::c\n# [x]\n";
        assert_eq!(stop_commands(text), text);
    }

    #[test]
    fn a_line_that_the_runner_would_obey_stands_between_stop_and_start() {
        for line in ["::error::x", "   ::add-mask::y", "a ##[error]z"] {
            let text = format!("key: |\n{line}\n");
            let guarded = stop_commands(&text);
            let (first, rest) = guarded.split_once('\n').unwrap();
            let token = first.strip_prefix("::stop-commands::").unwrap();
            assert_eq!(rest, format!("{text}::{token}::\n"));
        }
    }

    #[test]
    fn the_token_is_no_part_of_the_text() {
        let first = stop_commands("::error::x\n").into_owned();
        let token = first.lines().last().unwrap().trim_matches(':').to_owned();
        let guarded = stop_commands(&format!("::error::x\n::{token}::\n")).into_owned();
        assert!(!guarded.starts_with(&format!("::stop-commands::{token}\n")));
    }
}
