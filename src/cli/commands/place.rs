//! `siteplan place`.

use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::placement_report;
use crate::cli::session::Session;
use crate::compile::Compiler;
use crate::fit::{Overview, add_node, without_nodes};

/// Show where the pods of a site run, and what the loss of each node does
///
/// Prints, for each workload, its pods, the nodes on which they may run, where the proof puts them, the loss that is worst for it, and how
/// many more of its pods would have room then; and what each loss that the site promises to survive does to each workload. With --without
/// and --add, the same after the loss of these nodes, or with more nodes, and the manifests as they are.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan place acp-plant\n  siteplan place acp-plant --without acp-1\n  siteplan place fusion-hetero --add arch=arm64,cpu=16,memory=64Gi\n  siteplan place acp-plant --add pool=acp,memory=128Gi"
)]
pub(in crate::cli) struct PlaceArgs {
    /// The site
    #[arg(value_name = "SITE")]
    site: String,
    /// Take a node for lost; several are lost together
    #[arg(long, value_name = "NODE")]
    without: Vec<String>,
    /// Add a node: arch or pool, and resources, zone, label.KEY
    #[arg(long, value_name = "KEY=VALUE,…")]
    add: Vec<String>,
}

pub(in crate::cli) fn run(
    args: &PlaceArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let names = session.sites(std::slice::from_ref(&args.site))?;
    let mut overviews = Vec::new();
    if let Some(repository) = &session.repository {
        let (compiler, problems) = Compiler::new(repository);
        session.found.append(problems);
        for name in &names {
            let (site, problems) = compiler.attempt(name);
            let Some(mut site) = site else {
                session.found.append(problems);
                continue;
            };
            if args.without.is_empty() && args.add.is_empty() {
                session.found.append(problems);
            } else {
                if !args.without.is_empty() {
                    site.plan = without_nodes(&site.plan, &args.without)?;
                }
                for node in &args.add {
                    site.plan = add_node(&site.plan, node)?;
                }
                let (fit, problems) = compiler.fit(&site.plan, &site.rendered);
                session.found.append(problems);
                site.fit = fit;
            }
            overviews.push(Overview::of(name, &site.fit));
        }
    }
    let failed = session.found.has_errors();
    session.report()?;
    if console.format() == Format::Json {
        console.json(json!({"version": 1, "places": overviews}))?;
    } else {
        let text: Vec<String> = overviews
            .iter()
            .map(|o| placement_report::render_placement(o, console.look()))
            .collect();
        console.data(&text.join("\n"))?;
    }
    Ok(if failed {
        Outcome::Errors
    } else {
        Outcome::Good
    })
}
