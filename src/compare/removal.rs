//! Finds sites and instances that would vanish from out/ without permission of the fleet.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Removal;
use crate::rules;
use crate::tree::TreePath;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin};

/// Directories of a site that are no instances.
const NO_INSTANCES: [&str; 2] = ["apps", "bootstrap"];

/// The sites that an output holds, each with its instances.
pub type OutputInventory = BTreeMap<String, BTreeSet<String>>;

/// Something that is in the old output and not in the new one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vanished {
    /// The site.
    pub site: String,
    /// The instance; `None` if the whole site vanishes.
    pub instance: Option<String>,
}

/// Lists the sites and instances that the paths of generated files show.
pub fn inventory<'a>(paths: impl IntoIterator<Item = &'a TreePath>) -> OutputInventory {
    let mut inventory = OutputInventory::new();
    for path in paths {
        let instances = inventory.entry(path.site().to_owned()).or_default();
        if let Some((directory, _)) = path.in_site().split_once('/')
            && !NO_INSTANCES.contains(&directory)
        {
            instances.insert(directory.to_owned());
        }
    }
    inventory
}

/// Returns the sites and instances of the old output that are missing in the new one. Of a site that vanishes, the instances are not listed.
pub fn vanished(old: &OutputInventory, new: &OutputInventory) -> Vec<Vanished> {
    let mut vanished = Vec::new();
    for (site, instances) in old {
        match new.get(site) {
            None => vanished.push(Vanished {
                site: site.clone(),
                instance: None,
            }),
            Some(kept) => vanished.extend(instances.difference(kept).map(|name| Vanished {
                site: site.clone(),
                instance: Some(name.clone()),
            })),
        }
    }
    vanished
}

/// Holds what vanishes against the fleet's `removals:`. `removals` is the origin of that list.
pub fn check_removals(
    gone: &[Vanished],
    new: &OutputInventory,
    approved: &[Removal],
    removals: &Origin,
) -> Diagnostics {
    let unapproved = gone
        .iter()
        .filter(|gone| !approved.iter().any(|removal| approves(removal, gone)));
    let unapproved = unapproved.map(|gone| not_approved(gone, removals));
    let unused = approved
        .iter()
        .enumerate()
        .filter(|(_, removal)| still_there(removal, new));
    let unused = unused.map(|(index, removal)| not_removed(removal, removals.at(index)));
    unapproved.chain(unused).collect()
}

fn approves(removal: &Removal, gone: &Vanished) -> bool {
    removal.site == gone.site && removal.instance == gone.instance
}

fn still_there(removal: &Removal, new: &OutputInventory) -> bool {
    new.get(&removal.site).is_some_and(|instances| {
        removal
            .instance
            .as_ref()
            .is_none_or(|instance| instances.contains(instance))
    })
}

fn not_approved(gone: &Vanished, removals: &Origin) -> Diagnostic {
    let Vanished { site, instance } = gone;
    let (what, entry) = match instance {
        None => (
            format!("site `{site}` vanishes"),
            format!("{{site: {site}, reason: …}}"),
        ),
        Some(name) => (
            format!("instance `{name}` of site `{site}` vanishes"),
            format!("{{site: {site}, instance: {name}, reason: …}}"),
        ),
    };
    rules::REMOVAL_NOT_APPROVED
        .report(format!(
            "{what} from `out/`, and `removals` does not list it"
        ))
        .primary(removals.clone(), "what may vanish is listed here")
        .help(format!(
            "add `{entry}` to `removals`, or put it back; a rename is a removal"
        ))
}

fn not_removed(removal: &Removal, entry: Origin) -> Diagnostic {
    let site = &removal.site;
    let what = match &removal.instance {
        None => format!("site `{site}`"),
        Some(name) => format!("instance `{name}` of site `{site}`"),
    };
    rules::REMOVAL_UNUSED
        .report(format!("{what} is listed in `removals` and is still there"))
        .primary(entry, "removes nothing")
        .help("drop the entry, or remove what it names")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory_of(paths: &[&str]) -> OutputInventory {
        let paths: Vec<TreePath> = paths
            .iter()
            .map(|path| TreePath::parse(path).unwrap())
            .collect();
        inventory(&paths)
    }

    fn removal(site: &str, instance: Option<&str>) -> Removal {
        Removal {
            site: site.to_owned(),
            instance: instance.map(str::to_owned),
            reason: "moved".to_owned(),
        }
    }

    fn codes(
        old: &OutputInventory,
        new: &OutputInventory,
        approved: &[Removal],
    ) -> Vec<&'static str> {
        let origin = Origin::file("siteplan.yaml").at("spec").at("removals");
        let found = check_removals(&vanished(old, new), new, approved, &origin);
        found.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn sites_and_instances_are_directories() {
        let inventory = inventory_of(&[
            "a/.siteplan.json",
            "a/apps/web.yaml",
            "a/bootstrap/root.yaml",
            "a/web/kustomization.yaml",
            "fleet/apps/a.yaml",
        ]);
        assert_eq!(inventory["a"], BTreeSet::from(["web".to_owned()]));
        assert!(inventory["fleet"].is_empty());
    }

    #[test]
    fn whatever_vanishes_needs_an_entry() {
        let old = inventory_of(&["a/web/x", "a/db/x", "b/web/x"]);
        let new = inventory_of(&["a/web/x"]);
        assert_eq!(codes(&old, &new, &[]), ["removal-not-approved"; 2]);
        assert_eq!(
            codes(&old, &new, &[removal("b", None)]),
            ["removal-not-approved"]
        );
        assert!(codes(&old, &new, &[removal("b", None), removal("a", Some("db"))]).is_empty());
    }

    #[test]
    fn an_entry_approves_only_what_it_names() {
        let old = inventory_of(&["a/web/x", "a/db/x"]);
        let new = inventory_of(&["a/web/x"]);
        assert_eq!(
            codes(&old, &new, &[removal("a", None)]),
            ["removal-not-approved", "removal-unused"]
        );
        let gone = OutputInventory::new();
        assert_eq!(
            codes(&old, &gone, &[removal("a", Some("db"))]),
            ["removal-not-approved"]
        );
    }

    #[test]
    fn entries_outlive_what_they_removed_and_warn_when_it_is_back() {
        let now = inventory_of(&["a/web/x"]);
        assert!(codes(&now, &now, &[removal("b", None), removal("a", Some("db"))]).is_empty());
        assert_eq!(
            codes(&now, &now, &[removal("a", Some("web"))]),
            ["removal-unused"]
        );
    }

    #[test]
    fn a_rename_is_a_removal() {
        let old = inventory_of(&["plant/web/x"]);
        let new = inventory_of(&["plant-1/web/x"]);
        assert_eq!(
            vanished(&old, &new),
            [Vanished {
                site: "plant".to_owned(),
                instance: None
            }]
        );
    }
}
