//! `siteplan bootstrap`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::bundle::{Bootstrap, BootstrapFiles, BootstrapStep};
use crate::cli::answer::{Answer, CommandData, ExitStatus};
use crate::cli::arguments::{DataFormat, OutputArgs, read_argument};
use crate::cli::session::Session;
use crate::cluster::{self, BootstrapDifference};
use crate::fleet::FleetCompiler;
use pointer_diagnostics::report::escape_text;

/// Print the commands that make Argo CD begin to sync a site, or check what they left
///
/// Nothing is run. The commands patch Argo CD's settings, so that waves wait for each other, and apply what is in `bootstrap/`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status of --check: 0 when all is there, 1 when something is missing.\n\nExample: kubectl -n argocd get configmap argocd-cm -o yaml | siteplan bootstrap acp-plant --check"
)]
pub(in crate::cli) struct BootstrapArgs {
    /// The site
    site: String,
    /// Compare with the cluster, from the output of the last command
    #[arg(long)]
    check: bool,
    /// The output of `kubectl get … -o yaml` [default: standard input]
    #[arg(requires = "check")]
    objects: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(
    args: &BootstrapArgs,
    session: &mut Session<'_>,
) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let Some(selected) = session.select(std::slice::from_ref(&args.site))? else {
        return Ok(Answer::errors());
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let compiled = fleet.compile(selected.selection.names(), &mut session.found);
    let of_fleet = fleet.fleet_files(&mut session.found);
    let Some(site) = compiled.first().filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let bootstrap = Bootstrap::new(
        &selected.repository.fleet.spec.argocd,
        &BootstrapFiles {
            site: &args.site,
            of_site: &site.bootstrap_files,
            of_fleet: &of_fleet,
        },
    );
    if args.check {
        return check_cluster(args, &bootstrap, format);
    }
    let steps = bootstrap.steps(&args.site);
    let text = || steps.iter().map(render_step).collect();
    let data = CommandData::new(format, text, || json!({"steps": steps}))?;
    Ok(Answer::from(data))
}

fn check_cluster(
    args: &BootstrapArgs,
    bootstrap: &Bootstrap,
    format: DataFormat,
) -> anyhow::Result<Answer> {
    let objects = cluster::read_bootstrap(&read_argument(
        args.objects.as_deref(),
        "`kubectl get … -o yaml`",
    )?)?;
    let differences = cluster::compare_bootstrap(bootstrap, &objects);
    let text = || differences.iter().map(render_difference).collect();
    let data = CommandData::new(format, text, || json!({"differences": differences}))?;
    let status = if differences.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Differs
    };
    Ok(Answer::new(status).with_data(data))
}

/// Returns a step as lines of a shell script.
fn render_step(step: &BootstrapStep) -> String {
    format!("# {}\n{}\n", step.purpose, step.command)
}

fn render_difference(difference: &BootstrapDifference) -> String {
    format!(
        "{} {}\n",
        escape_text(&difference.object),
        escape_text(&difference.problem)
    )
}
