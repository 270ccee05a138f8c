//! `siteplan rules`.

use crate::cli::Outcome;
use crate::cli::args::Format;
use crate::cli::console::Console;
use crate::rulebook;
use pointer_diagnostics::Rule;

pub(in crate::cli) fn run(console: &Console) -> anyhow::Result<Outcome> {
    let text = match console.format() {
        Format::Json => {
            let list: Vec<_> = rulebook::all_rules()
                .iter()
                .map(|r| serde_json::json!({"code": r.code, "severity": r.severity, "summary": r.summary}))
                .collect();
            format!("{}\n", serde_json::to_string_pretty(&list)?)
        }
        _ => rulebook::all_rules()
            .iter()
            .map(|rule| line(rule))
            .collect(),
    };
    console.data(&text)?;
    Ok(Outcome::Good)
}

fn line(rule: &Rule) -> String {
    format!(
        "{:<28} {:<8} {}\n",
        rule.code,
        rule.severity.word(),
        rule.summary
    )
}
