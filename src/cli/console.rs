//! The terminal: data on stdout, everything else on stderr.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use serde_json::Value;

use super::args::{Color, Format, Global};
use crate::rulebook;
use pointer_diagnostics::Sources;
use pointer_diagnostics::report::{self, Look, SarifTool};
use pointer_diagnostics::{Diagnostics, Severity};

/// Where a command prints.
#[derive(Debug)]
pub(super) struct Console {
    format: Format,
    quiet: bool,
    verbose: bool,
    stdout: Look,
    stderr: Look,
    /// A report without errors that waits for the command's own JSON: a run prints one document.
    pending: Mutex<Option<Value>>,
}

impl Console {
    pub(super) fn new(global: &Global) -> Self {
        let choice = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let colored = |auto: ColorChoice| match choice {
            ColorChoice::Auto => auto != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        };
        let width = |terminal: bool| {
            terminal
                .then(terminal_size::terminal_size)
                .flatten()
                .map(|(w, _)| usize::from(w.0))
        };
        Self {
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
            stdout: Look {
                color: colored(AutoStream::choice(&io::stdout())),
                width: width(io::stdout().is_terminal()),
            },
            stderr: Look {
                color: colored(AutoStream::choice(&io::stderr())),
                width: width(io::stderr().is_terminal()),
            },
            pending: Mutex::default(),
        }
    }

    /// A console without colours or settings, for when there are no arguments to ask.
    pub(super) fn plain() -> Self {
        Self {
            format: Format::Human,
            quiet: false,
            verbose: false,
            stdout: Look::default(),
            stderr: Look::default(),
            pending: Mutex::default(),
        }
    }

    /// How text on stdout looks.
    pub(super) fn look(&self) -> Look {
        self.stdout
    }

    /// Whether progress may be shown.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && self.format == Format::Human && self.stderr.width.is_some()
    }

    /// The form of reports.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Prints what the command was asked for.
    pub(super) fn data(&self, text: &str) -> anyhow::Result<()> {
        self.take_pending();
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }

    /// Prints a JSON object that a command was asked for, with the report of the run in it.
    pub(super) fn json(&self, mut value: Value) -> anyhow::Result<()> {
        if let (Value::Object(own), Some(Value::Object(report))) = (&mut value, self.take_pending())
        {
            report
                .into_iter()
                .for_each(|(key, part)| _ = own.entry(key).or_insert(part));
        }
        self.data(&format!("{value:#}\n"))
    }

    /// Prints the report that no command's own JSON took along.
    pub(super) fn finish(&self) -> anyhow::Result<()> {
        match self.take_pending() {
            Some(report) => self.data(&format!("{report:#}\n")),
            None => Ok(()),
        }
    }

    fn take_pending(&self) -> Option<Value> {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Says what was done, unless the user wants quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            eprint_line(text);
        }
    }

    /// Says what is being done, where the user wants to know.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose {
            eprint_line(text);
        }
    }

    /// Says what is wrong with the world.
    pub(super) fn problem(&self, text: &str) {
        let (start, end) = if self.stderr.color {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        eprint_line(&format!("{start}error{end}: {text}"));
    }

    /// Reports diagnostics: for people on stderr, for programs on stdout.
    pub(super) fn report(
        &self,
        mut found: Diagnostics,
        sources: &Sources,
        directory: &str,
    ) -> anyhow::Result<()> {
        report::sort_diagnostics(&mut found, sources);
        if self.quiet {
            found = found
                .into_iter()
                .filter(|d| d.severity == Severity::Error)
                .collect();
        }
        match self.format {
            Format::Human if found.is_empty() => Ok(()),
            Format::Human => {
                let text = report::print_human(&found, sources, self.stderr);
                eprint_line(&format!(
                    "{}\n\n{}",
                    text.trim_end(),
                    report::print_summary(&found)
                ));
                Ok(())
            }
            Format::Json if found.has_errors() => self.data(&report::print_json(&found, sources)),
            Format::Json => {
                let report = serde_json::from_str(&report::print_json(&found, sources))?;
                *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
                Ok(())
            }
            Format::Github => self.data(&report::print_github(&found, sources, directory)),
            Format::Sarif => {
                let tool = SarifTool {
                    name: "siteplan",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rulebook::all_rules(),
                };
                self.data(&report::print_sarif(tool, &found, sources, directory))
            }
        }
    }
}

/// Whether the reader of our output has gone: no reason to complain.
pub(super) fn is_broken_pipe(why: &anyhow::Error) -> bool {
    why.downcast_ref::<io::Error>()
        .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

fn eprint_line(text: &str) {
    let mut err = io::stderr().lock();
    // Nobody can be told that stderr is gone.
    let _ = writeln!(err, "{text}");
}
