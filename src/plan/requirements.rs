//! Checks what profiles and apps require of a site against what the site says of itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::load::{App, Site};
use crate::model::{Platform, Role, SiteRequirements, StorageClassRef, StorageRequirement};
use crate::rules;
use crate::wording::count_noun;
use kubernetes_vocabulary::Quantity;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

use super::{Instance, NodePlan};

/// The author of requirements: the site's profiles and the site itself, or an app.
#[derive(Clone, Copy)]
enum RequirementSource<'a> {
    Site(&'a Site),
    App(&'a App),
}

impl RequirementSource<'_> {
    fn requirements(&self) -> &SiteRequirements {
        match self {
            Self::Site(site) => &site.spec.requirements,
            Self::App(app) => &app.spec.requirements,
        }
    }

    /// Returns the place of a field below `requirements`.
    fn origin(&self, field: &Pointer) -> Origin {
        let pointer = Pointer::parse("/requirements").join(field);
        match self {
            Self::Site(site) => site.origin(&pointer),
            Self::App(app) => app.origin(&pointer),
        }
    }

    /// Returns the end of a message: who requires it.
    fn word_author(&self) -> String {
        match self {
            Self::Site(_) => "are required".to_owned(),
            Self::App(app) => format!("are required by `{}`", app.name),
        }
    }
}

/// The facts of a site that requirements are compared with.
#[derive(Clone, Copy)]
pub(super) struct SiteFacts<'a> {
    pub(super) site: &'a Site,
    pub(super) nodes: &'a [NodePlan],
    /// The sites whose control planes it hosts.
    pub(super) hosted: &'a [Site],
}

/// A site, and one author of requirements of it.
struct RequirementCheck<'a> {
    facts: &'a SiteFacts<'a>,
    source: RequirementSource<'a>,
}

/// Reports requirements of the profiles and of each app that the site does not meet, and facts that it does not say and that one
/// of them asks for.
pub(super) fn check_requirements(
    facts: &SiteFacts<'_>,
    instances: &[Instance],
    found: &mut Diagnostics,
) {
    let mut sources = vec![RequirementSource::Site(facts.site)];
    let mut seen = BTreeSet::new();
    for app in instances.iter().filter_map(Instance::app) {
        if seen.insert(app.name.as_str()) {
            sources.push(RequirementSource::App(app));
        }
    }
    for source in sources {
        let check = RequirementCheck { facts, source };
        check.check_openshift(found);
        check.check_hosted(found);
        check.check_workers(found);
        for (index, wanted) in source.requirements().storage.iter().enumerate() {
            check.check_storage(wanted, &Pointer::parse("/storage").at(index), found);
        }
    }
}

