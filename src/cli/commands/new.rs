//! `siteplan new`.

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::cli::Outcome;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::load::FLEET_FILE;
use crate::scaffold;

/// Add a site or an app to the fleet
#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
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

pub(in crate::cli) fn run(
    args: &NewArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let root = &global.directory;
    if !root.join(FLEET_FILE).is_file() {
        bail!(
            "there is no `{FLEET_FILE}` in `{}`: run `siteplan init` first, or choose the fleet with `-C DIR`",
            root.display()
        );
    }
    let made = match &args.what {
        What::Site { name } => scaffold::site(root, name)?,
        What::App { name } => scaffold::app(root, name)?,
    };
    console.note(&format!("wrote {}", made.join(", ")));
    Ok(Outcome::Good)
}
