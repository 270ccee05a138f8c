//! Finds what would vanish from out/ and is not approved to.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{HeldObject, Ledger, Leftover};
use crate::load::{ApprovedRemoval, FLEET_FILE};
use crate::model::{Removal, SiteToApprove};
use crate::rules;
use crate::tree::TreePath;
use crate::wording::list_some;
use kubernetes_vocabulary::Quantity;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin};

/// Directories of a site that are no instances.
const NO_INSTANCES: [&str; 2] = ["apps", "bootstrap"];

/// The sites that an output holds.
pub type Inventory = BTreeMap<String, SiteInventory>;

/// The part of an output that removals of one site ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteInventory {
    /// The instances.
    pub instances: BTreeSet<String>,
    /// The objects whose deletion loses data, with the sizes of their volumes.
    pub data: BTreeMap<HeldObject, HeldData>,
    /// The profiles of the site; none where they are not known.
    pub profiles: Vec<String>,
}

/// Data of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldData {
    /// The instance that the object is of.
    pub instance: String,
    /// The sizes of its volumes, by the field that says them.
    pub sizes: BTreeMap<String, String>,
}

/// Something that is in the old output and not, or smaller, in the new one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vanished {
    /// The thing.
    pub thing: VanishedThing,
    /// The site.
    pub site: String,
}

/// A thing that vanishes from a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum VanishedThing {
    /// The whole site.
    Site,
    /// An instance with all of its objects.
    Instance(String),
    /// An object whose deletion loses data.
    Object {
        /// The instance that had it, which is still there.
        instance: String,
        /// `Kind/name`.
        object: String,
        /// Its namespace; empty for a cluster-scoped object.
        namespace: String,
    },
    /// The size of a volume becomes smaller.
    Size {
        /// The instance that has the object.
        instance: String,
        /// `Kind/name`.
        object: String,
        /// The field, the old size and the new one.
        change: String,
    },
}

impl SiteInventory {
    /// Lists what the paths of generated files and the ledger show of one site.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a TreePath>, ledger: &Ledger) -> Self {
        let mut inventory = Self::default();
        for path in paths {
            if let Some((directory, _)) = path.in_site().split_once('/')
                && !NO_INSTANCES.contains(&directory)
            {
                inventory.instances.insert(directory.to_owned());
            }
        }
        for (instance, holding) in &ledger.instances {
            inventory.instances.insert(instance.clone());
            for (object, sizes) in &holding.data {
                let held = HeldData {
                    instance: instance.clone(),
                    sizes: sizes.clone(),
                };
                inventory.data.insert(object.clone(), held);
            }
        }
        inventory
    }
}

/// Returns what of the old output is missing in the new one. Of a site that vanishes, the instances are not listed, and of an instance
/// that vanishes, the objects.
pub fn vanished(old: &Inventory, new: &Inventory) -> Vec<Vanished> {
    let mut vanished = Vec::new();
    for (site, before) in old {
        let things = match new.get(site) {
            None => vec![VanishedThing::Site],
            Some(now) => vanished_of_site(before, now),
        };
        vanished.extend(things.into_iter().map(|thing| Vanished {
            thing,
            site: site.clone(),
        }));
    }
    vanished
}

fn vanished_of_site(before: &SiteInventory, now: &SiteInventory) -> Vec<VanishedThing> {
    let gone = before.instances.difference(&now.instances);
    let mut things: Vec<VanishedThing> = gone.cloned().map(VanishedThing::Instance).collect();
    for (object, held) in &before.data {
        let instance = held.instance.clone();
        match now.data.get(object) {
            None if now.instances.contains(&instance) => things.push(VanishedThing::Object {
                instance,
                object: object.to_string(),
                namespace: object.namespace.clone(),
            }),
            None => {}
            Some(kept) => things.extend(shrunken(&held.sizes, &kept.sizes).into_iter().map(
                |change| VanishedThing::Size {
                    instance: kept.instance.clone(),
                    object: object.to_string(),
                    change,
                },
            )),
        }
    }
    things
}

/// Describes every size that is smaller than it was.
fn shrunken(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut changes = Vec::new();
    for (field, old) in before {
        let Some(new) = now.get(field) else { continue };
        if let (Ok(old_size), Ok(new_size)) = (old.parse::<Quantity>(), new.parse::<Quantity>())
            && new_size < old_size
        {
            changes.push(format!("`{field}` from {old} to {new}"));
        }
    }
    changes
}

