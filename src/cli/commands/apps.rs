//! `siteplan apps`.

use anyhow::bail;
use clap::Args;
use serde_json::Value;

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::Session;
use crate::load::{App, Repository};
use crate::model::Arch;
use crate::nearest::nearest;
use manifest_yaml as yaml;

/// List the apps of base/apps, or show one with every default
#[derive(Debug, Args)]
pub(in crate::cli) struct AppsArgs {
    /// The app to show
    name: Option<String>,
}

pub(in crate::cli) fn run(
    args: &AppsArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let failed = session.found.has_errors();
    session.report()?;
    let Some(repository) = session.repository.as_ref().filter(|_| !failed) else {
        return Ok(Outcome::Errors);
    };
    let text = match (&args.name, console.format()) {
        (Some(name), format) => one(find(repository, name)?, format)?,
        (None, Format::Json) => {
            let all: Vec<Value> = repository
                .apps
                .values()
                .map(|a| value(a))
                .collect::<Result<_, _>>()?;
            format!("{}\n", serde_json::to_string_pretty(&all)?)
        }
        (None, _) => list(repository),
    };
    console.data(&text)?;
    Ok(Outcome::Good)
}

fn find<'a>(repository: &'a Repository, name: &str) -> anyhow::Result<&'a App> {
    match repository.apps.get(name) {
        Some(app) => Ok(app),
        None => match nearest(name, repository.apps.keys().map(String::as_str)) {
            Some(near) => bail!("there is no app `{name}`: did you mean `{near}`?"),
            None => bail!("there is no app `{name}`: `siteplan apps` lists them"),
        },
    }
}

fn list(repository: &Repository) -> String {
    let width = repository.apps.keys().map(String::len).max().unwrap_or(0);
    let line = |(name, app): (&String, &std::sync::Arc<App>)| {
        let arch = app.spec.images.as_ref().map(|i| {
            i.arch
                .iter()
                .map(|a| a.label())
                .collect::<Vec<_>>()
                .join(",")
        });
        format!(
            "{name:<width$}  {:<28}  {}\n",
            arch.filter(|a| !a.is_empty())
                .unwrap_or_else(|| "-".to_owned()),
            app.spec.summary
        )
    };
    repository.apps.iter().map(line).collect()
}

fn one(app: &App, format: Format) -> anyhow::Result<String> {
    let value = value(app)?;
    Ok(match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&value)?),
        _ => format!("# {}\n{}", app.file, yaml::write_document(&value)),
    })
}

/// The app with every default written out.
fn value(app: &App) -> anyhow::Result<Value> {
    let mut spec = serde_json::to_value(&app.spec)?;
    if app.spec.images.is_none() {
        let all: Vec<&str> = Arch::ALL.iter().map(|a| a.label()).collect();
        if let Value::Object(map) = &mut spec {
            map.insert(
                "images".to_owned(),
                serde_json::json!({"arch": all, "source": "no images of its own"}),
            );
        }
    }
    Ok(serde_json::json!({
        "apiVersion": crate::model::API_VERSION,
        "kind": "App",
        "metadata": {"name": app.name},
        "spec": spec,
    }))
}
