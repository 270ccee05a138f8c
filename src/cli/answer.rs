//! Answers of commands: their outcome, the data asked for, and notes beside it.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;

use super::arguments::DataFormat;

/// Outcomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// All is well, or nothing differs.
    Success,
    /// Something differs, or does not fit.
    Differs,
    /// There are errors.
    Errors,
}

impl ExitStatus {
    /// Returns the exit code.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Differs => 1,
            Self::Errors => 2,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// Data that a command was asked for, in the form in which it is printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CommandData {
    /// Text, printed as it is.
    Text(String),
    /// A value, printed as JSON with the report around it.
    Json(Value),
    /// A value, printed as YAML with the report around it.
    Yaml(Value),
}

impl CommandData {
    /// Makes the data in one form. Only what that form needs is computed.
    pub(super) fn new<T: Serialize>(
        format: DataFormat,
        text: impl FnOnce() -> String,
        value: impl FnOnce() -> T,
    ) -> anyhow::Result<Self> {
        Ok(match format {
            DataFormat::Text => Self::Text(text()),
            DataFormat::Json => Self::Json(serde_json::to_value(value())?),
            DataFormat::Yaml => Self::Yaml(serde_json::to_value(value())?),
        })
    }
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// Outcome of the command.
    pub(super) status: ExitStatus,
    /// Data that the command was asked for; `None` where there is nothing to print.
    pub(super) data: Option<CommandData>,
    /// Notes on the work done, for people; kept back by `--quiet`.
    pub(super) notes: Vec<String>,
    /// Details of the work done, for people; shown with `--verbose`.
    pub(super) details: Vec<String>,
}

impl Answer {
    /// An answer without data.
    pub(super) fn new(status: ExitStatus) -> Self {
        Self {
            status,
            data: None,
            notes: Vec::new(),
            details: Vec::new(),
        }
    }

    /// The answer of a command that could not do its work because of what the report says.
    pub(super) fn errors() -> Self {
        Self::new(ExitStatus::Errors)
    }

    /// Adds what the command was asked for.
    #[must_use]
    pub(super) fn with_data(mut self, data: CommandData) -> Self {
        self.data = Some(data);
        self
    }

    /// Adds a sentence for people.
    #[must_use]
    pub(super) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl From<CommandData> for Answer {
    /// The answer of a command that gives what it was asked for.
    fn from(data: CommandData) -> Self {
        Self::new(ExitStatus::Success).with_data(data)
    }
}
