//! Whole fleets, compiled through the library.

use std::collections::BTreeMap;
use std::path::Path;

use pointer_diagnostics::Diagnostics;
use pointer_diagnostics::Sources;
use pointer_diagnostics::report::{self, Look};
use siteplan::bundle;
use siteplan::compile::{CompiledSite, Compiler, fleet_tree};
use siteplan::load::load;
use siteplan::model::Topology;

/// What a fleet compiles to.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// The sites that have no errors.
    pub(crate) sites: Vec<CompiledSite>,
    /// All files below out/.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Everything that was found, as people see it.
    pub(crate) report: String,
}

/// Compiles the fleet in a directory.
pub(crate) fn compile(root: &Path) -> Compiled {
    let (repository, mut found) = load(root);
    let mut compiled = Compiled::default();
    if let Some(repository) = &repository {
        let (compiler, problems) = Compiler::new(repository);
        found.append(problems);
        for name in repository.sites.keys() {
            let (site, problems) = compiler.site(name);
            found.append(problems);
            compiled.sites.extend(site);
        }
        let mut trees: Vec<_> = compiled
            .sites
            .iter()
            .map(|site| site.tree.clone())
            .collect();
        if repository.fleet.spec.argocd.topology == Topology::Hub {
            let names: Vec<&str> = repository.sites.keys().map(String::as_str).collect();
            let (files, problems) = bundle::fleet_bundle(&repository.fleet, &names);
            found.append(problems);
            trees.extend(fleet_tree(&repository.fleet, &files, &mut found));
        }
        let files = trees.iter().flat_map(siteplan::tree::Tree::iter);
        compiled.files = files
            .map(|(path, bytes)| (path.to_string(), bytes.to_vec()))
            .collect();
    }
    compiled.report = report(root, found);
    compiled
}

/// The diagnostics as people see them, without colours.
fn report(root: &Path, mut found: Diagnostics) -> String {
    let mut sources = Sources::new();
    for label in found.iter().flat_map(|d| &d.labels) {
        if let Ok(text) = fs_err::read_to_string(root.join(label.origin.file.as_ref())) {
            sources.insert(label.origin.file.as_ref(), text);
        }
    }
    report::sort_diagnostics(&mut found, &sources);
    report::print_human(&found, &sources, Look::default())
}
