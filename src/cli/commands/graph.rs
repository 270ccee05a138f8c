//! `siteplan graph`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::{DataFormat, DocumentForm, resolve_output};
use crate::cli::session::Session;
use crate::fleet::{SyncGraph, SyncStep, plan_sites, sync_graph};

/// Show what is synced in which wave, and why
#[derive(Debug, Args)]
pub(in crate::cli) struct GraphArgs {
    /// The sites to show [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Print in this form [default: text, or json with `--format json`]
    #[arg(short, long, alias = "as", value_enum, value_name = "FORM")]
    output: Option<GraphFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// Waves as indented text
    Text,
    /// One JSON document, with the report in it
    Json,
    /// The same document as YAML
    Yaml,
    /// A Mermaid flowchart, for Markdown
    Mermaid,
    /// Graphviz
    Dot,
}

impl GraphArgs {
    /// Returns the form of the document that was asked for; `None` for text and drawings.
    pub(in crate::cli) fn document(&self) -> Option<DocumentForm> {
        match self.output {
            None | Some(GraphFormat::Text | GraphFormat::Mermaid | GraphFormat::Dot) => None,
            Some(GraphFormat::Json) => Some(DocumentForm::Json),
            Some(GraphFormat::Yaml) => Some(DocumentForm::Yaml),
        }
    }
}

pub(in crate::cli) fn run(args: &GraphArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = resolve_output(
        args.output,
        session.global.format,
        GraphFormat::Text,
        GraphFormat::Json,
    )?;
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let names = selected.selection.names();
    let plans = plan_sites(&selected.repository, names, &mut session.found);
    if session.found.has_errors() {
        return Ok(Answer::errors());
    }
    let graphs: Vec<SyncGraph> = plans.iter().map(sync_graph).collect();
    let draw_all = |draw: fn(&SyncGraph) -> String| {
        let drawn: Vec<String> = graphs.iter().map(draw).collect();
        CommandData::Text(drawn.join("\n"))
    };
    let sites = || serde_json::json!({"sites": graphs});
    Ok(Answer::from(match format {
        GraphFormat::Text => draw_all(draw_text),
        GraphFormat::Mermaid => draw_all(draw_mermaid),
        GraphFormat::Dot => draw_all(draw_dot),
        GraphFormat::Json => CommandData::new(DataFormat::Json, String::new, sites)?,
        GraphFormat::Yaml => CommandData::new(DataFormat::Yaml, String::new, sites)?,
    }))
}

fn steps(graph: &SyncGraph) -> impl Iterator<Item = &SyncStep> {
    graph.waves.iter().flat_map(|wave| &wave.instances)
}

fn draw_text(graph: &SyncGraph) -> String {
    let width = steps(graph).map(|step| step.name.len()).max().unwrap_or(0);
    let mut text = format!("{}\n", graph.site);
    for wave in &graph.waves {
        let _ = writeln!(text, "  wave {}", wave.wave);
        for step in &wave.instances {
            let after = step.after.join(", ");
            let _ = match after.is_empty() {
                true => writeln!(text, "    {}", step.name),
                false => writeln!(text, "    {:<width$}  after {after}", step.name),
            };
        }
    }
    text
}

fn draw_mermaid(graph: &SyncGraph) -> String {
    let site = &graph.site;
    let mut text = "flowchart LR\n".to_owned();
    for wave in &graph.waves {
        let number = wave.wave;
        let _ = writeln!(text, "  subgraph {site}-wave-{number}[\"wave {number}\"]");
        for step in &wave.instances {
            let _ = writeln!(text, "    {}[\"{}\"]", node_id(site, &step.name), step.name);
        }
        let _ = writeln!(text, "  end");
    }
    for step in steps(graph) {
        for before in &step.after {
            let (from, to) = (node_id(site, before), node_id(site, &step.name));
            let _ = writeln!(text, "  {from} --> {to}");
        }
    }
    text
}

fn draw_dot(graph: &SyncGraph) -> String {
    let mut text = format!("digraph \"{}\" {{\n  rankdir=LR;\n", graph.site);
    for wave in &graph.waves {
        let instances = wave.instances.iter();
        let same: Vec<String> = instances.map(|step| format!("\"{}\"", step.name)).collect();
        let _ = writeln!(text, "  {{ rank=same; {} }}", same.join("; "));
    }
    for step in steps(graph) {
        for before in &step.after {
            let _ = writeln!(text, "  \"{before}\" -> \"{}\";", step.name);
        }
    }
    text.push_str("}\n");
    text
}

/// Returns the id of a node in Mermaid, which takes no punctuation.
fn node_id(site: &str, instance: &str) -> String {
    format!("{site}/{instance}").replace(['/', '-', '.'], "_")
}
