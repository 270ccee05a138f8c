//! `siteplan schema`.

use clap::{Args, Subcommand};

use crate::cli::Outcome;
use crate::cli::console::Console;
use crate::schema::{self, InputKind};

/// Work with the JSON Schemas of the input files
#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// Print a schema, for editors and other tools
    Print {
        /// The kind of input file
        #[arg(value_enum)]
        kind: Kind,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// siteplan.yaml
    Fleet,
    /// sites/**/*.yaml
    Site,
    /// base/profiles/*.yaml
    Profile,
    /// base/apps/*/app.yaml
    App,
}

pub(in crate::cli) fn run(args: &SchemaArgs, console: &Console) -> anyhow::Result<Outcome> {
    let SchemaCommand::Print { kind } = &args.command;
    let kind = match kind {
        Kind::Fleet => InputKind::Fleet,
        Kind::Site => InputKind::Site,
        Kind::Profile => InputKind::Profile,
        Kind::App => InputKind::App,
    };
    console.data(&schema::input_schema_text(kind))?;
    Ok(Outcome::Good)
}
