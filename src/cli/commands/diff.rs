//! `siteplan diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::{Session, sources_of};
use crate::compare::semantic::{self, Differences};
use crate::compile::CompiledSite;
use crate::ledger;
use crate::manifest::{Object, ObjectId};
use crate::revision::{self, Revision};
use pointer_diagnostics::Diagnostics;
use rustomize::{MemoryFiles, NoFiles, Renderer};

/// Show what a change does to the final manifests
///
/// Compiles the sites afresh and compares every final resource, field by field, with what the committed tree of another revision
/// renders to. Elements of lists are matched by name, values of Secrets are hidden.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 when nothing differs, 1 when something does, 2 on errors.\n\nExamples:\n  siteplan diff\n  siteplan diff --against origin/main acp-plant"
)]
pub(in crate::cli) struct DiffArgs {
    /// The revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    against: String,
    /// The sites to compare [default: all]
    #[arg(value_name = "SITE")]
    sites: Vec<String>,
}

/// The objects of a site, by what tells them apart.
type Objects = BTreeMap<ObjectId, Object>;

pub(in crate::cli) fn run(
    args: &DiffArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let mut names: BTreeSet<String> = session.sites(&args.sites)?.into_iter().collect();
    let before = revision::read(&session.root, &args.against, &["out", "base"])
        .with_context(|| format!("reading revision `{}`", args.against))?;
    let compiled = session.compile_each(&names.iter().cloned().collect::<Vec<_>>(), Ok);
    let failed = session.found.has_errors();
    session.report()?;
    if failed {
        return Ok(Outcome::Errors);
    }
    if args.sites.is_empty() {
        names.extend(sites_of(&before));
    }
    let mut after: BTreeMap<String, CompiledSite> = BTreeMap::new();
    for site in compiled {
        let site = site?;
        after.insert(site.plan.name.clone(), site);
    }
    let renderer = renderer(&before);
    let mut differences: BTreeMap<String, Differences> = BTreeMap::new();
    for name in names {
        let new = after.get(&name);
        if new.is_some_and(|site| is_same(site, &before)) {
            continue;
        }
        let old = match objects_before(&renderer, &before, &name) {
            Ok(objects) => objects,
            Err(found) => {
                console.report(found.clone(), &sources_of(&found, Path::new("")), "")?;
                return Ok(Outcome::Errors);
            }
        };
        let found = semantic::differences(&old, &new.map(objects_after).unwrap_or_default());
        if !found.is_empty() {
            differences.insert(name, found);
        }
    }
    print(console, &before.commit, &differences)?;
    Ok(if differences.is_empty() {
        Outcome::Good
    } else {
        Outcome::Differs
    })
}

fn renderer(before: &Revision) -> Renderer {
    let mut files = MemoryFiles::new(Arc::new(NoFiles));
    for (path, bytes) in &before.files {
        files.insert(path, bytes.to_vec());
    }
    Renderer::new(Arc::new(files))
}

/// The sites that the revision has output of.
fn sites_of(before: &Revision) -> BTreeSet<String> {
    let ledgers = before
        .files
        .keys()
        .filter_map(|path| path.strip_prefix("out/")?.strip_suffix(ledger::FILE));
    ledgers
        .map(|site| site.trim_end_matches('/').to_owned())
        .filter(|site| !site.contains('/'))
        .collect()
}

/// Whether nothing that the site's final manifests depend on has changed: neither its files nor its bases.
fn is_same(site: &CompiledSite, before: &Revision) -> bool {
    let prefix = format!("out/{}/", site.plan.name);
    let theirs = before
        .files
        .keys()
        .filter(|path| path.starts_with(&prefix))
        .count();
    let ours = site.tree.iter();
    // The ledger has the digests of the bases in it.
    theirs == site.tree.len()
        && ours.into_iter().all(|(path, bytes)| {
            before
                .files
                .get(&format!("out/{path}"))
                .is_some_and(|old| **old == *bytes)
        })
}

/// What the revision's tree renders to, the Applications among it.
fn objects_before(
    renderer: &Renderer,
    before: &Revision,
    site: &str,
) -> Result<Objects, Diagnostics> {
    let prefix = format!("out/{site}/");
    let directories = before.files.keys().filter(|path| path.starts_with(&prefix));
    let directories = directories.filter_map(|path| path.strip_suffix("/kustomization.yaml"));
    let mut objects = Objects::new();
    for directory in directories.filter(|d| !d.ends_with("/bootstrap")) {
        let rendered = renderer.build(directory)?.objects()?;
        objects.extend(rendered.into_iter().map(Object::from).map(|o| (o.id(), o)));
    }
    Ok(objects)
}

fn objects_after(site: &CompiledSite) -> Objects {
    site.rendered
        .values()
        .flatten()
        .chain(&site.argocd)
        .map(|o| (o.id(), o.clone()))
        .collect()
}

fn print(
    console: &Console,
    commit: &str,
    differences: &BTreeMap<String, Differences>,
) -> anyhow::Result<()> {
    if console.format() == Format::Json {
        let sites: serde_json::Map<_, _> = differences
            .iter()
            .map(|(site, d)| (site.clone(), semantic::to_json(d)))
            .collect();
        return console.json(json!({"version": 1, "against": commit, "sites": sites}));
    }
    if differences.is_empty() {
        console.note("no final manifest differs");
    }
    let sections: Vec<String> = differences
        .iter()
        .map(|(site, d)| format!("{site}: {d}"))
        .collect();
    console.data(&sections.join("\n"))
}
