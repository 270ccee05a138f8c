//! Compiles a fleet: its sites in parallel, with the checks that need more than one of them.
//!
//! Comes in: a loaded [`Repository`] and the sites that are wanted. Goes out: what is made of each site, in the order of their names, and
//! for the whole fleet a comparison with `out/`, a new `out/`, a comparison with a revision, or the explanation of a field. A site is
//! handed on as soon as it is compiled and dropped there, so that a fleet needs the memory of the sites in flight.

mod committed;
mod explanation;
mod history;
mod images;
mod output;
mod placement;
mod revision_diff;
mod selection;
mod sources;
mod sync_graph;

use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle;
use crate::compile::{self, CompiledSite, SiteCompiler, UnguardedLeftovers};
use crate::load::{Repository, Site};
use crate::model::Topology;
use crate::plan::{SitePlan, plan};
use crate::tree::Tree;
use pointer_diagnostics::Diagnostics;

pub use committed::CommittedSites;
pub use explanation::{FieldExplanation, explain_object, nearest_object};
pub use history::{BaseLedgers, CommittedLedgers, read_base_ledgers};
pub use images::list_site_images;
pub use output::{
    ComparisonRequest, CompileInput, DifferenceDetail, FleetComparison, SiteComparison,
    compare_fleet, write_fleet,
};
pub use placement::{NodeScenario, prove_placement};
pub use revision_diff::{RevisionDiff, RevisionDiffError, diff_revision};
pub use selection::{SiteSelection, UnknownSite};
pub use sources::read_sources;
pub use sync_graph::{SyncGraph, SyncStep, SyncWave, sync_graph};

/// Is told of every site that is done.
pub trait FleetProgress: Sync {
    /// Counts one more site.
    fn site_done(&self);

    /// Returns whether the run shall end before the next site.
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Ignores progress.
impl FleetProgress for () {
    fn site_done(&self) {}
}

/// Compiles the sites of one repository. The bases are rendered once, when it is made.
pub struct FleetCompiler<'a> {
    repository: &'a Repository,
    sites: SiteCompiler<'a>,
}

impl<'a> FleetCompiler<'a> {
    /// Renders the bases of all apps; what is wrong with them is in `found`.
    pub fn new(repository: &'a Repository, found: &mut Diagnostics) -> Self {
        Self {
            repository,
            sites: SiteCompiler::new(repository, found),
        }
    }

    /// Says what becomes of leftovers that nobody had to approve.
    #[must_use]
    pub fn with_unguarded(mut self, unguarded: UnguardedLeftovers) -> Self {
        self.sites = self.sites.with_unguarded(unguarded);
        self
    }

    /// Compiles sites in parallel and hands each to `take` as soon as it is there. Returns what `take` made of the sites without errors,
    /// in the order of `names`; diagnostics keep that order too.
    pub fn compile_each<R: Send>(
        &self,
        names: &[String],
        progress: &dyn FleetProgress,
        take: impl Fn(CompiledSite) -> R + Sync,
        found: &mut Diagnostics,
    ) -> Vec<R> {
        let compile_one = |name: &String, problems: &mut Diagnostics| {
            let taken = self.sites.compile(name, problems).map(&take);
            progress.site_done();
            taken
        };
        each_site(names, compile_one, found)
    }

    /// Compiles sites and keeps them: for questions about few.
    pub fn compile(&self, names: &[String], found: &mut Diagnostics) -> Vec<CompiledSite> {
        self.compile_each(names, &(), |site| site, found)
    }

    /// Makes the fleet's own directory of `out/`: an Application of Applications over all sites. `None` where every site has its own
    /// Argo CD.
    pub fn fleet_tree(&self, found: &mut Diagnostics) -> Option<Tree> {
        let fleet = &self.repository.fleet;
        if fleet.spec.argocd.topology != Topology::Hub {
            return None;
        }
        let files = self.fleet_files(found);
        compile::fleet_tree(fleet, &files, found)
    }

    /// Makes the files of the fleet's own directory; none where every site has its own Argo CD.
    pub fn fleet_files(&self, found: &mut Diagnostics) -> Vec<bundle::File> {
        let sites: Vec<&str> = self.repository.sites.keys().map(String::as_str).collect();
        bundle::fleet_bundle(&self.repository.fleet, &sites, found)
    }
}

/// Loads sites, merged with their profiles; those that have errors are left out and reported.
pub fn load_sites(repository: &Repository, names: &[String], found: &mut Diagnostics) -> Vec<Site> {
    let load_one = |name: &String, found: &mut Diagnostics| repository.load_site(name, found);
    each_site(names, load_one, found)
}

/// Loads and plans sites; those that have errors are left out and reported.
pub fn plan_sites(
    repository: &Repository,
    names: &[String],
    found: &mut Diagnostics,
) -> Vec<SitePlan> {
    let plan_one = |name: &String, found: &mut Diagnostics| {
        let site = repository.load_site(name, found)?;
        plan(Arc::new(site), repository, found)
    };
    each_site(names, plan_one, found)
}

/// Works on sites in parallel. Results and diagnostics come in the order of the names, whichever site is done first.
fn each_site<R: Send>(
    names: &[String],
    work: impl Fn(&String, &mut Diagnostics) -> Option<R> + Sync,
    found: &mut Diagnostics,
) -> Vec<R> {
    let work_one = |name: &String| {
        let mut problems = Diagnostics::new();
        (work(name, &mut problems), problems)
    };
    let results: Vec<_> = names.par_iter().map(work_one).collect();
    let mut made = Vec::with_capacity(results.len());
    for (one, problems) in results {
        found.append(problems);
        made.extend(one);
    }
    made
}
