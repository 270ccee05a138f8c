//! `siteplan completions`.

use clap::Args;
use clap_complete::Shell;

use crate::cli::Outcome;
use crate::cli::console::Console;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example: siteplan completions bash > /etc/bash_completion.d/siteplan")]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(in crate::cli) fn run(args: &CompletionsArgs, console: &Console) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut crate::cli::command(),
        "siteplan",
        &mut script,
    );
    console.data(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Good)
}
