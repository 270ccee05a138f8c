//! `siteplan build`.

use anyhow::Context as _;
use clap::Args;

use crate::cli::Outcome;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::cli::sync;
use crate::compare::{ChangeKind, Comparison};
use crate::plan::RESERVED_SITE;
use crate::write::{self, Scope, Writer, Written};

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
}

pub(in crate::cli) fn run(
    args: &BuildArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let names = session.sites(&args.sites)?;
    if session.repository.is_none() {
        session.report()?;
        return Ok(Outcome::Errors);
    }
    let writer = Writer::begin(&session.out()).context("preparing out/")?;
    let scope = if args.sites.is_empty() {
        Scope::All
    } else {
        Scope::Given
    };
    let held = session.compile_each(&names, |site| {
        let comparison = writer.replace(&site.plan.name, &site.tree)?;
        Ok(sync::held(&site, comparison, Vec::new()))
    });
    let mut held = held
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()
        .context("staging")?;
    let mut found = std::mem::take(&mut session.found);
    if let Some(tree) = sync::fleet_tree(&session, &mut found) {
        let comparison = writer.replace(RESERVED_SITE, &tree)?;
        held.push(sync::held_fleet(&tree, comparison, Vec::new()));
    }
    session.found = found;
    let gone = if scope == Scope::All {
        gone(&session, &held)?
    } else {
        Vec::new()
    };
    sync::check_fleet(&mut session, &held, &gone);
    let failed = session.found.has_errors();
    session.report()?;
    if failed {
        return Ok(Outcome::Errors);
    }
    let written = writer.finish(&scope).context("writing out/")?;
    say(&written, console);
    Ok(Outcome::Good)
}

/// What is in out/ of sites that are compiled no more.
pub(in crate::cli) fn gone(
    session: &Session<'_>,
    held: &[sync::Held],
) -> anyhow::Result<Vec<Comparison>> {
    let names = write::site_names(&session.out())?;
    let gone = names
        .into_iter()
        .filter(|name| !held.iter().any(|h| h.comparison.site == *name));
    let broken = |name: &String| {
        session
            .repository
            .as_ref()
            .is_some_and(|r| r.sites.contains_key(name))
    };
    let nothing = crate::tree::Tree::new();
    gone.filter(|name| !broken(name))
        .map(|name| {
            Ok(crate::compare::compare(
                &write::read_site(&session.out(), &name, &nothing)?,
                &nothing,
            ))
        })
        .collect()
}

fn say(written: &Written, console: &Console) {
    let count = |kind| written.sites.iter().map(|c| c.count(kind)).sum::<usize>();
    let (added, changed, stale) = (
        count(ChangeKind::Added),
        count(ChangeKind::Changed),
        count(ChangeKind::Stale),
    );
    for warning in &written.warnings {
        console.note(&format!("warning: {warning}"));
    }
    for change in written.sites.iter().flat_map(|c| &c.changes) {
        console.detail(&format!("  {:?} out/{}", change.kind, change.path).to_lowercase());
    }
    let sites = written.sites.len();
    let what = if sites == 1 {
        "1 site".to_owned()
    } else {
        format!("{sites} sites")
    };
    console.note(&match added + changed + stale {
        0 => format!("{what} built: out/ is up to date"),
        _ => {
            format!("{what} built: {added} files added, {changed} changed, {stale} removed in out/")
        }
    });
}