/// Checks what vanishes against the removals that are approved. The same thing on several sites is told once.
pub fn check_removals(
    gone: &[Vanished],
    new: &Inventory,
    approved: &[ApprovedRemoval],
) -> Diagnostics {
    let mut sites_of: BTreeMap<&VanishedThing, Vec<&str>> = BTreeMap::new();
    for one in gone {
        if !approved.iter().any(|a| approves(&a.removal, one, new)) {
            sites_of.entry(&one.thing).or_default().push(&one.site);
        }
    }
    let unapproved = sites_of
        .iter()
        .flat_map(|(thing, sites)| not_approved(thing, sites));
    unapproved.collect()
}

/// Says of each approval that nothing needs now, whether it removes nothing or what it waits for. `new` holds every site of the fleet.
pub fn explain_approvals(
    gone: &[Vanished],
    new: &Inventory,
    approved: &[ApprovedRemoval],
) -> Diagnostics {
    let explained = approved
        .iter()
        .filter_map(|one| explain_approval(one, gone, new));
    explained.collect()
}

fn approves(removal: &Removal, gone: &Vanished, new: &Inventory) -> bool {
    let site = site_to_approve(&gone.site, new);
    match &gone.thing {
        VanishedThing::Site => removal.approves_site(&gone.site),
        VanishedThing::Instance(instance) => removal.approves_instance(site, instance),
        VanishedThing::Object {
            instance, object, ..
        }
        | VanishedThing::Size {
            instance, object, ..
        } => removal.approves_object(site, instance, object),
    }
}

fn site_to_approve<'a>(name: &'a str, new: &'a Inventory) -> SiteToApprove<'a> {
    let profiles = new.get(name).map_or(&[][..], |site| &site.profiles);
    SiteToApprove { name, profiles }
}

/// Says what a site's project permits still though nobody had to approve its removal.
pub fn unguarded_leftovers(
    site: &str,
    file: &str,
    removing: &BTreeMap<String, Leftover>,
) -> Option<Diagnostic> {
    let mut names = BTreeSet::new();
    for leftover in removing.values().filter(|leftover| !leftover.approved) {
        names.extend(leftover.holding.kinds.iter().map(|kind| kind.kind.as_str()));
        let namespaces = leftover.holding.namespaces.iter();
        names.extend(namespaces.map(String::as_str));
    }
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let report = rules::REMOVAL_UNDER_WAY.report(format!(
        "`{site}` has left {} behind, which its project permits until Argo CD has removed it",
        list_some(&names)
    ));
    let report = report.primary(Origin::file(file), "");
    Some(report.help(format!(
        "when the Applications of `{site}` are Synced, run `siteplan build --settled {site}`"
    )))
}

/// Says of an approval that it removes nothing, because what it names is still there, or that it can go when Argo CD is done.
fn explain_approval(
    one: &ApprovedRemoval,
    gone: &[Vanished],
    new: &Inventory,
) -> Option<Diagnostic> {
    let removal = &one.removal;
    if !removal.names_something() || gone.iter().any(|gone| approves(removal, gone, new)) {
        return None;
    }
    let kept: Vec<&str> = new
        .iter()
        .filter(|(site, inventory)| still_has(removal, site, inventory, new))
        .map(|(site, _)| site.as_str())
        .collect();
    Some(match kept.as_slice() {
        [] => can_go(one),
        _ if removal.site.is_none() && !has_all(removal, &kept, new) => can_go(one),
        sites => not_removed(one, sites),
    })
}

/// Tells whether every site that a removal is about still has what it names: an approval of several sites may be carried out on some of
/// them, and says so where the others are built.
fn has_all(removal: &Removal, kept: &[&str], new: &Inventory) -> bool {
    let about = new
        .keys()
        .filter(|site| removal.is_about_site(site_to_approve(site, new)));
    about.count() == kept.len()
}

fn still_has(removal: &Removal, site: &str, inventory: &SiteInventory, new: &Inventory) -> bool {
    if !removal.is_about_site(site_to_approve(site, new)) {
        return false;
    }
    match (&removal.instance, &removal.object) {
        (None, None) => true,
        (Some(instance), None) => inventory.instances.contains(instance),
        (_, Some(_)) => inventory.data.iter().any(|(object, held)| {
            let site = site_to_approve(site, new);
            removal.approves_object(site, &held.instance, &object.to_string())
        }),
    }
}

