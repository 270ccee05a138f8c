//! `siteplan schema`.

use clap::{Args, Subcommand};

use crate::cli::answer::{Answer, CommandData};
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
        /// The kind of file
        #[arg(value_enum)]
        kind: SchemaKind,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum SchemaKind {
    /// siteplan.yaml
    Fleet,
    /// sites/**/*.yaml
    Site,
    /// base/profiles/*.yaml
    Profile,
    /// base/apps/*/app.yaml
    App,
    /// base/images.yaml
    Images,
    /// removals/*.yaml
    Removal,
    /// What siteplan prints as JSON
    Report,
}

pub(in crate::cli) fn run(args: &SchemaArgs) -> Answer {
    let SchemaCommand::Print { kind } = &args.command;
    let text = match kind {
        SchemaKind::Fleet => schema::input_schema_text(InputKind::Fleet),
        SchemaKind::Site => schema::input_schema_text(InputKind::Site),
        SchemaKind::Profile => schema::input_schema_text(InputKind::Profile),
        SchemaKind::App => schema::input_schema_text(InputKind::App),
        SchemaKind::Images => schema::input_schema_text(InputKind::Images),
        SchemaKind::Removal => schema::input_schema_text(InputKind::Removal),
        SchemaKind::Report => include_str!("../../../schema/report-v1.json").to_owned(),
    };
    Answer::from(CommandData::Text(text))
}
