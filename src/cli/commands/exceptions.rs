//! `siteplan exceptions`.

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::fleet::load_sites;
use crate::load::Site;
use crate::model::is_calendar_day;
use pointer_diagnostics::report::escape_text;

/// List the patches that sites make to single instances, with their reasons and ends
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0, or 1 when `--on` is given and an exception has ended.\n\nExample: siteplan exceptions --on $(date -I)"
)]
pub(in crate::cli) struct ExceptionsArgs {
    /// The sites to list [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Mark those that have ended on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// An exception of a site.
#[derive(Debug, Serialize)]
struct ListedException<'a> {
    site: &'a str,
    app: &'a str,
    until: &'a str,
    reason: &'a str,
    patch: &'a Value,
    /// Set if it has ended on the day that was asked about.
    ended: bool,
}

pub(in crate::cli) fn run(
    args: &ExceptionsArgs,
    session: &mut Session<'_>,
) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    if let Some(day) = args.on.as_ref().filter(|day| !is_calendar_day(day)) {
        bail!("`{day}` is not a day: write YYYY-MM-DD");
    }
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let names = selected.selection.names();
    let sites = load_sites(&selected.repository, names, &mut session.found);
    if session.found.has_errors() {
        return Ok(Answer::errors());
    }
    let listed = list_exceptions(&sites, args.on.as_deref());
    let text = || listed.iter().map(render_line).collect();
    let data = CommandData::new(format, text, || &listed)?;
    let status = if listed.iter().any(|exception| exception.ended) {
        ExitStatus::Differs
    } else {
        ExitStatus::Success
    };
    Ok(Answer::new(status).with_data(data))
}

fn list_exceptions<'a>(sites: &'a [Site], day: Option<&str>) -> Vec<ListedException<'a>> {
    let mut listed = Vec::new();
    for site in sites {
        for exception in &site.spec.exceptions {
            listed.push(ListedException {
                site: &site.name,
                app: &exception.app,
                until: &exception.until,
                reason: &exception.reason,
                patch: &exception.patch,
                ended: day.is_some_and(|day| exception.until.as_str() < day),
            });
        }
    }
    listed
}

fn render_line(exception: &ListedException<'_>) -> String {
    let ended = if exception.ended { "  ENDED" } else { "" };
    format!(
        "{}/{}  until {}{ended}  {}\n",
        exception.site,
        escape_text(exception.app),
        escape_text(exception.until),
        escape_text(exception.reason)
    )
}
