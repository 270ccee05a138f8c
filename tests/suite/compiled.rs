//! Whole fleets, compiled through the library.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use pointer_diagnostics::Diagnostics;
use pointer_diagnostics::report::{self, Look};
use siteplan::compile::CompiledSite;
use siteplan::fleet::{FleetCompiler, SiteSelection, read_sources};
use siteplan::load::load;
use siteplan::manifest::Object;

use crate::repository;

/// A fleet, compiled.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// The sites that have no errors.
    pub(crate) sites: Vec<CompiledSite>,
    /// All files below out/.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Everything that was found, as people see it.
    pub(crate) report: String,
}

impl Compiled {
    /// Returns a site, which must be without errors.
    pub(crate) fn site(&self, name: &str) -> &CompiledSite {
        let found = self.sites.iter().find(|site| site.plan.name == name);
        found.unwrap_or_else(|| panic!("{name} does not compile\n{}", self.report))
    }

    /// Returns the final manifests of a site.
    pub(crate) fn objects(&self, site: &str) -> impl Iterator<Item = &Object> {
        self.site(site).rendered.values().flatten()
    }

    /// Returns the one object of a kind and name on a site.
    pub(crate) fn object(&self, site: &str, kind: &str, name: &str) -> &Object {
        let named = |object: &&Object| object.kind() == kind && object.name() == name;
        let found: Vec<&Object> = self.objects(site).filter(named).collect();
        assert_eq!(found.len(), 1, "{kind}/{name} on {site}");
        found[0]
    }
}

/// Returns the fleet of this repository, compiled once for all tests.
pub(crate) fn own_fleet() -> &'static Compiled {
    static FLEET: OnceLock<Compiled> = OnceLock::new();
    FLEET.get_or_init(|| compile(repository::root()))
}

/// Compiles the fleet in a directory.
pub(crate) fn compile(root: &Path) -> Compiled {
    let mut found = Diagnostics::new();
    let repository = load(root, &mut found);
    let mut compiled = Compiled::default();
    if let Some(repository) = &repository {
        let selection = SiteSelection::resolve(repository, &[]).unwrap();
        let fleet = FleetCompiler::new(repository, &mut found);
        compiled.sites = fleet.compile(selection.names(), &mut found);
        let own = fleet.fleet_tree(&mut found);
        let trees = compiled.sites.iter().map(|site| &site.tree).chain(&own);
        for (path, bytes) in trees.flat_map(siteplan::tree::Tree::iter) {
            compiled.files.insert(path.to_string(), bytes.to_vec());
        }
    }
    let labels = found.iter().flat_map(|d| &d.labels);
    let files = siteplan::load::FleetFiles::open(root).unwrap();
    let sources = read_sources(&files, labels.map(|label| label.origin.file.as_ref()));
    report::sort_diagnostics(&mut found, &sources);
    compiled.report = report::print_human(&found, &sources, Look::default());
    compiled
}
