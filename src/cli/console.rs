//! The terminal: data on stdout, everything else on stderr.

use std::io::{self, Write as _};
use std::os::fd::AsFd;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::answer::{Answer, CommandData, ExitStatus};
use super::arguments::{ColorMode, DocumentForm, GlobalArgs, ReportFormat};
use super::command_line::{CommandLine, PrintedStream};
use super::envelope::ReportEnvelope;
use super::session::SessionReport;
use super::workflow::stop_commands;
use crate::rulebook;
use manifest_yaml as yaml;
use pointer_diagnostics::report::{self, Look, SarifTool, escape_json, escape_text};
use pointer_diagnostics::{Diagnostics, ReportLimits, Severity, Sources, shorten_text};

/// The colour of the word `error`.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The longest line about what is wrong with the world, in bytes.
const LONGEST_PROBLEM: usize = 2_000;

/// Amount of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loudness {
    /// Prints the data that was asked for, and errors.
    Quiet,
    /// Prints the work done, too.
    Normal,
    /// Prints the work in progress, too.
    Verbose,
}

/// A terminal that progress can be shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgressTerminal {
    /// There is one.
    Present,
    /// There is none, or it is not to be used.
    Absent,
}

/// The terminal that a command prints on.
#[derive(Debug)]
pub(super) struct Console {
    format: ReportFormat,
    loudness: Loudness,
    stdout: Look,
    stderr: Look,
}

impl Console {
    /// Asks the environment for colours and the width of the terminal.
    pub(super) fn new(global: &GlobalArgs) -> Self {
        let loudness = match (global.quiet, global.verbose) {
            (true, _) => Loudness::Quiet,
            (false, true) => Loudness::Verbose,
            (false, false) => Loudness::Normal,
        };
        Self {
            format: global.format,
            loudness,
            stdout: look_of(&io::stdout(), global.color),
            stderr: look_of(&io::stderr(), global.color),
        }
    }

    /// Returns the look of text on stdout.
    pub(super) fn look(&self) -> Look {
        self.stdout
    }

    /// Returns the terminal for progress.
    pub(super) fn progress_terminal(&self) -> ProgressTerminal {
        let is_wanted = self.loudness != Loudness::Quiet && self.format == ReportFormat::Human;
        match self.stderr.width {
            Some(_) if is_wanted => ProgressTerminal::Present,
            _ => ProgressTerminal::Absent,
        }
    }

    /// Says what is wrong with the world, in one line: whatever the text quotes is escaped.
    pub(super) fn problem(&self, text: &str) {
        let style = if self.stderr.color {
            ERROR
        } else {
            Style::new()
        };
        let text = shorten_text(text, LONGEST_PROBLEM);
        print_error_line(&format!("{style}error{style:#}: {}", escape_text(&text)));
    }

    /// Prints everything that a run has to say. Returns how the run ends.
    pub(super) fn conclude(
        &self,
        line: &CommandLine,
        report: &SessionReport,
        answer: anyhow::Result<Answer>,
    ) -> ExitStatus {
        let status = answer.as_ref().map_or(ExitStatus::Errors, |a| a.status);
        match self.print_run(line, report, answer) {
            Ok(()) => status,
            Err(why) if is_broken_pipe(&why) => status,
            Err(why) => {
                self.problem(&format!("{why:#}"));
                ExitStatus::Errors
            }
        }
    }

    fn print_run(
        &self,
        line: &CommandLine,
        report: &SessionReport,
        answer: anyhow::Result<Answer>,
    ) -> anyhow::Result<()> {
        let (found, sources) = self.sort_report(report);
        self.print_report(line.command.prints(), &found, &sources, &report.directory)?;
        let failure = answer.as_ref().err().map(|why| format!("{why:#}"));
        if let Some(failure) = &failure {
            self.problem(failure);
        }
        let answer = answer.unwrap_or_else(|_| Answer::errors());
        let envelope = |data: Option<Value>| {
            let envelope = ReportEnvelope {
                command: line.command.name(),
                found: &found,
                sources: &sources,
                data,
                failure,
            };
            envelope.into_value()
        };
        match answer.data {
            Some(CommandData::Text(text)) => print_text(&text)?,
            Some(CommandData::Json(data)) => print_json(&envelope(Some(data))?)?,
            Some(CommandData::Yaml(data)) => {
                print_data(&yaml::write_document(&envelope(Some(data))?))?;
            }
            None => match line.document_form() {
                Some(DocumentForm::Json) => print_json(&envelope(None)?)?,
                Some(DocumentForm::Yaml) => print_data(&yaml::write_document(&envelope(None)?))?,
                None => {}
            },
        }
        let (details, notes) = match self.loudness {
            Loudness::Quiet => (Vec::new(), Vec::new()),
            Loudness::Normal => (Vec::new(), answer.notes),
            Loudness::Verbose => (answer.details, answer.notes),
        };
        for text in details.iter().chain(&notes) {
            print_note(text);
        }
        Ok(())
    }

