//! `siteplan explain`.

use std::fmt::Write as _;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::fleet::{FieldExplanation, FleetCompiler, explain_object, nearest_object, read_sources};
use crate::nearest::nearest;
use crate::rulebook;
use pointer_diagnostics::report::{self, escape_text};
use pointer_diagnostics::{FieldPart, Origin, Position, Sources};

/// Explain a diagnostic, or where the fields of an object come from
///
/// With a code, print the long form of the diagnostic: what it finds, why it matters, an example, how to fix it. With a site and
/// an object, print every field that siteplan wrote into it, with the rule and the lines of the inputs that asked for it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan explain no-eligible-node\n  siteplan explain acp-plant Deployment/plant-web affinity"
)]
pub(in crate::cli) struct ExplainArgs {
    /// The code of a diagnostic, or the name of a site
    #[arg(value_name = "CODE|SITE")]
    what: String,
    /// The object, where a site was named
    #[arg(value_name = "KIND/NAME")]
    object: Option<String>,
    /// Only fields whose path contains this
    #[arg(requires = "object")]
    field: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &ExplainArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    match &args.object {
        Some(object) => explain_fields(args, object, session),
        None => explain_code(args, session),
    }
}

fn explain_code(args: &ExplainArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let code = args.what.as_str();
    let Some(rule) = rulebook::find_rule(code) else {
        match nearest(code, rulebook::all_rules().iter().map(|r| r.code)) {
            Some(near) => bail!("there is no diagnostic `{code}`: did you mean `{near}`?"),
            None => bail!(
                "there is no diagnostic `{code}`: `siteplan rules` lists all; to explain an object, name it too"
            ),
        }
    };
    let text = || report::print_rule_page(rule, session.console.look());
    let value = || json!({"code": rule.code, "severity": rule.severity, "summary": rule.summary, "page": rule.explain});
    Ok(Answer::from(CommandData::new(format, text, value)?))
}

fn explain_fields(
    args: &ExplainArgs,
    object: &str,
    session: &mut Session<'_>,
) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let Some(selected) = session.select(std::slice::from_ref(&args.what))? else {
        return Ok(Answer::errors());
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let compiled = fleet.compile(selected.selection.names(), &mut session.found);
    let Some(site) = compiled.first().filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let explanations = explain_object(site, object, args.field.as_deref());
    if explanations.is_empty() {
        let name = &args.what;
        match nearest_object(site, object) {
            Some(near) => {
                bail!("there is no object `{object}` on `{name}`: did you mean `{near}`?")
            }
            None => bail!(
                "siteplan writes nothing into `{object}` on this site; `siteplan render {name}` shows its objects"
            ),
        }
    }
    let origins = explanations.iter().flat_map(|field| &field.origins);
    let sources = read_sources(
        &selected.repository.files,
        origins.map(|origin| origin.file.as_ref()),
    );
    let text = || render_text(&explanations, &args.what, &sources);
    let value = || json!({"site": args.what, "fields": list_fields(&explanations, &sources)});
    Ok(Answer::from(CommandData::new(format, text, value)?))
}

/// Returns the fields in the order of writing, each with its rule, value and origins, under the object of the first.
fn render_text(fields: &[FieldExplanation], site: &str, sources: &Sources) -> String {
    let mut text = String::new();
    for field in fields {
        if text.is_empty() {
            let (object, instance) = (&field.object, &field.instance);
            let _ = writeln!(text, "{} ({instance} on {site})", escape_text(object));
        }
        let pointer = escape_text(field.pointer.as_str());
        let _ = writeln!(text, "\n  {pointer}   ({})", field.rule);
        let value = field.value.as_ref().map(manifest_yaml::write_document);
        for line in value.unwrap_or_default().lines() {
            let _ = writeln!(text, "      {}", escape_text(line));
        }
        for origin in &field.origins {
            let at = locate(origin, sources);
            let file = escape_text(&origin.file);
            let _ = writeln!(text, "      from {file}:{}:{}", at.line, at.column);
        }
    }
    text
}

fn list_fields(fields: &[FieldExplanation], sources: &Sources) -> Vec<Value> {
    let mut listed = Vec::with_capacity(fields.len());
    for field in fields {
        let mut origins = Vec::new();
        for origin in &field.origins {
            let at = locate(origin, sources);
            let (file, pointer) = (origin.file.as_ref(), &origin.pointer);
            let place =
                json!({"file": file, "pointer": pointer, "line": at.line, "column": at.column});
            origins.push(place);
        }
        listed.push(json!({
            "object": field.object,
            "instance": field.instance,
            "pointer": field.pointer,
            "rule": field.rule,
            "value": field.value,
            "origins": origins,
        }));
    }
    listed
}

fn locate(origin: &Origin, sources: &Sources) -> Position {
    sources.position(&origin.file, sources.bytes(origin, FieldPart::Key).start)
}
