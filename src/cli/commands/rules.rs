//! `siteplan rules`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::model::{WaivedSeverity, Waiver};
use crate::rulebook;
use pointer_diagnostics::Rule;
use pointer_diagnostics::report::escape_text;

/// List everything that siteplan can complain about
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  siteplan rules\n  siteplan rules --waived")]
pub(in crate::cli) struct RulesArgs {
    /// List the waivers of the fleet instead
    #[arg(long)]
    waived: bool,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &RulesArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    if args.waived {
        let Some(repository) = session.load()? else {
            return Ok(Answer::errors());
        };
        let waivers = &repository.fleet.spec.waivers;
        let text = || waivers.iter().map(render_waiver).collect();
        return Ok(Answer::from(CommandData::new(format, text, || waivers)?));
    }
    let text = || {
        rulebook::all_rules()
            .iter()
            .map(|rule| render_line(rule))
            .collect()
    };
    let list = || -> Vec<Value> {
        rulebook::all_rules()
            .iter()
            .map(|rule| to_value(rule))
            .collect()
    };
    Ok(Answer::from(CommandData::new(format, text, list)?))
}

fn to_value(rule: &Rule) -> Value {
    json!({"code": rule.code, "severity": rule.severity, "summary": rule.summary})
}

fn render_waiver(waiver: &Waiver) -> String {
    let severity = match waiver.severity {
        WaivedSeverity::Off => "off",
        WaivedSeverity::Warn => "warn",
        WaivedSeverity::Error => "error",
    };
    let scope: Vec<&str> = [&waiver.site, &waiver.app, &waiver.object]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let scope = match scope.as_slice() {
        [] => "everywhere".to_owned(),
        parts => parts.join(" "),
    };
    format!(
        "{:<28} {severity:<8} {}  until {}  {}\n",
        escape_text(&waiver.rule),
        escape_text(&scope),
        escape_text(&waiver.until),
        escape_text(&waiver.reason)
    )
}

fn render_line(rule: &Rule) -> String {
    let severity = rule.severity.word();
    format!("{:<28} {severity:<8} {}\n", rule.code, rule.summary)
}
