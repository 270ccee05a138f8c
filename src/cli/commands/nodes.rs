//! `siteplan nodes`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::{DataFormat, DocumentForm, OutputArgs, read_argument};
use crate::cli::session::Session;
use crate::cluster;
use crate::fleet::plan_sites;
use manifest_yaml as yaml;
use pointer_diagnostics::report::escape_text;

/// The command whose output is read.
const NODES: &str = "`oc get nodes -o yaml`";

/// Bring the nodes of a cluster and a site file together
#[derive(Debug, Args)]
pub(in crate::cli) struct NodesArgs {
    #[command(subcommand)]
    command: NodesCommand,
}

#[derive(Debug, Subcommand)]
enum NodesCommand {
    /// Print the pools of a site file from `oc get nodes -o yaml`
    #[command(after_help = "Example: oc get nodes -o yaml | siteplan nodes import")]
    Import {
        /// The output of `oc get nodes -o yaml` [default: standard input]
        nodes: Option<PathBuf>,
        /// Measure the platform's share from the output of `oc get pods -A -o yaml`
        #[arg(long, value_name = "FILE")]
        pods: Option<PathBuf>,
        /// Do not count pods in this namespace as the platform's (can be repeated)
        #[arg(long = "own", value_name = "NAMESPACE", requires = "pods")]
        own: Vec<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Say how a site file and `oc get nodes -o yaml` differ
    #[command(
        after_help = "Exit status: 0 when they agree, 1 when they differ.\n\nExample: oc get nodes -o yaml | siteplan nodes compare acp-plant"
    )]
    Compare {
        /// The site
        site: String,
        /// The output of `oc get nodes -o yaml` [default: standard input]
        nodes: Option<PathBuf>,
        #[command(flatten)]
        output: OutputArgs,
    },
}

impl NodesArgs {
    /// Returns the form of the document that was asked for; `None` for text.
    pub(in crate::cli) fn document(&self) -> Option<DocumentForm> {
        match &self.command {
            NodesCommand::Import { output, .. } | NodesCommand::Compare { output, .. } => {
                output.document()
            }
        }
    }
}

pub(in crate::cli) fn run(args: &NodesArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let report = session.global.format;
    match &args.command {
        NodesCommand::Import {
            nodes,
            pods,
            own,
            output,
        } => {
            let nodes = cluster::read_nodes(&read_argument(nodes.as_deref(), NODES)?)?;
            let own: BTreeSet<String> = own.iter().cloned().collect();
            let reserved = match pods {
                Some(path) => cluster::measure_reserved(&read_argument(Some(path), NODES)?, &own)?,
                None => BTreeMap::new(),
            };
            let pools = cluster::build_pools(&nodes, &reserved);
            let text = || yaml::write_document(&pools);
            let data = CommandData::new(output.resolve(report)?, text, || &pools)?;
            Ok(Answer::from(data))
        }
        NodesCommand::Compare {
            site,
            nodes,
            output,
        } => compare_nodes(site, nodes.as_deref(), output.resolve(report)?, session),
    }
}

fn compare_nodes(
    site: &String,
    nodes: Option<&Path>,
    format: DataFormat,
    session: &mut Session<'_>,
) -> anyhow::Result<Answer> {
    let Some(selected) = session.select(std::slice::from_ref(site))? else {
        return Ok(Answer::errors());
    };
    let names = selected.selection.names();
    let plans = plan_sites(&selected.repository, names, &mut session.found);
    let Some(planned) = plans.first().filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let cluster = cluster::read_nodes(&read_argument(nodes, NODES)?)?;
    let differences = cluster::compare_nodes(planned, &cluster);
    let text = || differences.iter().map(render_line).collect();
    let data = CommandData::new(format, text, || &differences)?;
    let status = if differences.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Differs
    };
    Ok(Answer::new(status).with_data(data))
}

fn render_line(difference: &cluster::NodeDifference) -> String {
    let side = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            escape_text(text).into_owned()
        }
    };
    let cluster::NodeDifference {
        node,
        field,
        site,
        cluster,
    } = difference;
    format!(
        "{}  {}: site file {}, cluster {}\n",
        escape_text(node),
        escape_text(field),
        side(site),
        side(cluster)
    )
}
