//! `siteplan place`.

use anyhow::bail;
use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::OutputArgs;
use crate::cli::placement_report;
use crate::cli::session::Session;
use crate::fleet::{FleetCompiler, NodeScenario, prove_placement};

/// Show where the pods of sites run, and what the loss of each node does
///
/// Prints, for each workload, its pods, the nodes on which they may run, where the proof puts them, the loss that is worst for it, and how
/// many more of its pods would have room then; and what each loss that the site promises to survive does to each workload. With --without
/// and --add, the same after the loss of these nodes, or with more nodes, and the manifests as they are.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan place acp-plant\n  siteplan place acp-plant --without acp-1\n  siteplan place fusion-hetero --add arch=arm64,cpu=16,memory=64Gi\n  siteplan place acp-plant --add pool=acp,memory=128Gi"
)]
pub(in crate::cli) struct PlaceArgs {
    /// The sites to show [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
    /// Take a node for lost; several are lost together
    #[arg(long, value_name = "NODE")]
    without: Vec<String>,
    /// Add a node: arch or pool, and resources, zone, label.KEY
    #[arg(long, value_name = "KEY=VALUE,…")]
    add: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &PlaceArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let scenario = NodeScenario {
        lost: args.without.clone(),
        added: args.add.clone(),
    };
    let Some(selected) = session.select(&args.sites)? else {
        return Ok(Answer::errors());
    };
    let names = selected.selection.names();
    if names.len() > 1 && !scenario.is_empty() {
        bail!("`--without` and `--add` are about the nodes of one site: name it");
    }
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let overviews = prove_placement(&fleet, names, &scenario, &mut session.found)?;
    let text = || {
        let look = session.console.look();
        let overviews = overviews.iter();
        let tables: Vec<String> = overviews
            .map(|overview| placement_report::render_placement(overview, look))
            .collect();
        tables.join("\n")
    };
    let data = CommandData::new(format, text, || json!({"places": overviews}))?;
    let status = if session.found.has_errors() {
        ExitStatus::Errors
    } else {
        ExitStatus::Success
    };
    Ok(Answer::new(status).with_data(data))
}
