//! `siteplan check`.

use anstyle::{AnsiColor, Style};
use anyhow::bail;
use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::ReportFormat;
use crate::cli::changes::{bootstrap_notes, change_line};
use crate::cli::clock::{DAYS_BEFORE_AN_END, add_days, today};
use crate::cli::session::Session;
use crate::compare::{Comparison, text};
use crate::fleet::{
    BaseLedgers, CommittedLedgers, CommittedSites, ComparisonRequest, DifferenceDetail,
    FleetComparison, FleetCompiler, RunDay, compare_fleet, read_base_ledgers,
    report_exception_ends,
};
use crate::model::is_calendar_day;
use crate::nearest::nearest;
use crate::rulebook::{all_rules, find_rule};
use crate::tree::TreePath;
use crate::waivers::report_ended;
use crate::wording::count_noun;
use pointer_diagnostics::report::Look;
use pointer_diagnostics::{DiagnosticVerdict, Diagnostics, Severity};

/// Compile sites and compare with out/, without writing
///
/// For CI: exits with 0 when out/ is what the inputs compile to, with 1 when it is not, with 2 when the inputs have errors. Prints
/// which files differ, and how. Objects that are committed already are checked for updates that an API server refuses.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan check\n  siteplan check --format github\n  siteplan check --deny warnings\n  siteplan check --against origin/main"
)]
pub(in crate::cli) struct CheckArgs {
    /// The sites to check [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Print only the list of files that differ
    #[arg(long)]
    list: bool,
    /// Take warnings for errors: `warnings` for all of them, or the code of a rule
    #[arg(long, value_name = "RULE")]
    deny: Vec<String>,
    /// Tell waivers and exceptions that have ended on this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<String>,
    /// Check updates of the objects that this revision has [default: HEAD]
    #[arg(long, value_name = "REV")]
    against: Option<String>,
}

/// The word that means every warning.
const ALL_WARNINGS: &str = "warnings";