fn not_approved(thing: &VanishedThing, sites: &[&str]) -> Vec<Diagnostic> {
    let single = match sites {
        [only] => format!("site: {only}, "),
        _ => String::new(),
    };
    let of_sites = match sites {
        [only] => format!("site `{only}`"),
        _ => format!("{} sites", sites.len()),
    };
    let places = Origin::file(FLEET_FILE).at("spec").at("removals");
    let report = |message: String, entry: String, else_do: &str| {
        let report = rules::REMOVAL_NOT_APPROVED
            .report(message)
            .primary(places.clone(), name_sites(sites));
        report.help(format!(
            "if it shall go, write `spec: {{{entry}, reason: …}}` into a new file of `removals/`; {else_do}"
        ))
    };
    match thing {
        VanishedThing::Site => sites
            .iter()
            .map(|site| {
                report(
                    format!("site `{site}` vanishes from `out/`, and nothing approves that"),
                    format!("site: {site}"),
                    "or put it back; a rename is a removal",
                )
            })
            .collect(),
        VanishedThing::Instance(instance) => vec![report(
            format!(
                "instance `{instance}` of {of_sites} vanishes from `out/`, and nothing approves that"
            ),
            format!("{single}instance: {instance}"),
            "or put it back; a rename is a removal",
        )],
        VanishedThing::Object {
            instance,
            object,
            namespace,
        } => vec![report(
            format!(
                "`{object}`{} of instance `{instance}` holds data and vanishes from {of_sites}, and nothing approves that",
                in_namespace(namespace)
            ),
            format!("{single}instance: {instance}, object: {object}"),
            "or keep its kind, name and namespace; Argo CD deletes what is renamed or moved",
        )],
        VanishedThing::Size {
            instance,
            object,
            change,
        } => vec![report(
            format!(
                "a volume of `{object}` of instance `{instance}` shrinks on {of_sites}: {change}"
            ),
            format!("{single}instance: {instance}, object: {object}"),
            "or keep the size; Kubernetes refuses to shrink a claim",
        )],
    }
}

fn name_sites(sites: &[&str]) -> String {
    match sites {
        [_] => "what may vanish is approved here, or in a file of `removals/`".to_owned(),
        _ => format!("on {}", list_some(sites)),
    }
}

fn in_namespace(namespace: &str) -> String {
    if namespace.is_empty() {
        String::new()
    } else {
        format!(" in `{namespace}`")
    }
}

fn not_removed(one: &ApprovedRemoval, sites: &[&str]) -> Diagnostic {
    let message = match sites {
        [only] if one.removal.site.is_some() => {
            format!(
                "{} is approved to vanish and is still there",
                describe(&one.removal, only)
            )
        }
        _ => format!(
            "{} is approved to vanish and is still there",
            describe_everywhere(&one.removal)
        ),
    };
    rules::REMOVAL_UNUSED
        .report(message)
        .primary(one.origin.clone(), "removes nothing")
        .help("drop the approval, or remove what it names")
}

fn can_go(one: &ApprovedRemoval) -> Diagnostic {
    let removal = &one.removal;
    let what = match &removal.site {
        Some(site) => describe(removal, site),
        None => describe_everywhere(removal),
    };
    let wait = match (&removal.site, &removal.instance, &removal.object) {
        (_, _, Some(_)) => "the Application no longer shows it",
        (_, Some(_), None) => "the Application is gone",
        _ => "nothing of it runs any more",
    };
    rules::REMOVAL_UNDER_WAY
        .report(format!("{what} has left `out/`; its approval can go when Argo CD has removed it"))
        .primary(one.origin.clone(), "keeps in the site's project what Argo CD needs to remove it")
        .help(format!(
            "when {wait} (`kubectl get applications -A`), drop the approval and run `siteplan build`"
        ))
}

fn describe(removal: &Removal, site: &str) -> String {
    match (&removal.instance, &removal.object) {
        (None, None) => format!("site `{site}`"),
        (Some(instance), None) => format!("instance `{instance}` of site `{site}`"),
        (_, Some(object)) => format!("`{object}` of site `{site}`"),
    }
}

fn describe_everywhere(removal: &Removal) -> String {
    match (&removal.instance, &removal.object, &removal.site) {
        (_, Some(object), _) => format!("`{object}`"),
        (Some(instance), None, _) => format!("instance `{instance}`"),
        (None, None, site) => format!("site `{}`", site.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
