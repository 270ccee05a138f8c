//! The arguments that commands share. Doc comments are the help texts: in the imperative, without a full stop in the first line.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

/// The most threads that may be asked for.
const MOST_JOBS: usize = 1024;

/// Arguments that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// Run as if started in this directory, in or below the fleet
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
    #[arg(short, long, global = true, value_name = "N", value_parser = parse_jobs)]
    pub(super) jobs: Option<usize>,
    /// Report problems in this form
    #[arg(long, global = true, value_enum, default_value_t = ReportFormat::Human, hide_possible_values = false)]
    pub(super) format: ReportFormat,
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value_t = ColorMode::Auto)]
    pub(super) color: ColorMode,
    /// Print only what was asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say what is being done
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// The form of a report of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// Pictures of the source lines, for people
    Human,
    /// One JSON document
    Json,
    /// Workflow commands of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// The form of what a command was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DataFormat {
    /// Text for people
    Text,
    /// One JSON document, with the report in it
    Json,
    /// The same document as YAML
    Yaml,
}

/// The argument of commands that print data.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Print in this form [default: text, or json with `--format json`]
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<DataFormat>,
}

/// The form of the one document of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentForm {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl OutputArgs {
    /// Returns the form of the document that was asked for; `None` for text.
    pub(super) fn document(&self) -> Option<DocumentForm> {
        match self.output {
            None | Some(DataFormat::Text) => None,
            Some(DataFormat::Json) => Some(DocumentForm::Json),
            Some(DataFormat::Yaml) => Some(DocumentForm::Yaml),
        }
    }

    /// Returns the form of the data beside a report in another form.
    ///
    /// # Errors
    ///
    /// When the two do not go together.
    pub(super) fn resolve(&self, report: ReportFormat) -> anyhow::Result<DataFormat> {
        resolve_output(self.output, report, DataFormat::Text, DataFormat::Json)
    }
}

/// Returns the form of a command's data: the one that was asked for; else the JSON form beside a report in JSON, and `default` beside any
/// other.
///
/// # Errors
///
/// When the report is asked for in JSON and the data in another form: a run prints one document.
pub(super) fn resolve_output<F: Copy + PartialEq>(
    asked: Option<F>,
    report: ReportFormat,
    default: F,
    json: F,
) -> anyhow::Result<F> {
    match report {
        ReportFormat::Human | ReportFormat::Github | ReportFormat::Sarif => {
            Ok(asked.unwrap_or(default))
        }
        ReportFormat::Json => match asked {
            Some(asked) if asked != json => bail!(
                "`--format json` prints one document with the data in it: write `-o json`, or leave `--format json` out"
            ),
            Some(_) | None => Ok(json),
        },
    }
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorMode {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Reads a number of threads.
///
/// # Errors
///
/// When it is none from 1 to 1024.
pub(super) fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs @ 1..=MOST_JOBS) => Ok(jobs),
        _ => Err(format!("expected a number from 1 to {MOST_JOBS}")),
    }
}

/// Reads a file that the command line names, or standard input: the output of the command `what`.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller's own file, which may be a pipe, and no path of the repository"
)]
pub(in crate::cli) fn read_argument(path: Option<&Path>, what: &str) -> anyhow::Result<String> {
    if let Some(path) = path {
        return std::fs::read_to_string(path)
            .with_context(|| format!("reading `{}`", path.display()));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("reading standard input")?;
    if text.trim().is_empty() {
        bail!("nothing on standard input: expected the output of {what}");
    }
    Ok(text)
}