impl RequirementCheck<'_> {
    fn check_openshift(&self, found: &mut Diagnostics) {
        let Some(range) = &self.source.requirements().openshift else {
            return;
        };
        let cluster = &self.facts.site.spec.cluster;
        let author = self.source.word_author();
        let (field, what) = match (cluster.platform, cluster.version.as_deref()) {
            (Platform::Kubernetes, _) => ("platform", "the platform is not OpenShift".to_owned()),
            (Platform::Openshift, None) => {
                ("version", "the site does not say its version".to_owned())
            }
            (Platform::Openshift, Some(version)) => match range.contains(version) {
                Some(true) => return,
                Some(false) => ("version", format!("the site has OpenShift {version}")),
                None => ("version", format!("`{version}` is not a version")),
            },
        };
        found.push(
            rules::REQUIREMENT_NOT_MET
                .report(format!("{what}, but versions {range} of OpenShift {author}"))
                .primary(self.origin(&Pointer::parse("/cluster").at(field)), "")
                .context(self.source.origin(&Pointer::parse("/openshift")), "required here")
                .help("upgrade the cluster, and write its version under `cluster:`; or leave out what asks for it"),
        );
    }

    /// Checks the versions of the clusters that the site hosts.
    fn check_hosted(&self, found: &mut Diagnostics) {
        let Some(range) = &self.source.requirements().hosted else {
            return;
        };
        for hosted in self.facts.hosted {
            let version = hosted.spec.cluster.version.as_deref().unwrap_or_default();
            if range.contains(version) == Some(true) {
                continue;
            }
            found.push(
                rules::REQUIREMENT_NOT_MET
                    .report(format!(
                        "`{}` is to have OpenShift {version}, but versions {range} of hosted clusters {}",
                        hosted.name,
                        self.source.word_author()
                    ))
                    .primary(hosted.origin(&Pointer::parse("/cluster/version")), "")
                    .context(self.source.origin(&Pointer::parse("/hosted")), "required here")
                    .help("choose a version that the hosting cluster's operator knows, or another channel of that operator"),
            );
        }
    }

    fn check_workers(&self, found: &mut Diagnostics) {
        let wanted = &self.source.requirements().workers;
        let workers: Vec<&NodePlan> = self
            .facts
            .nodes
            .iter()
            .filter(|node| node.roles.contains(&Role::Worker))
            .collect();
        if let Some(least) = wanted.nodes.filter(|least| workers.len() < *least as usize) {
            let has = format!(
                "{} with the role `worker`",
                count_noun(workers.len(), "node")
            );
            self.report_workers("nodes", &has, &least.to_string(), found);
        }
        for (resource, least) in [("cpu", wanted.cpu), ("memory", wanted.memory)] {
            let Some(least) = least else { continue };
            match sum_offers(&workers, resource) {
                Ok(sum) if sum >= least => {}
                Ok(sum) => {
                    let has = format!("workers that offer {} to pods", word_amount(resource, sum));
                    self.report_workers(resource, &has, &least.to_string(), found);
                }
                Err(silent) => self.report_silent_pool(silent, resource, found),
            }
        }
    }

    fn report_workers(&self, field: &str, has: &str, wants: &str, found: &mut Diagnostics) {
        let author = self.source.word_author();
        let field = Pointer::parse("/workers").at(field);
        found.push(
            rules::REQUIREMENT_NOT_MET
                .report(format!("the site has {has}, but {wants} {author}"))
                .primary_key(self.origin(&Pointer::parse("/pools")), "the site's nodes")
                .context(self.source.origin(&field), "required here")
                .help(
                    "add workers; a smaller form of the same apps is a profile that requires less",
                ),
        );
    }

    fn report_silent_pool(&self, node: &NodePlan, resource: &str, found: &mut Diagnostics) {
        let author = self.source.word_author();
        let pool = Pointer::parse("/pools").at(&node.pool);
        let field = Pointer::parse("/workers").at(resource);
        found.push(
            rules::REQUIREMENT_NOT_MET
                .report(format!(
                    "the pool `{}` does not say how much {resource} its nodes have, but sums of it {author}",
                    node.pool
                ))
                .primary_key(self.origin(&pool), "")
                .context(self.source.origin(&field), "required here")
                .help(format!("write `{resource}` under the pool's `capacity:`")),
        );
    }

    fn check_storage(&self, wanted: &StorageRequirement, at: &Pointer, found: &mut Diagnostics) {
        let Some(gap) = find_storage_gap(wanted, &self.facts.site.spec.storage) else {
            return;
        };
        let author = self.source.word_author();
        found.push(
            rules::REQUIREMENT_NOT_MET
                .report(format!("{} {author}", gap.message))
                .primary_key(self.origin(&gap.pointer), "")
                .context(self.source.origin(at), "required here")
                .help(gap.help),
        );
    }

    /// Returns the place of a field of the site.
    fn origin(&self, pointer: &Pointer) -> Origin {
        self.facts.site.origin(pointer)
    }
}

/// A difference between a storage requirement and the classes of a site.
struct StorageGap {
    /// The place below the site's `spec`.
    pointer: Pointer,
    /// The message, without its author.
    message: String,
    help: String,
}

/// Finds the reason why no class is what is required. `None` where one is.
fn find_storage_gap(
    wanted: &StorageRequirement,
    classes: &BTreeMap<String, StorageClassRef>,
) -> Option<StorageGap> {
    let mode = wanted.mode.name();
    let size = wanted.size.map(|s| s.to_string()).unwrap_or_default();
    let offering: BTreeMap<&String, &StorageClassRef> = classes
        .iter()
        .filter(|(_, class)| class.modes.contains(&wanted.mode))
        .collect();
    if offering.values().any(|class| class.capacity >= wanted.size) {
        return None;
    }
    let roles = Pointer::parse("/storage");
    let silent = offering.iter().find(|(_, class)| class.capacity.is_none());
    Some(if offering.is_empty() {
        StorageGap {
            pointer: roles,
            message: format!("no storage class of the site offers {mode}, but volumes with it"),
            help: format!("add a role under `storage:` whose class has `modes: [{mode}]`"),
        }
    } else if let Some((role, _)) = silent {
        StorageGap {
            pointer: roles.at(role),
            message: format!(
                "the storage role `{role}` does not say how much space it has, but {size} with {mode}"
            ),
            help: "write `capacity:` beside its class: the space for volumes, in all".to_owned(),
        }
    } else {
        StorageGap {
            pointer: roles,
            message: format!(
                "no storage class of the site that offers {mode} has the space, but {size} of it"
            ),
            help: "add storage, or correct the `capacity:` of the class".to_owned(),
        }
    })
}

/// Returns what nodes offer to pods of a resource, in all; the first node of which it is not known as the error.
fn sum_offers<'a>(nodes: &[&'a NodePlan], resource: &str) -> Result<Quantity, &'a NodePlan> {
    let mut sum = Quantity::ZERO;
    for node in nodes {
        let taken = node.reserved.get(resource).copied().unwrap_or_default();
        let capacity = node.capacity.get(resource).map(|all| all.minus(taken));
        let offer = node.allocatable.get(resource).copied().or(capacity);
        sum = sum.plus(offer.ok_or(*node)?);
    }
    Ok(sum)
}

fn word_amount(resource: &str, amount: Quantity) -> String {
    match resource {
        "cpu" => format!("{amount} CPUs"),
        _ => format!("{amount} of {resource}"),
    }
}
