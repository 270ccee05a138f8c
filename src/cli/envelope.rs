//! The one JSON document of a run: the report, with what the command was asked for in it. `schema/report-v1.json` describes it.

use serde_json::{Map, Value};

use pointer_diagnostics::report;
use pointer_diagnostics::{Diagnostics, Sources};

/// Content of the document.
pub(super) struct ReportEnvelope<'a> {
    /// The command that ran.
    pub(super) command: &'static str,
    /// Diagnostics of the run.
    pub(super) found: &'a Diagnostics,
    /// The files that it points into.
    pub(super) sources: &'a Sources,
    /// Data that the command was asked for.
    pub(super) data: Option<Value>,
    /// Reason why the command could not do its work, where that is no diagnostic.
    pub(super) failure: Option<String>,
}

impl ReportEnvelope<'_> {
    /// Returns the document: `version`, `command`, the counts, `diagnostics`, and `data` or `failure` where there are any.
    pub(super) fn into_value(self) -> anyhow::Result<Value> {
        let mut document: Map<String, Value> =
            serde_json::from_str(&report::print_json(self.found, self.sources))?;
        document.insert("command".to_owned(), Value::from(self.command));
        if let Some(data) = self.data {
            document.insert("data".to_owned(), data);
        }
        if let Some(failure) = self.failure {
            document.insert("failure".to_owned(), Value::from(failure));
        }
        Ok(Value::Object(document))
    }
}
