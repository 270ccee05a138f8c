//! `siteplan rules`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::rulebook;
use pointer_diagnostics::Rule;

/// List everything that siteplan can complain about
#[derive(Debug, Args)]
pub(in crate::cli) struct RulesArgs {
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &RulesArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
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

fn render_line(rule: &Rule) -> String {
    let severity = rule.severity.word();
    format!("{:<28} {severity:<8} {}\n", rule.code, rule.summary)
}
