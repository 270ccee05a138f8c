//! `siteplan render`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::Outcome;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::session::{Session, sources_of};
use crate::load::FLEET_FILE;
use crate::manifest::Object;
use manifest_yaml as yaml;
use rustomize::{DiskFiles, Renderer};

/// Print final manifests: of a site, of one instance, or of any kustomization
///
/// A site is compiled afresh and out/ is not touched. A directory is rendered as `kustomize build` would, byte for byte, and needs no
/// fleet around it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan render acp-plant\n  siteplan render acp-plant/odf\n  siteplan render ./base/apps/odf"
)]
pub(in crate::cli) struct RenderArgs {
    /// A kustomization directory, a site, or an instance of a site
    #[arg(value_name = "DIR|SITE[/INSTANCE]")]
    what: String,
}

pub(in crate::cli) fn run(
    args: &RenderArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let directory = global.directory.join(&args.what);
    if directory.is_dir() {
        return render_directory(&directory, console);
    }
    let (site, instance) = args
        .what
        .split_once('/')
        .map_or((args.what.as_str(), None), |(s, i)| (s, Some(i)));
    render_site(site, instance, global, console)
}

/// Renders any kustomization on disk. It may refer to directories around it, as far as its git repository reaches, or where there is
/// none, the file system.
fn render_directory(directory: &Path, console: &Console) -> anyhow::Result<Outcome> {
    let directory = std::fs::canonicalize(directory)
        .with_context(|| format!("looking for `{}`", directory.display()))?;
    let repository = directory
        .ancestors()
        .find(|d| d.join(".git").exists() || d.join(FLEET_FILE).is_file());
    let root = repository.unwrap_or(Path::new("/"));
    let below = directory
        .strip_prefix(root)
        .unwrap_or(&directory)
        .to_string_lossy()
        .into_owned();
    let renderer = Renderer::new(Arc::new(DiskFiles::new(root)?));
    let (text, found) = match renderer.build(&below) {
        Ok(build) => match build.text() {
            Ok(text) => (Some(text), build.warnings),
            Err(problems) => (None, problems),
        },
        Err(problems) => (None, problems),
    };
    let sources = sources_of(&found, root);
    console.report(found, &sources, "")?;
    match text {
        Some(text) => console.data(&text).map(|()| Outcome::Good),
        None => Ok(Outcome::Errors),
    }
}

fn render_site(
    site: &str,
    instance: Option<&str>,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let names = session.sites(&[site.to_owned()])?;
    let compiled = session.compile(&names);
    let failed = session.found.has_errors();
    session.report()?;
    let Some(compiled) = compiled.first().filter(|_| !failed) else {
        return Ok(Outcome::Errors);
    };
    if let Some(name) = instance.filter(|name| !compiled.rendered.contains_key(*name)) {
        let known: Vec<&str> = compiled.rendered.keys().map(String::as_str).collect();
        bail!(
            "`{site}` has no instance `{name}`; it has {}",
            known.join(", ")
        );
    }
    let wanted = compiled
        .rendered
        .iter()
        .filter(|(name, _)| instance.is_none_or(|i| i == *name));
    let objects = wanted.flat_map(|(_, objects)| objects).map(Object::value);
    console.data(&yaml::write_documents_as_kustomize(objects))?;
    Ok(Outcome::Good)
}
