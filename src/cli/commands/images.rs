//! `siteplan images`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::read_argument;
use crate::cli::session::Session;
use crate::fleet::{FleetCompiler, list_site_images};
use crate::images::read_image;
use manifest_yaml as yaml;

/// Look at the images of sites, and keep what is known of them
#[derive(Debug, Args)]
pub(in crate::cli) struct ImagesArgs {
    #[command(subcommand)]
    command: ImagesCommand,
}

#[derive(Debug, Subcommand)]
enum ImagesCommand {
    /// Print the images of a site, one a line: those of its manifests, and those that operators choose
    #[command(after_help = "Example: siteplan images list acp-plant")]
    List {
        /// The site
        site: String,
    },
    /// Print an image's entry for base/images.yaml from `skopeo inspect --raw` or `oc image info -o json`
    #[command(
        after_help = "Example: skopeo inspect --raw docker://quay.io/strimzi/kafka:0.45.0-kafka-3.9.0 | siteplan images import quay.io/strimzi/kafka:0.45.0-kafka-3.9.0"
    )]
    Import {
        /// The image, or the first part of the names that the fact is of
        image: String,
        /// The output of `skopeo` or `oc` [default: standard input]
        inspected: Option<PathBuf>,
        /// The source of the fact, in words
        #[arg(long, default_value = "skopeo inspect")]
        source: String,
        /// The day on which it was looked up, as YYYY-MM-DD
        #[arg(long)]
        date: Option<String>,
    },
}

pub(in crate::cli) fn run(args: &ImagesArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    match &args.command {
        ImagesCommand::List { site } => list_images(site, session),
        ImagesCommand::Import {
            image,
            inspected,
            source,
            date,
        } => {
            let what = "`skopeo inspect --raw` or `oc image info -o json`";
            let mut fact = read_image(&read_argument(inspected.as_deref(), what)?)?;
            fact.source.clone_from(source);
            fact.date.clone_from(date);
            let mut entry = json!({ image: fact });
            remove_nulls(&mut entry);
            Ok(Answer::from(CommandData::Text(yaml::write_document(
                &entry,
            ))))
        }
    }
}

fn list_images(site: &String, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let Some(selected) = session.select(std::slice::from_ref(site))? else {
        return Ok(Answer::errors());
    };
    let fleet = FleetCompiler::new(&selected.repository, &mut session.found);
    let compiled = fleet.compile(selected.selection.names(), &mut session.found);
    let Some(compiled) = compiled.first().filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let lines = list_site_images(compiled)
        .into_iter()
        .map(|image| image + "\n");
    Ok(Answer::from(CommandData::Text(lines.collect())))
}

/// Takes out fields of which nothing is known.
fn remove_nulls(entry: &mut serde_json::Value) {
    for fact in entry
        .as_object_mut()
        .into_iter()
        .flat_map(|map| map.values_mut())
    {
        if let Some(fields) = fact.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    }
}
