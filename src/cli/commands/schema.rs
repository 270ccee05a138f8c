//! `siteplan schema`.

use clap::{Args, Subcommand};

use super::schema_import::{self, ImportArgs};
use crate::cli::answer::{Answer, CommandData};
use crate::cli::session::Session;
use crate::schema::{self, InputKind};

/// Work with the schemas of the input files and of custom resources
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
    Import(ImportArgs),
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
    /// removals/*.yaml
    Removal,
    /// base/images.yaml
    Images,
    /// base/operators.yaml
    Operators,
    /// What siteplan prints as JSON
    Report,
}

pub(in crate::cli) fn run(args: &SchemaArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    match &args.command {
        SchemaCommand::Print { kind } => Ok(Answer::from(CommandData::Text(schema_text(*kind)))),
        SchemaCommand::Import(args) => schema_import::run(args, session),
    }
}

fn schema_text(kind: SchemaKind) -> String {
    match kind {
        SchemaKind::Fleet => schema::input_schema_text(InputKind::Fleet),
        SchemaKind::Site => schema::input_schema_text(InputKind::Site),
        SchemaKind::Profile => schema::input_schema_text(InputKind::Profile),
        SchemaKind::App => schema::input_schema_text(InputKind::App),
        SchemaKind::Removal => schema::input_schema_text(InputKind::Removal),
        SchemaKind::Images => schema::input_schema_text(InputKind::Images),
        SchemaKind::Operators => schema::input_schema_text(InputKind::Operators),
        SchemaKind::Report => include_str!("../../../schema/report-v1.json").to_owned(),
    }
}
