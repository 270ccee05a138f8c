//! `siteplan init`.

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::session::Session;
use crate::load::FLEET_FILE;
use crate::scaffold;

/// Begin a fleet in this directory
///
/// Writes `siteplan.yaml`, a first app, a first profile, and the schemas that editors check the files with. Nothing that exists is
/// overwritten.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: siteplan init --repo https://git.example.com/platform/fleet.git && siteplan new site plant-01"
)]
pub(in crate::cli) struct InitArgs {
    /// The URL that Argo CD clones the fleet's git repository from
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://git.example.com/platform/fleet.git"
    )]
    repo: String,
}

pub(in crate::cli) fn run(args: &InitArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    let root = &session.global.directory;
    std::fs::create_dir_all(root).with_context(|| format!("making `{}`", root.display()))?;
    if root.join(FLEET_FILE).symlink_metadata().is_ok() {
        bail!(
            "there is a fleet already: `{}` exists",
            root.join(FLEET_FILE).display()
        );
    }
    let made = scaffold::fleet(root, &args.repo)?;
    Ok(Answer::new(ExitStatus::Success)
        .with_note(format!("wrote {}", made.join(", ")))
        .with_note("next: siteplan new site NAME, then siteplan build"))
}
