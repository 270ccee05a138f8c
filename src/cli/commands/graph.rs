//! `siteplan graph`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Args, ValueEnum};

use crate::cli::Outcome;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::plan::{Instance, SitePlan};

/// Show what is synced in which wave, and why
#[derive(Debug, Args)]
pub(in crate::cli) struct GraphArgs {
    /// The sites to show [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// The form of the graph
    #[arg(long = "as", value_enum, default_value_t = Form::Text, value_name = "FORM")]
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Waves as indented text
    Text,
    /// A Mermaid flowchart, for Markdown
    Mermaid,
    /// Graphviz
    Dot,
}

pub(in crate::cli) fn run(
    args: &GraphArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let plans = session.plan_sites(&args.sites)?;
    let failed = session.found.has_errors();
    session.report()?;
    if failed {
        return Ok(Outcome::Errors);
    }
    let draw = match args.form {
        Form::Text => text,
        Form::Mermaid => mermaid,
        Form::Dot => dot,
    };
    let drawn: Vec<String> = plans.iter().map(draw).collect();
    console.data(&drawn.join("\n"))?;
    Ok(Outcome::Good)
}

fn waves(plan: &SitePlan) -> BTreeMap<u32, Vec<&Instance>> {
    let mut waves: BTreeMap<u32, Vec<&Instance>> = BTreeMap::new();
    for instance in &plan.instances {
        waves.entry(instance.wave).or_default().push(instance);
    }
    waves
}

/// What an instance comes after, without what the others there come after anyway.
fn direct<'a>(plan: &'a SitePlan, instance: &'a Instance) -> Vec<&'a str> {
    let after = |name: &str| {
        plan.instance(name)
            .map(|i| i.after.as_slice())
            .unwrap_or_default()
    };
    let implied = |name: &String| {
        instance
            .after
            .iter()
            .any(|other| after(other).contains(name))
    };
    instance
        .after
        .iter()
        .filter(|name| !implied(name))
        .map(String::as_str)
        .collect()
}

fn text(plan: &SitePlan) -> String {
    let width = plan
        .instances
        .iter()
        .map(|i| i.name.len())
        .max()
        .unwrap_or(0);
    let mut text = format!("{}\n", plan.name);
    for (wave, instances) in waves(plan) {
        let _ = writeln!(text, "  wave {wave}");
        for instance in instances {
            let after = direct(plan, instance).join(", ");
            let line = match after.is_empty() {
                true => format!("    {}", instance.name),
                false => format!("    {:<width$}  after {after}", instance.name),
            };
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

fn mermaid(plan: &SitePlan) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (wave, instances) in waves(plan) {
        let _ = writeln!(
            text,
            "  subgraph {}-wave-{wave}[\"wave {wave}\"]",
            plan.name
        );
        for instance in instances {
            let _ = writeln!(
                text,
                "    {}[\"{}\"]",
                key(plan, &instance.name),
                instance.name
            );
        }
        let _ = writeln!(text, "  end");
    }
    edges(plan, |from, to| {
        let _ = writeln!(text, "  {} --> {}", key(plan, from), key(plan, to));
    });
    text
}

fn dot(plan: &SitePlan) -> String {
    let mut text = format!("digraph \"{}\" {{\n  rankdir=LR;\n", plan.name);
    for (_, instances) in waves(plan) {
        let same: Vec<String> = instances
            .iter()
            .map(|i| format!("\"{}\"", i.name))
            .collect();
        let _ = writeln!(text, "  {{ rank=same; {} }}", same.join("; "));
    }
    edges(plan, |from, to| {
        let _ = writeln!(text, "  \"{from}\" -> \"{to}\";");
    });
    text.push_str("}\n");
    text
}

fn edges(plan: &SitePlan, mut draw: impl FnMut(&str, &str)) {
    for instance in &plan.instances {
        for before in direct(plan, instance) {
            draw(before, &instance.name);
        }
    }
}

fn key(plan: &SitePlan, instance: &str) -> String {
    format!("{}/{instance}", plan.name).replace(['/', '-', '.'], "_")
}
