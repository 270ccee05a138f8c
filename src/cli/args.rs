//! The arguments. Doc comments are the help texts: in the imperative, without a full stop in the first line.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::commands;

/// Compile site descriptions into trees that Argo CD syncs
///
/// A fleet is a directory with `siteplan.yaml`, `sites/`, `base/apps/` and `base/profiles/`. siteplan compiles every site into
/// `out/<site>/`: Argo CD Applications over kustomize overlays that say which pod may run on which node.
#[derive(Debug, Parser)]
#[command(
    name = "siteplan",
    version,
    about,
    long_about,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit status: 0 when all is well, 1 when something differs, 2 on errors, 70 on a bug in siteplan."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Run as if started in this directory
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "DIR",
        default_value = ".",
        hide_default_value = true
    )]
    pub(super) directory: PathBuf,
    /// Use this many threads [default: one per CPU]
    #[arg(short, long, global = true, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<usize>,
    /// Report in this form
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, hide_possible_values = false)]
    pub(super) format: Format,
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Print only what was asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say what is being done
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Pictures of the source lines, for people
    Human,
    /// One JSON document
    Json,
    /// Workflow commands of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Build(commands::build::BuildArgs),
    Check(commands::check::CheckArgs),
    Diff(commands::diff::DiffArgs),
    Render(commands::render::RenderArgs),
    Resolve(commands::resolve::ResolveArgs),
    Apps(commands::apps::AppsArgs),
    Place(commands::place::PlaceArgs),
    Graph(commands::graph::GraphArgs),
    Explain(commands::explain::ExplainArgs),
    Exceptions(commands::exceptions::ExceptionsArgs),
    /// List everything that siteplan can complain about
    Rules,
    Schema(commands::schema::SchemaArgs),
    Init(commands::init::InitArgs),
    New(commands::new::NewArgs),
    Nodes(commands::nodes::NodesArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

/// The whole command line as data: for completions, the manual and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("expected a number from 1 to 1024".to_owned()),
    }
}
