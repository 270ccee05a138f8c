//! `siteplan apps`.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::OutputArgs;
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
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

pub(in crate::cli) fn run(args: &AppsArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let repository = session.load()?;
    let Some(repository) = repository.filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let data = if let Some(name) = &args.name {
        let app = find_app(&repository, name)?;
        let value = complete_app(app)?;
        let text = || format!("# {}\n{}", app.file, yaml::write_document(&value));
        CommandData::new(format, text, || &value)?
    } else {
        let apps = repository.apps.values();
        let values: Vec<Value> = apps
            .map(|app| complete_app(app))
            .collect::<Result<_, _>>()?;
        CommandData::new(format, || list_apps(&repository), || &values)?
    };
    Ok(Answer::from(data))
}

fn find_app<'a>(repository: &'a Repository, name: &str) -> anyhow::Result<&'a App> {
    match repository.apps.get(name) {
        Some(app) => Ok(app),
        None => match nearest(name, repository.apps.keys().map(String::as_str)) {
            Some(near) => bail!("there is no app `{name}`: did you mean `{near}`?"),
            None => bail!("there is no app `{name}`: `siteplan apps` lists them"),
        },
    }
}

/// Returns one line an app: its name, the architectures of its images, its summary.
fn list_apps(repository: &Repository) -> String {
    let width = repository.apps.keys().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for (name, app) in &repository.apps {
        let images = app.spec.images.iter().flat_map(|images| &images.arch);
        let mut arch = images.map(|a| a.label()).collect::<Vec<_>>().join(",");
        if arch.is_empty() {
            "-".clone_into(&mut arch);
        }
        text.push_str(&format!(
            "{name:<width$}  {arch:<28}  {}\n",
            app.spec.summary
        ));
    }
    text
}

/// Returns the app with every default written out.
fn complete_app(app: &App) -> anyhow::Result<Value> {
    let mut spec = serde_json::to_value(&app.spec)?;
    if app.spec.images.is_none()
        && let Value::Object(map) = &mut spec
    {
        let all: Vec<&str> = Arch::ALL.iter().map(|a| a.label()).collect();
        let images = json!({"arch": all, "source": "no images of its own"});
        map.insert("images".to_owned(), images);
    }
    Ok(json!({
        "apiVersion": crate::model::API_VERSION,
        "kind": "App",
        "metadata": {"name": app.name},
        "spec": spec,
    }))
}
