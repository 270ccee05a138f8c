//! `siteplan check`.

use anyhow::bail;
use clap::Args;
use serde_json::json;

use super::build::gone;
use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::cli::sync::{self, Held};
use crate::compare::{self, ChangeKind, Comparison, Present, text};
use crate::plan::RESERVED_SITE;
use crate::tree::{Tree, TreePath};
use crate::write;
use pointer_diagnostics::report::escape_text;

/// Compile sites and compare with out/, without writing
///
/// For CI: exits with 0 when out/ is what the inputs compile to, with 1 when it is not, with 2 when the inputs have errors. Prints
/// which files differ, and how.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  siteplan check\n  siteplan check --format github")]
pub(in crate::cli) struct CheckArgs {
    /// The sites to check [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Print only the list of files that differ
    #[arg(long)]
    list: bool,
}

pub(in crate::cli) fn run(
    args: &CheckArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let names = session.sites(&args.sites)?;
    let out = session.out();
    if write::interrupted(&out)? {
        bail!(
            "a build was interrupted while it replaced files in `{}`: run `siteplan build` to finish it",
            out.display()
        );
    }
    let hold = |site: &str,
                tree: &Tree|
     -> anyhow::Result<(Comparison, Vec<(TreePath, text::Difference)>)> {
        let present = write::read_site(&out, site, tree)?;
        let comparison = compare::compare(&present, tree);
        let differences = if args.list {
            Vec::new()
        } else {
            differences(&comparison, &present, tree)
        };
        Ok((comparison, differences))
    };
    let held = session.compile_each(&names, |site| {
        let (comparison, differences) = hold(&site.plan.name, &site.tree)?;
        Ok(sync::held(&site, comparison, differences))
    });
    let mut held = held.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let mut found = std::mem::take(&mut session.found);
    if let Some(tree) = sync::fleet_tree(&session, &mut found) {
        let (comparison, differences) = hold(RESERVED_SITE, &tree)?;
        held.push(sync::held_fleet(&tree, comparison, differences));
    }
    session.found = found;
    let gone = if args.sites.is_empty() && session.repository.is_some() {
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
    print(console, &held, &gone)?;
    let same = held
        .iter()
        .map(|h| &h.comparison)
        .chain(&gone)
        .all(Comparison::is_same);
    Ok(if same {
        Outcome::Good
    } else {
        Outcome::Differs
    })
}

/// The text difference of every file that differs.
fn differences(
    comparison: &Comparison,
    present: &Present,
    tree: &Tree,
) -> Vec<(TreePath, text::Difference)> {
    let text = comparison
        .changes
        .iter()
        .filter(|c| !c.path.as_str().ends_with(crate::ledger::FILE));
    text.map(|change| {
        let old = present
            .files
            .get(&change.path)
            .and_then(|f| f.bytes.as_deref())
            .unwrap_or_default();
        let new = tree.get(&change.path).unwrap_or_default();
        (change.path.clone(), text::difference(old, new))
    })
    .collect()
}

fn print(console: &Console, held: &[Held], gone: &[Comparison]) -> anyhow::Result<()> {
    let comparisons = || {
        held.iter()
            .map(|h| &h.comparison)
            .chain(gone)
            .filter(|c| !c.is_same())
    };
    match console.format() {
        Format::Human => {
            let look = console.look();
            let texts = held.iter().flat_map(|h| &h.differences);
            let mut text: String = texts
                .map(|(path, difference)| unified(path, difference, look.color))
                .collect();
            text.extend(comparisons().flat_map(|c| c.changes.iter().map(line)));
            text.extend(comparisons().flat_map(|c| {
                c.inputs
                    .iter()
                    .map(|i| format!("input      {} {:?}\n", i.path, i.kind).to_lowercase())
            }));
            console.data(&text)?;
            console.note(match comparisons().next() {
                None => "out/ is up to date",
                Some(_) => "out/ is not what the inputs compile to: run `siteplan build` and commit the result",
            });
            Ok(())
        }
        Format::Json => {
            console.json(json!({"version": 1, "sites": comparisons().collect::<Vec<_>>()}))
        }
        Format::Github | Format::Sarif => {
            let count = comparisons().map(|c| c.changes.len()).sum::<usize>();
            if count > 0 {
                console.note(&format!(
                    "{count} files in out/ are not what the inputs compile to: run `siteplan build`"
                ));
            }
            Ok(())
        }
    }
}

fn unified(path: &TreePath, difference: &text::Difference, color: bool) -> String {
    let body = difference.to_string();
    let painted: String = body.lines().map(|line| painted(line, color)).collect();
    format!("--- out/{path}\n+++ out/{path} (compiled)\n{painted}")
}

fn painted(line: &str, color: bool) -> String {
    let code = match line.as_bytes().first() {
        Some(b'+') if color => "32",
        Some(b'-') if color => "31",
        Some(b'@') if color => "36",
        _ => return format!("{line}\n"),
    };
    format!("\u{1b}[{code}m{line}\u{1b}[0m\n")
}

fn line(change: &compare::Change) -> String {
    let kind = match (change.kind, change.edited) {
        (ChangeKind::Added, false) => "added",
        (ChangeKind::Added, true) => "removed by hand",
        (ChangeKind::Changed, false) => "changed",
        (ChangeKind::Changed, true) => "edited by hand",
        (ChangeKind::Stale, _) => "stale",
    };
    format!("{kind:<15} out/{}\n", escape_text(change.path.as_str()))
}
