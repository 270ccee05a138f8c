//! `siteplan new`.

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::session::Session;
use crate::load::FLEET_FILE;
use crate::scaffold;

/// Add a site or an app to the fleet
#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    #[command(subcommand)]
    what: NewSubcommand,
}

#[derive(Debug, Subcommand)]
enum NewSubcommand {
    /// Write a first site file
    Site {
        /// The site's name: lower-case letters, digits and `-`
        name: String,
    },
    /// Write a first app: app.yaml and a kustomize base
    App {
        /// The app's name: lower-case letters, digits and `-`
        name: String,
    },
}

pub(in crate::cli) fn run(args: &NewArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    let root = &session.root;
    if !root.join(FLEET_FILE).is_file() {
        bail!(
            "there is no `{FLEET_FILE}` in `{}`: run `siteplan init` first, or choose the fleet with `-C DIR`",
            root.display()
        );
    }
    let made = match &args.what {
        NewSubcommand::Site { name } => scaffold::site(root, name)?,
        NewSubcommand::App { name } => scaffold::app(root, name)?,
    };
    Ok(Answer::new(ExitStatus::Success).with_note(format!("wrote {}", made.join(", "))))
}
