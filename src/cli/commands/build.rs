//! `siteplan build`.

use anyhow::Context as _;
use clap::Args;

use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::changes::bootstrap_notes;
use crate::cli::clock::{DAYS_BEFORE_AN_END, add_days, today};
use crate::cli::session::{SelectedSites, Session};
use crate::cli::signals::Interruption;
use crate::compare::ChangeKind;
use crate::compile::UnguardedLeftovers;
use crate::fleet::{
    CommittedSites, CompileInput, FleetCompiler, RunDay, report_exception_ends, write_fleet,
};
use crate::wording::count_noun;
use crate::write::Written;
use pointer_diagnostics::{DiagnosticVerdict, Diagnostics, Severity};

/// Compile sites and replace their part of out/
///
/// Every site is compiled and validated first, and staged beside out/. When there is no error, out/ is exchanged in one step;
/// files that did not change keep their times. With SITE, only these sites are compiled and replaced.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  siteplan build\n  siteplan build acp-plant fusion-hetero")]
pub(in crate::cli) struct BuildArgs {
    /// The sites to build [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Argo CD has removed what the sites are rid of: permit no longer what nobody had to approve
    #[arg(long)]
    settled: bool,
}

pub(in crate::cli) fn run(args: &BuildArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let interruption = Interruption::watch().context("signals cannot be handled")?;
    let out = session.out();
    let progress = session.progress(&selected.selection).until(interruption);
    let unguarded = if args.settled {
        UnguardedLeftovers::Drop
    } else {
        UnguardedLeftovers::Keep
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let fleet = fleet.with_unguarded(unguarded);
    let before = CommittedSites::new(&session.root, "HEAD");
    let input = CompileInput {
        selection: &selected.selection,
        before: Some(&before),
        progress: &progress,
    };
    let written = write_fleet(&fleet, input, &out, &mut session.found)?;
    report_ends(&selected, session);
    let mut answer = match written {
        Some(written) => word_answer(&written, selected.selection.names().len()),
        None => Answer::errors(),
    };
    if let Some(why) = before.problem() {
        answer
            .details
            .push(format!("updates are not checked: {why}"));
    }
    Ok(answer)
}

/// Warns of exceptions that have ended or end soon. Whatever the fleet makes of an end, what is written does not depend on the day.
fn report_ends(selected: &SelectedSites, session: &mut Session<'_>) {
    let today = today();
    let day = RunDay {
        soon: add_days(&today, DAYS_BEFORE_AN_END),
        today,
    };
    let mut ends = Diagnostics::new();
    let names = selected.selection.names();
    report_exception_ends(&selected.repository, names, &day, &mut ends);
    ends.decide(|_| DiagnosticVerdict::Told(Severity::Warning));
    session.found.append(ends);
}

/// Says what was written.
fn word_answer(written: &Written, sites: usize) -> Answer {
    let mut answer = Answer::new(ExitStatus::Success);
    for change in written.sites.iter().flat_map(|site| &site.changes) {
        let word = change.kind.word();
        answer.details.push(format!("  {word} out/{}", change.path));
    }
    let changes = written.sites.iter().flat_map(|site| &site.changes);
    answer.notes.extend(bootstrap_notes(changes));
    for warning in &written.warnings {
        answer.notes.push(format!("warning: {warning}"));
    }
    let count = |kind| written.sites.iter().map(|site| site.count(kind)).sum();
    let (added, changed, stale): (usize, usize, usize) = (
        count(ChangeKind::Added),
        count(ChangeKind::Changed),
        count(ChangeKind::Stale),
    );
    let built = count_noun(sites, "site");
    answer.with_note(match added + changed + stale {
        0 => format!("{built} built: out/ is up to date"),
        _ => format!(
            "{built} built: {} added, {changed} changed, {stale} removed in out/",
            count_noun(added, "file")
        ),
    })
}