    /// Sorts what was found, and keeps back what the user does not want to read, or nobody could.
    fn sort_report(&self, report: &SessionReport) -> (Diagnostics, Sources) {
        let sources = report.read_sources();
        let mut found = report.found.clone();
        report::sort_diagnostics(&mut found, &sources);
        if self.loudness == Loudness::Quiet {
            let errors = found.into_iter().filter(|d| d.severity == Severity::Error);
            found = errors.collect();
        }
        found.limit(ReportLimits::DEFAULT);
        (found, sources)
    }

    /// Prints a report for people to stderr, and one for GitHub or code scanning where no data is printed: to stdout. JSON is printed with
    /// the data.
    fn print_report(
        &self,
        printed: PrintedStream,
        found: &Diagnostics,
        sources: &Sources,
        directory: &str,
    ) -> anyhow::Result<()> {
        match self.format {
            ReportFormat::Human if found.is_empty() => Ok(()),
            ReportFormat::Human => {
                let text = report::print_human(found, sources, self.stderr);
                let summary = report::print_summary(found);
                print_error_line(&format!("{}\n\n{summary}", text.trim_end()));
                Ok(())
            }
            ReportFormat::Json => Ok(()),
            ReportFormat::Github => {
                let commands = report::print_github(found, sources, directory);
                match printed {
                    PrintedStream::Report => print_data(&commands)?,
                    PrintedStream::Data | PrintedStream::File => {
                        io::stderr().write_all(commands.as_bytes())?;
                    }
                }
                Ok(())
            }
            ReportFormat::Sarif => {
                let tool = SarifTool {
                    name: "siteplan",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rulebook::all_rules(),
                };
                print_data(&report::print_sarif(tool, found, sources, directory))
            }
        }
    }
}

fn look_of<S: anstream::stream::RawStream>(stream: &S, mode: ColorMode) -> Look {
    let color = match mode {
        ColorMode::Auto => AutoStream::choice(stream) != ColorChoice::Never,
        ColorMode::Always => true,
        ColorMode::Never => false,
    };
    let size = stream
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten();
    Look {
        color,
        width: size.map(|(width, _)| usize::from(width.0)),
    }
}

/// Prints text that repeats what stands in manifests. On the log of GitHub Actions, no line of it is obeyed.
fn print_text(text: &str) -> anyhow::Result<()> {
    let is_log = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
        && !is_regular_file(&io::stdout());
    if is_log {
        print_data(&stop_commands(text))
    } else {
        print_data(text)
    }
}

/// Tells whether a stream is redirected to a file, which no runner reads.
fn is_regular_file(stream: &impl AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(std::fs::File::from);
    file.and_then(|file| file.metadata())
        .is_ok_and(|metadata| metadata.is_file())
}

fn print_json(document: &Value) -> anyhow::Result<()> {
    print_data(&escape_json(&format!("{document:#}\n")))
}

fn print_data(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a sentence of a few lines to stderr; what it quotes is escaped.
fn print_note(text: &str) {
    for line in text.split('\n') {
        print_error_line(&escape_text(line));
    }
}

/// Prints a line to stderr.
pub(super) fn print_error_line(text: &str) {
    let mut err = io::stderr().lock();
    // Nobody can be told that stderr is gone.
    let _ = writeln!(err, "{text}");
}

/// Tells whether the reader of our output has gone: no reason to complain.
fn is_broken_pipe(why: &anyhow::Error) -> bool {
    why.downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
