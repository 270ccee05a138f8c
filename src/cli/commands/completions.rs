//! `siteplan completions`.

use clap::Args;
use clap_complete::Shell;

use crate::cli::answer::{Answer, CommandData};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example: siteplan completions bash > /etc/bash_completion.d/siteplan")]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(in crate::cli) fn run(args: &CompletionsArgs, mut command: clap::Command) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "siteplan", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    Answer::from(CommandData::Text(text))
}
