//! What `build` and `check` share: every compiled site is held against out/ as soon as it is there, then forgotten.

use std::collections::BTreeMap;

use super::session::Session;
use crate::bundle::{self, SiteNames};
use crate::compare::{self, Comparison, Inventory, text};
use crate::compile::CompiledSite;
use crate::load::FLEET_FILE;
use crate::model::Topology;
use crate::plan::RESERVED_SITE;
use crate::tree::{Tree, TreePath};
use crate::validate;
use pointer_diagnostics::{Diagnostics, Origin};

/// A site, held against what out/ has of it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) comparison: Comparison,
    /// The text differences, where they are wanted.
    pub(super) differences: Vec<(TreePath, text::Difference)>,
    /// The names that the site takes in the namespace of its Argo CD.
    names: Option<SiteNames>,
    old: Inventory,
    new: Inventory,
}

/// What a site leaves behind for checks over the whole fleet.
pub(super) fn held(
    site: &CompiledSite,
    comparison: Comparison,
    differences: Vec<(TreePath, text::Difference)>,
) -> Held {
    Held {
        names: Some(site.names.clone()),
        ..of_tree(&site.tree, comparison, differences)
    }
}

fn of_tree(
    tree: &Tree,
    comparison: Comparison,
    differences: Vec<(TreePath, text::Difference)>,
) -> Held {
    let new = compare::inventory(tree.iter().map(|(path, _)| path));
    let old = compare::inventory(old_paths(tree, &comparison));
    Held {
        comparison,
        differences,
        names: None,
        old,
        new,
    }
}

/// The paths of what siteplan had generated: what is there and did not come anew, and what is stale.
fn old_paths<'a>(tree: &'a Tree, comparison: &'a Comparison) -> Vec<&'a TreePath> {
    let kind_of: BTreeMap<&TreePath, compare::ChangeKind> = comparison
        .changes
        .iter()
        .map(|c| (&c.path, c.kind))
        .collect();
    let kept = tree
        .iter()
        .map(|(path, _)| path)
        .filter(|p| kind_of.get(p) != Some(&compare::ChangeKind::Added));
    let stale = kind_of
        .iter()
        .filter(|(_, kind)| **kind == compare::ChangeKind::Stale)
        .map(|(path, _)| *path);
    kept.chain(stale).collect()
}

/// The fleet's own directory, in the hub topology: an Application of Applications over all sites.
pub(super) fn fleet_tree(session: &Session<'_>, found: &mut Diagnostics) -> Option<Tree> {
    let repository = session.repository.as_ref()?;
    if repository.fleet.spec.argocd.topology != Topology::Hub {
        return None;
    }
    let sites: Vec<&str> = repository.sites.keys().map(String::as_str).collect();
    let (files, problems) = bundle::fleet_bundle(&repository.fleet, &sites);
    found.append(problems);
    crate::compile::fleet_tree(&repository.fleet, &files, found)
}

/// Adds the fleet's own directory to what was held against out/.
pub(super) fn held_fleet(
    tree: &Tree,
    comparison: Comparison,
    differences: Vec<(TreePath, text::Difference)>,
) -> Held {
    of_tree(tree, comparison, differences)
}

/// Checks over all sites: what vanishes without permission, names that two sites share, files that are not as they should be.
pub(super) fn check_fleet(session: &mut Session<'_>, held: &[Held], gone: &[Comparison]) {
    let Some(repository) = &session.repository else {
        return;
    };
    let (mut old, mut new) = (Inventory::new(), Inventory::new());
    for one in held {
        old.extend(one.old.clone());
        new.extend(one.new.clone());
    }
    old.extend(
        gone.iter()
            .flat_map(|c| compare::inventory(c.changes.iter().map(|change| &change.path))),
    );
    old.remove(RESERVED_SITE);
    new.remove(RESERVED_SITE);
    let removals = Origin::file(FLEET_FILE).at("spec").at("removals");
    let mut found = compare::check_removals(
        &compare::vanished(&old, &new),
        &new,
        &repository.fleet.spec.removals,
        &removals,
    );
    for comparison in held.iter().map(|h| &h.comparison).chain(gone) {
        found.append(compare::report(comparison));
    }
    let names: Vec<SiteNames> = held.iter().filter_map(|h| h.names.clone()).collect();
    found.append(validate::shared_names(&repository.fleet, &names));
    session.found.append(found);
}
