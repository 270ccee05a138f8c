//! `siteplan diff`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::{DataFormat, DocumentForm, resolve_output};
use crate::cli::session::Session;
use crate::compare::semantic;
use crate::fleet::{FleetCompiler, RevisionDiff, diff_revision};
use crate::load::FLEET_FILE;
use crate::review::{Review, print_markdown, print_text};
use crate::revision;

/// Show what a change does to the final manifests
///
/// Compiles the sites afresh and compares every final resource, field by field, with what the committed tree of another revision
/// renders to; also where the result has errors, as far as it compiles. Elements of lists are matched by name, values of Secrets are hidden.
/// What changes alike in several sites is shown once, for the first of them; what is dangerous comes first.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 when nothing differs, 1 when something does, 2 on errors.\n\nExamples:\n  siteplan diff\n  siteplan diff --against origin/main acp-plant\n  siteplan diff --against origin/main -o markdown > comment.md"
)]
pub(in crate::cli) struct DiffArgs {
    /// The revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    against: String,
    /// The sites to compare [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Print in this form [default: text, or json with `--format json`]
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<DiffFormat>,
}

/// The form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// Text for people
    Text,
    /// A comment on a pull request, of 65,000 bytes at most; nothing where nothing differs
    Markdown,
    /// One JSON document, with the report in it
    Json,
    /// The same document as YAML
    Yaml,
}

impl DiffArgs {
    /// Returns the form of the document that was asked for; `None` for text.
    pub(in crate::cli) fn document(&self) -> Option<DocumentForm> {
        match self.output {
            None | Some(DiffFormat::Text | DiffFormat::Markdown) => None,
            Some(DiffFormat::Json) => Some(DocumentForm::Json),
            Some(DiffFormat::Yaml) => Some(DocumentForm::Yaml),
        }
    }
}

pub(in crate::cli) fn run(args: &DiffArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = resolve_output(
        args.output,
        session.global.format,
        DiffFormat::Text,
        DiffFormat::Json,
    )?;
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
    let review = diff.review();
    let value = || to_value(&diff, &review, &before.commit);
    let data = match format {
        DiffFormat::Text => CommandData::Text(render_text(&review)),
        DiffFormat::Markdown => CommandData::Text(print_markdown(&review)),
        DiffFormat::Json => CommandData::new(DataFormat::Json, String::new, value)?,
        DiffFormat::Yaml => CommandData::new(DataFormat::Yaml, String::new, value)?,
    };
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

fn render_text(review: &Review) -> String {
    if review.differing.is_empty() {
        String::new()
    } else {
        print_text(review)
    }
}

fn to_value(diff: &RevisionDiff, review: &Review, commit: &str) -> Value {
    let mut sites = BTreeMap::new();
    for (site, change) in &diff.sites {
        sites.insert(site, semantic::to_json(&change.differences));
    }
    json!({"against": commit, "sites": sites, "review": review.to_value()})
}
