//! `siteplan exceptions`.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::load::Site;
use crate::model::Exception;
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
}

pub(in crate::cli) fn run(
    args: &ExceptionsArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    if let Some(day) = args.on.as_ref().filter(|day| !is_calendar_day(day)) {
        bail!("`{day}` is not a day: write YYYY-MM-DD");
    }
    let mut session = Session::open(global, console)?;
    let sites = session.load_sites(&args.sites)?;
    let failed = session.found.has_errors();
    session.report()?;
    if failed {
        return Ok(Outcome::Errors);
    }
    let ended = |e: &Exception| args.on.as_ref().is_some_and(|day| e.until < *day);
    let all = || {
        sites
            .iter()
            .flat_map(|site| site.spec.exceptions.iter().map(move |e| (site, e)))
    };
    console.data(&match console.format() {
        Format::Json => format!(
            "{:#}\n",
            all()
                .map(|(site, e)| entry(site, e, ended(e)))
                .collect::<Value>()
        ),
        _ => all().map(|(site, e)| line(site, e, ended(e))).collect(),
    })?;
    Ok(if all().any(|(_, e)| ended(e)) {
        Outcome::Differs
    } else {
        Outcome::Good
    })
}

fn line(site: &Site, exception: &Exception, ended: bool) -> String {
    let Exception {
        app, until, reason, ..
    } = exception;
    let ended = if ended { "  ENDED" } else { "" };
    format!(
        "{}/{}  until {}{ended}  {}\n",
        site.name,
        escape_text(app),
        escape_text(until),
        escape_text(reason)
    )
}

fn entry(site: &Site, exception: &Exception, ended: bool) -> Value {
    let Exception {
        app,
        until,
        reason,
        patch,
    } = exception;
    json!({"site": site.name, "app": app, "until": until, "reason": reason, "patch": patch, "ended": ended})
}
