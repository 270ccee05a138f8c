//! `siteplan man`.

use clap::Args;
use clap_mangen::Man;

use crate::cli::answer::{Answer, CommandData};

/// Print the manual page, or that of one command
#[derive(Debug, Args)]
#[command(after_help = "Example: siteplan man build | man -l -")]
pub(in crate::cli) struct ManArgs {
    /// The command whose page to print
    command: Option<String>,
}

pub(in crate::cli) fn run(args: &ManArgs, mut whole: clap::Command) -> anyhow::Result<Answer> {
    whole.build();
    let command = match &args.command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command.clone(),
            None => anyhow::bail!("there is no command `{name}`: `siteplan help` lists them"),
        },
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    let text = String::from_utf8_lossy(&page).into_owned();
    Ok(Answer::from(CommandData::Text(text)))
}
