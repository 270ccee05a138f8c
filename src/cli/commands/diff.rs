//! `siteplan diff`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::compare::semantic;
use crate::fleet::{FleetCompiler, RevisionDiff, diff_revision};
use crate::load::FLEET_FILE;
use crate::revision;

/// Show what a change does to the final manifests
///
/// Compiles the sites afresh and compares every final resource, field by field, with what the committed tree of another revision
/// renders to; also where the result has errors, as far as it compiles. Elements of lists are matched by name, values of Secrets are hidden.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 when nothing differs, 1 when something does, 2 on errors.\n\nExamples:\n  siteplan diff\n  siteplan diff --against origin/main acp-plant"
)]
pub(in crate::cli) struct DiffArgs {
    /// The revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    against: String,
    /// The sites to compare [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &DiffArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let before = revision::read(&session.root, &args.against, &["out", "base", FLEET_FILE])
        .with_context(|| format!("reading revision `{}`", args.against))?;
    let progress = session.progress(&selected.selection);
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let diff = diff_revision(
        &fleet,
        &selected.selection,
        &before,
        &progress,
        &mut session.found,
    );
    let diff = match diff {
        Ok(diff) => diff,
        Err(why) => {
            session.found.append(why.problems);
            session.take_texts(why.sources);
            return Ok(Answer::errors());
        }
    };
    let data = CommandData::new(
        format,
        || render_text(&diff),
        || to_value(&diff, &before.commit),
    )?;
    Ok(if session.found.has_errors() {
        Answer::new(ExitStatus::Errors)
            .with_data(data)
            .with_note(WITH_ERRORS)
    } else if diff.sites.is_empty() {
        Answer::from(data).with_note("no final manifest differs")
    } else {
        Answer::new(ExitStatus::Differs).with_data(data)
    })
}

/// Says what a comparison with errors leaves out.
const WITH_ERRORS: &str = "there are errors: sites whose manifests could not be made are not compared, and nothing of this would be built";

fn render_text(diff: &RevisionDiff) -> String {
    let sites = diff.sites.iter();
    let sections: Vec<String> = sites
        .map(|(site, differences)| format!("{site}: {differences}"))
        .collect();
    sections.join("\n")
}

fn to_value(diff: &RevisionDiff, commit: &str) -> Value {
    let mut sites = BTreeMap::new();
    for (site, differences) in &diff.sites {
        sites.insert(site, semantic::to_json(differences));
    }
    json!({"against": commit, "sites": sites})
}
