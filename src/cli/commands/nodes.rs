//! `siteplan nodes`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::cluster;
use manifest_yaml as yaml;
use pointer_diagnostics::report::escape_text;

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
    },
}

pub(in crate::cli) fn run(
    args: &NodesArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    match &args.command {
        NodesCommand::Import { nodes, pods, own } => {
            import(nodes.as_deref(), pods.as_deref(), own, console)
        }
        NodesCommand::Compare { site, nodes } => compare(site, nodes.as_deref(), global, console),
    }
}

fn import(
    nodes: Option<&Path>,
    pods: Option<&Path>,
    own: &[String],
    console: &Console,
) -> anyhow::Result<Outcome> {
    let nodes = cluster::read_nodes(&read(nodes)?)?;
    let own: BTreeSet<String> = own.iter().cloned().collect();
    let reserved = match pods {
        Some(path) => cluster::measure_reserved(&read(Some(path))?, &own)?,
        None => BTreeMap::new(),
    };
    let pools = cluster::build_pools(&nodes, &reserved);
    console.data(&match console.format() {
        Format::Json => format!("{pools:#}\n"),
        _ => yaml::write_document(&pools),
    })?;
    Ok(Outcome::Good)
}

fn compare(
    site: &String,
    nodes: Option<&Path>,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let planned = session.plan_sites(std::slice::from_ref(site))?.pop();
    let failed = session.found.has_errors();
    session.report()?;
    let Some(planned) = planned.filter(|_| !failed) else {
        return Ok(Outcome::Errors);
    };
    let differences = cluster::compare_nodes(&planned, &cluster::read_nodes(&read(nodes)?)?);
    let text = match console.format() {
        Format::Json => format!("{:#}\n", serde_json::to_value(&differences)?),
        _ => differences.iter().map(line).collect(),
    };
    console.data(&text)?;
    Ok(if differences.is_empty() {
        Outcome::Good
    } else {
        Outcome::Differs
    })
}

fn line(difference: &cluster::NodeDifference) -> String {
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

/// Reads a file that the command line names, or standard input.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller's own file, which may be a pipe, and no path of the repository"
)]
fn read(path: Option<&Path>) -> anyhow::Result<String> {
    if let Some(path) = path {
        return std::fs::read_to_string(path)
            .with_context(|| format!("reading `{}`", path.display()));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("reading standard input")?;
    if text.trim().is_empty() {
        bail!("nothing on standard input: expected the output of `oc get nodes -o yaml`");
    }
    Ok(text)
}
