//! First files: of a fleet, a site, an app.
//!
//! What is written compiles as it is, and says in comments what to change. Nothing that exists is overwritten.

mod base;

use std::path::Path;

use anyhow::{Context as _, bail};

use pointer_diagnostics::Diagnostics;

use crate::load;
use crate::model::ArgoFlavour;
use crate::schema::{InputKind, input_schema_text};
use base::{describe_base, list_base_files, make_kustomization};
use rooted_directory::{OpenError, RootedDirectory};

const FLEET: &str = include_str!("fleet.yaml");
const PROFILE: &str = include_str!("profile.yaml");
const SITE: &str = include_str!("site.yaml");
const SITE_ALONE: &str = include_str!("site-alone.yaml");
const APP: &str = include_str!("app.yaml");
const KUSTOMIZATION: &str = include_str!("kustomization.yaml");
const DEPLOYMENT: &str = include_str!("deployment.yaml");
/// Inputs are hashed byte for byte: no checkout may turn their line ends.
const ATTRIBUTES: &str = "* text=auto eol=lf\nout/** linguist-generated\n";
const IGNORED: &str =
    "# A build that was killed leaves it; the next one finishes or removes it.\n.siteplan-stage/\n";

/// Begins a fleet: the fleet file, a profile, an app, and the schemas. Gives the paths that were written.
pub fn fleet(root: &Path, repo_url: &str) -> anyhow::Result<Vec<String>> {
    if repo_url
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\'))
    {
        bail!(
            "`{}` is not the URL of a git repository",
            repo_url.escape_debug()
        );
    }
    let schemas = InputKind::ALL
        .iter()
        .map(|kind| (kind.schema_path().to_owned(), input_schema_text(*kind)));
    let files = [
        (
            "siteplan.yaml".to_owned(),
            FLEET.replace("REPO_URL", repo_url),
        ),
        (
            "base/profiles/single-node.yaml".to_owned(),
            PROFILE.to_owned(),
        ),
        (".gitattributes".to_owned(), ATTRIBUTES.to_owned()),
        (".gitignore".to_owned(), IGNORED.to_owned()),
    ];
    let mut written = write_new(root, files.into_iter().chain(schemas))?;
    if root.join("base/apps/hello").symlink_metadata().is_err() {
        written.extend(app(root, "hello")?);
    }
    Ok(written)
}

/// Writes a first site file. Gives the paths that were written.
pub fn site(root: &Path, name: &str) -> anyhow::Result<Vec<String>> {
    check_name(name)?;
    let profile = root.join("base/profiles/single-node.yaml");
    let text = match profile.symlink_metadata().is_ok() {
        true => SITE.to_owned(),
        false => SITE_ALONE.replace("PLATFORM", find_platform(root)),
    };
    write_one(
        root,
        format!("sites/{name}.yaml"),
        text.replace("NAME", name),
    )
}

/// Returns the platform that the fleet's Argo CD is of.
fn find_platform(root: &Path) -> &'static str {
    let repository = load::load(root, &mut Diagnostics::new());
    let flavour = repository.map(|repository| repository.fleet.spec.argocd.flavour);
    match flavour {
        Some(ArgoFlavour::OpenshiftGitops) => "openshift",
        Some(ArgoFlavour::Upstream) | None => "kubernetes",
    }
}

/// Writes a first app: app.yaml and a kustomize base; only what is missing where there is a base. Gives the paths that were written.
pub fn app(root: &Path, name: &str) -> anyhow::Result<Vec<String>> {
    check_name(name)?;
    let file = |file: &str, text: &str| {
        (
            format!("base/apps/{name}/{file}"),
            text.replace("NAME", name),
        )
    };
    if root
        .join(format!("base/apps/{name}/app.yaml"))
        .symlink_metadata()
        .is_ok()
    {
        bail!("there is an app `{name}` already");
    }
    let present = list_base_files(root, &format!("base/apps/{name}"))?;
    if !present.is_empty() {
        return app_of_base(root, name, &present);
    }
    let files = [
        file("app.yaml", APP),
        file("kustomization.yaml", KUSTOMIZATION),
        file("deployment.yaml", DEPLOYMENT),
    ];
    write_new(root, files)
}

/// Describes the base that is in an app's directory already.
fn app_of_base(root: &Path, name: &str, present: &[String]) -> anyhow::Result<Vec<String>> {
    let mut written = Vec::new();
    if let Some(text) = make_kustomization(present) {
        let path = format!("base/apps/{name}/kustomization.yaml");
        written.extend(write_one(root, path, text)?);
    }
    let path = format!("base/apps/{name}/app.yaml");
    written.extend(write_one(root, path, describe_base(root, name)?)?);
    Ok(written)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    if !kubernetes_vocabulary::names::is_dns_label(name) {
        bail!(
            "`{}` is not a name: use at most 63 lower-case letters, digits and `-`",
            name.escape_debug()
        );
    }
    Ok(())
}

fn write_one(root: &Path, path: String, text: String) -> anyhow::Result<Vec<String>> {
    if root.join(&path).symlink_metadata().is_ok() {
        bail!("`{path}` exists already");
    }
    write_new(root, [(path, text)])
}

/// Writes the files that do not exist yet, through no link.
fn write_new(
    root: &Path,
    files: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<Vec<String>> {
    let tree =
        RootedDirectory::open(root).with_context(|| format!("opening `{}`", root.display()))?;
    let mut written = Vec::new();
    for (path, text) in files {
        match tree.kind(&path) {
            Ok(_) => continue,
            Err(OpenError::Missing) => {}
            Err(error) => return Err(error).with_context(|| format!("writing `{path}`")),
        }
        tree.create(&path, text.as_bytes())
            .with_context(|| format!("writing `{path}`"))?;
        written.push(path);
    }
    Ok(written)
}
