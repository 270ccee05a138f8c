//! What `siteplan check` finds in a fleet, through the library.

use std::path::Path;

use pointer_diagnostics::report;
use pointer_diagnostics::{Diagnostics, Origin, Sources};
use siteplan::bundle::{self, SiteNames};
use siteplan::compare::{self, Inventory};
use siteplan::compile::{CompiledSite, Compiler, fleet_tree};
use siteplan::load::{FLEET_FILE, Repository, load};
use siteplan::model::Topology;
use siteplan::plan::RESERVED_SITE;
use siteplan::tree::Tree;
use siteplan::validate;
use siteplan::write::{self, Scope, Writer};

/// Everything that is found in a fleet, sorted, and the texts of the files that it points into.
#[derive(Debug, Default)]
pub(crate) struct CheckedFleet {
    pub(crate) found: Diagnostics,
    pub(crate) sources: Sources,
}

/// Compiles the fleet in a directory and compares it with its out/.
pub(crate) fn check_fleet(root: &Path) -> CheckedFleet {
    let (repository, mut found) = load(root);
    if let Some(repository) = &repository {
        let (sites, fleet_tree) = compile_sites(repository, &mut found);
        compare_with_out(root, repository, (&sites, fleet_tree.as_ref()), &mut found);
    }
    let mut sources = Sources::new();
    for label in found.iter().flat_map(|d| &d.labels) {
        if let Ok(text) = fs_err::read_to_string(root.join(label.origin.file.as_ref())) {
            sources.insert(label.origin.file.as_ref(), text);
        }
    }
    report::sort_diagnostics(&mut found, &sources);
    CheckedFleet { found, sources }
}

/// Compiles the fleet in a directory into its out/.
pub(crate) fn build_fleet(root: &Path) {
    let (repository, mut found) = load(root);
    let repository = repository.expect("the fleet can be loaded");
    let (sites, fleet_tree) = compile_sites(&repository, &mut found);
    assert!(!found.has_errors(), "{found:#?}");
    let writer = Writer::begin(&root.join("out")).unwrap();
    for site in &sites {
        writer.replace(&site.plan.name, &site.tree).unwrap();
    }
    if let Some(tree) = &fleet_tree {
        writer.replace(RESERVED_SITE, tree).unwrap();
    }
    writer.finish(&Scope::All).unwrap();
}

fn compile_sites(
    repository: &Repository,
    found: &mut Diagnostics,
) -> (Vec<CompiledSite>, Option<Tree>) {
    let (compiler, problems) = Compiler::new(repository);
    found.append(problems);
    let mut sites = Vec::new();
    for name in repository.sites.keys() {
        let (site, problems) = compiler.site(name);
        found.append(problems);
        sites.extend(site);
    }
    if repository.fleet.spec.argocd.topology != Topology::Hub {
        return (sites, None);
    }
    let names: Vec<&str> = repository.sites.keys().map(String::as_str).collect();
    let (files, problems) = bundle::fleet_bundle(&repository.fleet, &names);
    found.append(problems);
    let tree = fleet_tree(&repository.fleet, &files, found);
    (sites, tree)
}

fn compare_with_out(
    root: &Path,
    repository: &Repository,
    (sites, fleet_tree): (&[CompiledSite], Option<&Tree>),
    found: &mut Diagnostics,
) {
    let out = root.join("out");
    let nothing = Tree::new();
    let mut trees: Vec<(String, &Tree)> = sites
        .iter()
        .map(|site| (site.plan.name.clone(), &site.tree))
        .collect();
    trees.extend(fleet_tree.map(|tree| (RESERVED_SITE.to_owned(), tree)));
    for name in write::site_names(&out).unwrap() {
        let is_compiled = trees.iter().any(|(site, _)| *site == name);
        if !is_compiled && !repository.sites.contains_key(&name) {
            trees.push((name, &nothing));
        }
    }
    let (mut old, mut new) = (Inventory::new(), Inventory::new());
    for (site, tree) in &trees {
        let present = write::read_site(&out, site, tree).unwrap();
        found.append(compare::report(&compare::compare(&present, tree)));
        if site != RESERVED_SITE {
            old.extend(compare::inventory(present.generated()));
            new.extend(compare::inventory(tree.iter().map(|(path, _)| path)));
        }
    }
    let removals = Origin::file(FLEET_FILE).at("spec").at("removals");
    found.append(compare::check_removals(
        &compare::vanished(&old, &new),
        &new,
        &repository.fleet.spec.removals,
        &removals,
    ));
    let names: Vec<SiteNames> = sites.iter().map(|site| site.names.clone()).collect();
    found.append(validate::shared_names(&repository.fleet, &names));
}
