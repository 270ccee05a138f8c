//! `siteplan render`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::{DocumentForm, resolve_output};
use crate::cli::session::Session;
use crate::compile::kustomize_version;
use crate::fleet::FleetCompiler;
use crate::load::{self, FLEET_FILE};
use crate::manifest::Object;
use crate::nearest::nearest;
use manifest_yaml as yaml;
use pointer_diagnostics::Diagnostics;
use rustomize::{Build, DiskFiles, KustomizeVersion, Renderer};

/// Print final manifests: of a site, of one instance, or of any kustomization
///
/// A site is compiled afresh and out/ is not touched. A directory is rendered as `kustomize build` would, byte for byte, and needs no
/// fleet around it. On the log of a GitHub Actions job, lines that its runner would take for commands are put between
/// `::stop-commands::` and its end; a file or, with GITHUB_ACTIONS unset, a pipe gets the manifests alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan render acp-plant\n  siteplan render acp-plant/odf\n  siteplan render ./base/apps/odf"
)]
pub(in crate::cli) struct RenderArgs {
    /// A kustomization directory, a site, or an instance of a site
    #[arg(value_name = "DIR|SITE[/INSTANCE]")]
    what: String,
    /// Print in this form [default: yaml, or json with `--format json`]
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<ManifestFormat>,
    /// Render a directory as this kustomize would [default: the fleet's `argocd.kustomize`, or 5.6 outside of any fleet]
    #[arg(long, value_enum, value_name = "VERSION")]
    kustomize: Option<RenderVersion>,
}

/// A version of kustomize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RenderVersion {
    /// That of Argo CD 2.14
    #[value(name = "5.4")]
    V5_4,
    /// That of Argo CD 3.0
    #[value(name = "5.6")]
    V5_6,
    /// That of Argo CD 3.4 and 3.5
    #[value(name = "5.8")]
    V5_8,
}

impl From<RenderVersion> for KustomizeVersion {
    fn from(version: RenderVersion) -> Self {
        match version {
            RenderVersion::V5_4 => Self::V5_4,
            RenderVersion::V5_6 => Self::V5_6,
            RenderVersion::V5_8 => Self::V5_8,
        }
    }
}

/// The form of manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ManifestFormat {
    /// YAML documents, as kustomize prints them
    Yaml,
    /// One JSON document, with the manifests as a list and the report
    Json,
}

impl RenderArgs {
    /// Returns the form of the document that was asked for; `None` for manifests as kustomize prints them.
    pub(in crate::cli) fn document(&self) -> Option<DocumentForm> {
        match self.output {
            None | Some(ManifestFormat::Yaml) => None,
            Some(ManifestFormat::Json) => Some(DocumentForm::Json),
        }
    }
}

pub(in crate::cli) fn run(args: &RenderArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = resolve_output(
        args.output,
        session.global.format,
        ManifestFormat::Yaml,
        ManifestFormat::Json,
    )?;
    let directory = session.global.directory.join(&args.what);
    let data = if directory.is_dir() {
        render_directory(&directory, format, args.kustomize, session)?
    } else if is_path(&args.what) {
        bail!("there is no directory `{}`", args.what);
    } else if args.kustomize.is_some() {
        bail!(
            "`--kustomize` is for directories: a site is rendered as `argocd.kustomize` in `{FLEET_FILE}` says"
        );
    } else {
        render_site(&args.what, format, session)?
    };
    Ok(data.map_or_else(Answer::errors, Answer::from))
}

/// Returns whether a text can only be a path: sites and instances have no dot at the beginning and one slash at most.
fn is_path(what: &str) -> bool {
    what.starts_with(['.', '/']) || what.ends_with('/') || what.matches('/').count() > 1
}

