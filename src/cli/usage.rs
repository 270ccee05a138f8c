//! Help, the version, and command lines that are refused.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use pointer_diagnostics::report::escape_text;
use pointer_diagnostics::shorten_text;

use super::command_line::CommandLine;

/// An argument that is longer is shortened where it is quoted, in bytes.
const LONGEST_ARGUMENT: usize = 300;

/// Prints help or the version where they were asked for; else says why the command line is refused. Returns the exit code.
///
/// A refusal quotes the command line, and clap quotes it as it is. Where an argument is very long, or holds what a terminal or a CI system
/// would obey, the refusal of the shortened and escaped command line is printed instead, which is the same but for the quotation.
pub(super) fn print_refusal(refusal: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let escaped: Vec<String> = arguments
        .iter()
        .map(|argument| {
            let text = argument.to_string_lossy();
            escape_text(&shorten_text(&text, LONGEST_ARGUMENT)).into_owned()
        })
        .collect();
    let is_same = escaped.iter().zip(arguments).all(|(a, b)| **a == **b);
    let refusal_of_escaped = if is_same {
        None
    } else {
        CommandLine::try_parse_from(&escaped).err()
    };
    // Nobody can be told that the stream is gone.
    let _ = refusal_of_escaped.as_ref().unwrap_or(refusal).print();
    ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2))
}
