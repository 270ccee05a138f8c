//! What most commands begin with: the repository, the sites that are asked for, and the compiler.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use rayon::prelude::*;

use super::args::Global;
use super::console::Console;
use super::progress::Progress;
use crate::compile::{CompiledSite, Compiler};
use crate::load::{self, Files, Repository, Site};
use crate::nearest::nearest;
use crate::plan::{SitePlan, plan};
use pointer_diagnostics::Diagnostics;
use pointer_diagnostics::Sources;

/// A loaded repository, or what is wrong with it.
pub(super) struct Session<'a> {
    pub(super) root: PathBuf,
    pub(super) console: &'a Console,
    pub(super) repository: Option<Repository>,
    pub(super) found: Diagnostics,
}

impl<'a> Session<'a> {
    /// Loads what all sites share.
    pub(super) fn open(global: &Global, console: &'a Console) -> anyhow::Result<Self> {
        if !global.directory.is_dir() {
            bail!("there is no directory `{}`", global.directory.display());
        }
        let root = load::find_fleet_root(&global.directory);
        let (repository, found) = load::load(&root);
        Ok(Self {
            root,
            console,
            repository,
            found,
        })
    }

    /// Where the output is.
    pub(super) fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    /// The sites that were named; all where none was. An unknown name is an error.
    pub(super) fn sites(&self, wanted: &[String]) -> anyhow::Result<Vec<String>> {
        let Some(repository) = &self.repository else {
            return Ok(Vec::new());
        };
        if let Some(name) = wanted.iter().find(|n| !repository.sites.contains_key(*n)) {
            match nearest(name, repository.sites.keys().map(String::as_str)) {
                Some(near) => bail!("there is no site `{name}`: did you mean `{near}`?"),
                None => bail!(
                    "there is no site `{name}` below `{}`",
                    self.root.join("sites").display()
                ),
            }
        }
        let all = repository.sites.keys();
        Ok(all
            .filter(|name| wanted.is_empty() || wanted.contains(name))
            .cloned()
            .collect())
    }

    /// Loads the sites that were named, without what is wrong with any of them; that is in `found`.
    pub(super) fn load_sites(&mut self, wanted: &[String]) -> anyhow::Result<Vec<Site>> {
        let names = self.sites(wanted)?;
        let Some(repository) = &self.repository else {
            return Ok(Vec::new());
        };
        let mut sites = Vec::with_capacity(names.len());
        for name in &names {
            let (site, problems) = repository.site(name);
            self.found.append(problems);
            sites.extend(site);
        }
        Ok(sites)
    }

    /// Loads and plans the sites that were named; what is wrong is in `found`.
    pub(super) fn plan_sites(&mut self, wanted: &[String]) -> anyhow::Result<Vec<SitePlan>> {
        let sites = self.load_sites(wanted)?;
        let Some(repository) = &self.repository else {
            return Ok(Vec::new());
        };
        let mut plans = Vec::with_capacity(sites.len());
        for site in sites {
            let (planned, problems) = plan(Arc::new(site), repository);
            self.found.append(problems);
            plans.extend(planned);
        }
        Ok(plans)
    }

    /// Compiles sites in parallel. Each one is handed over as soon as it is there, so that only the sites in flight are in memory; what
    /// is made of them comes in the order of their names.
    pub(super) fn compile_each<R: Send>(
        &mut self,
        names: &[String],
        take: impl Fn(CompiledSite) -> anyhow::Result<R> + Sync,
    ) -> Vec<anyhow::Result<R>> {
        let Some(repository) = &self.repository else {
            return Vec::new();
        };
        let (compiler, problems) = Compiler::new(repository);
        self.found.append(problems);
        let progress = Progress::new(names.len(), self.console.shows_progress());
        let one = |name: &String| {
            let (site, problems) = compiler.site(name);
            let taken = site.map(&take);
            progress.step();
            (taken, problems)
        };
        let results: Vec<_> = names.par_iter().map(one).collect();
        progress.finish();
        let mut all = Vec::with_capacity(results.len());
        for (taken, problems) in results {
            self.found.append(problems);
            all.extend(taken);
        }
        all
    }

    /// Compiles sites and keeps them: for commands about few.
    pub(super) fn compile(&mut self, names: &[String]) -> Vec<CompiledSite> {
        self.compile_each(names, Ok)
            .into_iter()
            .filter_map(Result::ok)
            .collect()
    }

    /// Reports everything that was found.
    pub(super) fn report(&mut self) -> anyhow::Result<()> {
        let found = std::mem::take(&mut self.found);
        let sources = sources_of(&found, &self.root);
        self.console
            .report(found, &sources, self.directory_in_git())
    }

    /// The fleet's directory inside its git repository, for reports that name files.
    fn directory_in_git(&self) -> &str {
        self.repository
            .as_ref()
            .map_or("", |r| r.fleet.spec.source.directory.as_str())
    }
}

/// Reads the texts of all files that diagnostics point into; none of a directory that cannot be opened.
pub(super) fn sources_of(found: &Diagnostics, root: &Path) -> Sources {
    let Ok(files) = Files::open(root) else {
        return Sources::new();
    };
    let paths: BTreeSet<&str> = found
        .iter()
        .flat_map(|d| &d.labels)
        .map(|l| l.origin.file.as_ref())
        .collect();
    let mut sources = Sources::new();
    for path in paths {
        if let Some(text) = files.read(path, &mut Diagnostics::new()) {
            sources.insert(path, text);
        }
    }
    sources
}
