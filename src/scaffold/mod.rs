//! First files: of a fleet, a site, an app.
//!
//! What is written compiles as it is, and says in comments what to change. Nothing that exists is overwritten.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::schema::{InputKind, input_schema_text};
use rooted_directory::{OpenError, RootedDirectory};

const FLEET: &str = include_str!("fleet.yaml");
const PROFILE: &str = include_str!("profile.yaml");
const SITE: &str = include_str!("site.yaml");
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
    write_one(
        root,
        format!("sites/{name}.yaml"),
        SITE.replace("NAME", name),
    )
}

/// Writes a first app: app.yaml and a kustomize base. Gives the paths that were written.
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
    let files = [
        file("app.yaml", APP),
        file("kustomization.yaml", KUSTOMIZATION),
        file("deployment.yaml", DEPLOYMENT),
    ];
    write_new(root, files)
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
