//! The command line: the list of commands, and which forms of reports each can give.

use anyhow::bail;
use clap::{CommandFactory as _, Parser};

use super::arguments::{DocumentForm, GlobalArgs, ReportFormat};
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
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Subcommand,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
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
    Rules(commands::rules::RulesArgs),
    Schema(commands::schema::SchemaArgs),
    Init(commands::init::InitArgs),
    New(commands::new::NewArgs),
    Nodes(commands::nodes::NodesArgs),
    Bootstrap(commands::bootstrap::BootstrapArgs),
    Images(commands::images::ImagesArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

/// Content of a command's standard output, which decides where its report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrintedStream {
    /// The report alone.
    Report,
    /// Data; a report for people or for GitHub goes to standard error, one in JSON around the data.
    Data,
    /// A file, as it is; there is nothing to report.
    File,
}

/// Returns the whole command line as data: for completions, the manual and tests.
pub fn command() -> clap::Command {
    CommandLine::command()
}

impl CommandLine {
    /// Refuses a form of the report that the command cannot give.
    pub(super) fn check_forms(&self) -> anyhow::Result<()> {
        let name = self.command.name();
        match (self.command.prints(), self.global.format) {
            (PrintedStream::Report, _)
            | (_, ReportFormat::Human)
            | (PrintedStream::Data, ReportFormat::Json | ReportFormat::Github) => Ok(()),
            (PrintedStream::Data, ReportFormat::Sarif) => bail!(
                "`{name}` prints data, which SARIF has no place for: use `siteplan check --format sarif`"
            ),
            (
                PrintedStream::File,
                ReportFormat::Json | ReportFormat::Github | ReportFormat::Sarif,
            ) => bail!("`{name}` has nothing to report: leave `--format` out"),
        }
    }
}

impl CommandLine {
    /// Returns the form of the one document that the run prints, also where there is nothing to put into it; `None` where it prints none.
    pub(super) fn document_form(&self) -> Option<DocumentForm> {
        match (self.command.prints(), self.global.format) {
            (PrintedStream::File, _) => None,
            (PrintedStream::Report | PrintedStream::Data, ReportFormat::Json) => {
                Some(DocumentForm::Json)
            }
            (
                PrintedStream::Report | PrintedStream::Data,
                ReportFormat::Human | ReportFormat::Github | ReportFormat::Sarif,
            ) => self.command.asked_document(),
        }
    }
}

impl Subcommand {
    /// Returns the form of document that the command's own arguments ask for.
    fn asked_document(&self) -> Option<DocumentForm> {
        match self {
            Self::Diff(args) => args.document(),
            Self::Resolve(args) => args.output.document(),
            Self::Apps(args) => args.output.document(),
            Self::Place(args) => args.output.document(),
            Self::Explain(args) => args.output.document(),
            Self::Exceptions(args) => args.output.document(),
            Self::Rules(args) => args.output.document(),
            Self::Render(args) => args.document(),
            Self::Graph(args) => args.document(),
            Self::Nodes(args) => args.document(),
            Self::Bootstrap(args) => args.output.document(),
            Self::Build(_)
            | Self::Check(_)
            | Self::Schema(_)
            | Self::Init(_)
            | Self::New(_)
            | Self::Images(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }

    /// Returns the name of the command.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Build(_) => "build",
            Self::Check(_) => "check",
            Self::Diff(_) => "diff",
            Self::Render(_) => "render",
            Self::Resolve(_) => "resolve",
            Self::Apps(_) => "apps",
            Self::Place(_) => "place",
            Self::Graph(_) => "graph",
            Self::Explain(_) => "explain",
            Self::Exceptions(_) => "exceptions",
            Self::Rules(_) => "rules",
            Self::Schema(_) => "schema",
            Self::Init(_) => "init",
            Self::New(_) => "new",
            Self::Nodes(_) => "nodes",
            Self::Bootstrap(_) => "bootstrap",
            Self::Images(_) => "images",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// Returns what the command prints on standard output.
    pub(super) fn prints(&self) -> PrintedStream {
        match self {
            Self::Build(_) | Self::Check(_) => PrintedStream::Report,
            Self::Diff(_)
            | Self::Render(_)
            | Self::Resolve(_)
            | Self::Apps(_)
            | Self::Place(_)
            | Self::Graph(_)
            | Self::Explain(_)
            | Self::Exceptions(_)
            | Self::Rules(_)
            | Self::Nodes(_)
            | Self::Bootstrap(_) => PrintedStream::Data,
            Self::Schema(_)
            | Self::Init(_)
            | Self::New(_)
            | Self::Images(_)
            | Self::Completions(_)
            | Self::Man(_) => PrintedStream::File,
        }
    }
}