/// Renders any kustomization on disk. It may refer to directories around it, as far as its git repository reaches, or where there is
/// none, the file system. `None` where it does not render, which is reported.
fn render_directory(
    directory: &Path,
    format: ManifestFormat,
    version: Option<RenderVersion>,
    session: &mut Session<'_>,
) -> anyhow::Result<Option<CommandData>> {
    let directory = std::fs::canonicalize(directory)
        .with_context(|| format!("looking for `{}`", directory.display()))?;
    let root = enclosing_repository(&directory);
    session.read_texts_below(&root);
    let below = directory.strip_prefix(&root).unwrap_or(&directory);
    let version = match version {
        Some(version) => version.into(),
        None => version_of_fleet(&directory)?,
    };
    let renderer = Renderer::of_version(Arc::new(DiskFiles::new(&root)?), version);
    let build = renderer.build(&below.to_string_lossy());
    match build.and_then(|build| Ok((print_build(&build, format)?, build.warnings))) {
        Ok((data, warnings)) => {
            session.found.append(warnings);
            Ok(Some(data))
        }
        Err(problems) => {
            session.found.append(problems);
            Ok(None)
        }
    }
}

/// Returns the version that the fleet around a directory chooses; kustomize's default where there is no fleet.
fn version_of_fleet(directory: &Path) -> anyhow::Result<KustomizeVersion> {
    let root = load::find_fleet_root(directory);
    let files = load::FleetFiles::open(&root)?;
    if !files.exists(FLEET_FILE) {
        return Ok(KustomizeVersion::default());
    }
    let text = files.read(FLEET_FILE, &mut Diagnostics::new());
    let release = text.as_deref().and_then(load::find_kustomize_release);
    release.map(kustomize_version).with_context(|| {
        let file = root.join(FLEET_FILE);
        format!(
            "`{}` does not say which kustomize its Argo CD has: mend it, or choose one with `--kustomize`",
            file.display()
        )
    })
}

fn print_build(build: &Build, format: ManifestFormat) -> Result<CommandData, Diagnostics> {
    Ok(match format {
        ManifestFormat::Yaml => CommandData::Text(build.text()?),
        ManifestFormat::Json => {
            let objects = build.objects()?.into_iter().map(Object::from);
            CommandData::Json(objects.map(Object::into_value).collect())
        }
    })
}

/// Returns the git repository or the fleet that a directory is in; the root of the file system where it is in none.
fn enclosing_repository(directory: &Path) -> PathBuf {
    for candidate in directory.ancestors() {
        if candidate.join(".git").exists() || candidate.join(FLEET_FILE).is_file() {
            return candidate.to_owned();
        }
    }
    PathBuf::from("/")
}

/// Renders a site, or one instance of it. `None` where it has errors, which are reported.
fn render_site(
    what: &str,
    format: ManifestFormat,
    session: &mut Session<'_>,
) -> anyhow::Result<Option<CommandData>> {
    let (site, instance) = match what.split_once('/') {
        Some((site, instance)) => (site, Some(instance)),
        None => (what, None),
    };
    let Some(selected) = session.select(&[site.to_owned()])? else {
        return Ok(None);
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let compiled = fleet.compile(selected.selection.names(), &mut session.found);
    let Some(compiled) = compiled.first().filter(|_| !session.found.has_errors()) else {
        return Ok(None);
    };
    let mut objects: Vec<&Value> = Vec::new();
    for (name, rendered) in &compiled.rendered {
        if instance.is_none_or(|instance| instance == name) {
            objects.extend(rendered.iter().map(Object::value));
        }
    }
    if let Some(name) = instance.filter(|name| !compiled.rendered.contains_key(*name)) {
        let known: Vec<&str> = compiled.rendered.keys().map(String::as_str).collect();
        match nearest(name, known.iter().copied()) {
            Some(near) => bail!("`{site}` has no instance `{name}`: did you mean `{near}`?"),
            None => bail!(
                "`{site}` has no instance `{name}`; it has {}",
                known.join(", ")
            ),
        }
    }
    Ok(Some(match format {
        ManifestFormat::Yaml => CommandData::Text(yaml::write_documents_as_kustomize(objects)),
        ManifestFormat::Json => CommandData::Json(objects.into_iter().cloned().collect()),
    }))
}