pub(in crate::cli) fn run(args: &CheckArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    refuse_unknown_rules(&args.deny)?;
    let day = choose_day(args.on.as_deref())?;
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let base = read_base_ledgers(&selected.repository, &session.root)?;
    let (out, progress) = (session.out(), session.progress(&selected.selection));
    let known = match &base {
        BaseLedgers::Known(ledgers) => ledgers,
        BaseLedgers::Shallow | BaseLedgers::NoHistory => &CommittedLedgers::new(),
    };
    let before = find_committed(args, session);
    let request = ComparisonRequest {
        out: &out,
        before: Some(&before),
        detail: if args.list {
            DifferenceDetail::Files
        } else {
            DifferenceDetail::Lines
        },
        base: known,
        progress: &progress,
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let comparison = compare_fleet(&fleet, &selected.selection, request, &mut session.found)?;
    refuse_unread(args, &before)?;
    report_ended(&selected.repository.fleet, &day, &mut session.found);
    let day = RunDay {
        soon: add_days(&day, DAYS_BEFORE_AN_END),
        today: day,
    };
    let names = selected.selection.names();
    report_exception_ends(&selected.repository, names, &day, &mut session.found);
    deny_warnings(&args.deny, &mut session.found);
    if session.found.has_errors() {
        return Ok(Answer::errors());
    }
    match session.global.format {
        ReportFormat::Github | ReportFormat::Sarif => {
            comparison.report_stale(&fleet, &mut session.found);
        }
        ReportFormat::Human | ReportFormat::Json => {}
    }
    let mut answer = word_answer(&comparison, session);
    if base == BaseLedgers::Shallow {
        answer = answer.with_note(SHALLOW);
    }
    if let Some(why) = before.problem() {
        answer
            .details
            .push(format!("updates are not checked: {why}"));
    }
    Ok(answer)
}

/// Words a comparison in the form that was asked for.
fn word_answer(comparison: &FleetComparison, session: &Session<'_>) -> Answer {
    let status = if comparison.is_same() {
        ExitStatus::Success
    } else {
        ExitStatus::Differs
    };
    let mut answer = Answer::new(status);
    let changes = differing(comparison).flat_map(|site| &site.changes);
    answer.notes.extend(bootstrap_notes(changes));
    match session.global.format {
        ReportFormat::Human => answer
            .with_data(CommandData::Text(render_text(
                comparison,
                session.console.look(),
            )))
            .with_note(match status {
                ExitStatus::Success => "out/ is up to date",
                ExitStatus::Differs | ExitStatus::Errors => {
                    "out/ is not what the inputs compile to: run `siteplan build` and commit the result"
                }
            }),
        ReportFormat::Json => {
            let sites: Vec<&Comparison> = differing(comparison).collect();
            answer.with_data(CommandData::Json(json!({"sites": sites})))
        }
        ReportFormat::Github | ReportFormat::Sarif => {
            match differing(comparison).map(|c| c.changes.len()).sum() {
                0 => answer,
                1 => answer.with_note("1 file in out/ is not what the inputs compile to: run `siteplan build`"),
                count => answer.with_note(format!(
                    "{} in out/ are not what the inputs compile to: run `siteplan build`",
                    count_noun(count, "file")
                )),
            }
        }
    }
}

/// Says what is not known where the clone has one commit alone.
const SHALLOW: &str = "the clone has no earlier commit: removals were checked against out/ as it is here; fetch more (`fetch-depth: 0`), so \
    that what was deleted from out/ by hand is seen";

/// Refuses codes that no rule has.
fn refuse_unknown_rules(denied: &[String]) -> anyhow::Result<()> {
    for code in denied {
        if code != ALL_WARNINGS && find_rule(code).is_none() {
            let codes = all_rules().iter().map(|rule| rule.code);
            match nearest(code, codes.chain([ALL_WARNINGS])) {
                Some(near) => bail!("there is no rule `{code}`: did you mean `{near}`?"),
                None => bail!("there is no rule `{code}`: `siteplan rules` lists them"),
            }
        }
    }
    Ok(())
}

/// Returns the day that was asked about, else today.
fn choose_day(asked: Option<&str>) -> anyhow::Result<String> {
    match asked {
        Some(day) if is_calendar_day(day) => Ok(day.to_owned()),
        Some(day) => bail!("`{day}` is not a day: write YYYY-MM-DD"),
        None => Ok(today()),
    }
}

/// Makes errors of the warnings that are denied.
fn deny_warnings(denied: &[String], found: &mut Diagnostics) {
    found.decide(|diagnostic| {
        let is_denied = denied
            .iter()
            .any(|code| code == ALL_WARNINGS || code == diagnostic.code);
        DiagnosticVerdict::Told(match diagnostic.severity {
            Severity::Warning if is_denied => Severity::Error,
            severity => severity,
        })
    });
}

/// Names the revision whose objects are updated.
fn find_committed(args: &CheckArgs, session: &Session<'_>) -> CommittedSites {
    match &args.against {
        Some(revision) => CommittedSites::new(&session.root, revision),
        None => CommittedSites::new(&session.root, "HEAD"),
    }
}

/// Fails where the revision that was asked for cannot be read.
fn refuse_unread(args: &CheckArgs, before: &CommittedSites) -> anyhow::Result<()> {
    match before.problem() {
        Some(why) if args.against.is_some() => bail!("updates cannot be checked: {why}"),
        _ => Ok(()),
    }
}

/// Returns the sites that differ.
fn differing(comparison: &FleetComparison) -> impl Iterator<Item = &Comparison> {
    comparison.comparisons().filter(|site| !site.is_same())
}

/// Returns the lines that differ, then the list of files.
fn render_text(comparison: &FleetComparison, look: Look) -> String {
    let mut text = String::new();
    for (path, difference) in comparison.sites.iter().flat_map(|site| &site.differences) {
        text.push_str(&render_difference(path, difference, look));
    }
    for change in differing(comparison).flat_map(|site| &site.changes) {
        text.push_str(&change_line(change));
    }
    text
}

/// Returns the unified difference of a file.
fn render_difference(path: &TreePath, difference: &text::Difference, look: Look) -> String {
    let mut text = format!("--- out/{path}\n+++ out/{path} (compiled)\n");
    for line in difference.to_string().lines() {
        let style = if look.color {
            line_style(line)
        } else {
            Style::new()
        };
        text.push_str(&format!("{style}{line}{style:#}\n"));
    }
    text
}

fn line_style(line: &str) -> Style {
    match line.as_bytes().first() {
        Some(b'+') => AnsiColor::Green.on_default(),
        Some(b'-') => AnsiColor::Red.on_default(),
        Some(b'@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    }
}
