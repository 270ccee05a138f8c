//! The placement rule of one part: which architectures, which labels, and the nodes that are left.
//!
//! Architectures are what the site wants ∩ what the images exist for ∩ what nodes there are. An empty result says which of the three
//! is in the way.

use kubernetes_vocabulary::labels::ARCH;
use kubernetes_vocabulary::{LabelRequirement, SelectorOperator};
use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::{ArchVia, Inject, PodRun};
use crate::manifest::Object;
use crate::model::Arch;
use crate::patch::{FieldAuthor, Reason};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Reported};

use super::architecture::{
    ImageArchitectures, WantedArchitectures, describe_missing_image, find_stated_images,
    find_wanted_architectures, list_architectures,
};
use super::candidate::CandidateNode;
use super::named_images::{find_unknown, limit_by_facts};
use super::scope::{PlacedPart, PlacementScope};
use super::tolerations;

/// The nodes that a part may run on, as far as the site and the app say.
#[derive(Debug)]
pub(super) struct PlacementRule<'a> {
    /// All expressions, the architecture's first. Empty: any node will do.
    pub(super) expressions: Vec<LabelRequirement>,
    /// The nodes that meet them.
    pub(super) nodes: Vec<CandidateNode<'a>>,
    /// Tolerations to add.
    pub(super) tolerations: Vec<Value>,
    /// True if the site asks for a place in so many words.
    pub(super) asked: bool,
    /// The line to show when something is wrong with the rule.
    pub(super) origin: Origin,
    /// The inputs that it follows.
    pub(super) reason: Reason,
}

impl PlacementRule<'_> {
    /// Returns whether it keeps the part from some node of the site.
    pub(super) fn excludes(&self, scope: &PlacementScope<'_>) -> bool {
        self.nodes.len() < scope.nodes.len()
    }
}

/// Returns the rule of a part; `None` where there is none, or where it contradicts itself, which is reported.
pub(super) fn find_rule<'a>(
    scope: &PlacementScope<'a>,
    subject: &PlacedPart<'a>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Option<PlacementRule<'a>> {
    let part = subject.at.part;
    if part.run == PodRun::VolumesOnly
        || (part.inject == Inject::Never && part.arch_via != ArchVia::None)
        || is_unplaced(subject)
    {
        return None;
    }
    found.extend(find_unstated(scope, subject, objects));
    make_rule(scope, subject, objects, found).ok()
}

/// Reports images of which neither the app nor the fleet says for which architectures they exist.
fn find_unstated(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    objects: &[Object],
) -> Option<Diagnostic> {
    if find_stated_images(scope, subject).is_some() {
        return None;
    }
    // What the site asks for against its own pool is reported with the rule.
    let wanted = find_wanted_architectures(scope, subject, &mut Diagnostics::new()).ok()?;
    find_unknown(scope, subject, &objects[subject.object], wanted.as_ref())
}

/// Checks for a DaemonSet-like part that placement is never injected into.
fn is_unplaced(subject: &PlacedPart<'_>) -> bool {
    subject.at.part.inject == Inject::Never && subject.at.part.run == PodRun::PerNode
}

fn make_rule<'a>(
    scope: &PlacementScope<'a>,
    subject: &PlacedPart<'a>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Result<PlacementRule<'a>, Reported> {
    let stated = find_stated_images(scope, subject);
    let architectures = PartArchitectures {
        images: limit_by_facts(scope, subject, &objects[subject.object], stated),
        wanted: find_wanted_architectures(scope, subject, found)?,
    };
    let allowed = architectures
        .intersect()
        .map_err(|conflict| found.report(conflict.describe(scope, objects)))?;
    let reachable = list_reachable_nodes(scope, subject, allowed.as_ref());
    if reachable.is_empty() {
        let images = architectures.images.as_ref();
        let problem = describe_missing_arch(scope, subject, images, allowed.as_ref());
        return Err(found.report(problem));
    }
    let labels = list_asked_labels(subject);
    let nodes: Vec<CandidateNode<'a>> = reachable
        .iter()
        .filter(|c| labels.iter().all(|l| l.matches(&c.labels)))
        .cloned()
        .collect();
    if nodes.is_empty() {
        let problem = describe_missing_labels(scope, subject, &reachable, &labels);
        return Err(found.report(problem));
    }
    let arch = allowed.map(|_| arch_expression(&nodes));
    let selector = subject
        .pool(scope)
        .and_then(|p| scope.site.pools.get(p))
        .map(|p| p.selector.clone())
        .unwrap_or_default();
    let mut expressions: Vec<LabelRequirement> = Vec::new();
    for expression in arch.into_iter().chain(selector).chain(labels) {
        if !expressions.contains(&expression) {
            expressions.push(expression);
        }
    }
    let origins = list_origins(scope, subject, architectures.images.as_ref());
    Ok(PlacementRule {
        expressions,
        nodes,
        tolerations: tolerations::wanted(scope, subject, &objects[subject.object]),
        asked: subject.placement.is_some() || scope.instance.pool.is_some(),
        origin: origins
            .first()
            .cloned()
            .unwrap_or_else(|| scope.instance.origin.clone()),
        reason: Reason {
            author: FieldAuthor::Placement,
            origins,
        },
    })
}

/// The architectures of a part, as far as anything limits them.
struct PartArchitectures {
    images: Option<ImageArchitectures>,
    wanted: Option<WantedArchitectures>,
}

/// Images that exist for none of the wanted architectures.
struct ArchitectureConflict<'a> {
    images: &'a ImageArchitectures,
    wanted: &'a WantedArchitectures,
}

impl PartArchitectures {
    /// Returns the architectures that site and images agree on; `None` where neither says anything.
    fn intersect(&self) -> Result<Option<BTreeSet<Arch>>, ArchitectureConflict<'_>> {
        match (&self.images, &self.wanted) {
            (Some(images), Some(wanted)) if images.arch.is_disjoint(&wanted.arch) => {
                Err(ArchitectureConflict { images, wanted })
            }
            (Some(images), Some(wanted)) => Ok(Some(
                images.arch.intersection(&wanted.arch).copied().collect(),
            )),
            (Some(images), None) => Ok(Some(images.arch.clone())),
            (None, wanted) => Ok(wanted.as_ref().map(|w| w.arch.clone())),
        }
    }
}

impl ArchitectureConflict<'_> {
    fn describe(&self, scope: &PlacementScope<'_>, objects: &[Object]) -> Diagnostic {
        describe_missing_image(scope, self.images, self.wanted, objects)
    }
}

/// Returns the nodes of the part's pool that have one of the architectures.
fn list_reachable_nodes<'a>(
    scope: &PlacementScope<'a>,
    subject: &PlacedPart<'_>,
    allowed: Option<&BTreeSet<Arch>>,
) -> Vec<CandidateNode<'a>> {
    let pool = subject.pool(scope);
    let mut nodes = Vec::new();
    for candidate in &scope.nodes {
        let is_in_pool = pool.is_none_or(|pool| candidate.node.pool == pool);
        let is_of_arch = allowed.is_none_or(|arch| arch.contains(&candidate.node.arch));
        if is_in_pool && is_of_arch {
            nodes.push(candidate.clone());
        }
    }
    nodes
}

/// Returns the architectures of the nodes that are left, as an expression.
fn arch_expression(nodes: &[CandidateNode<'_>]) -> LabelRequirement {
    let arch: BTreeSet<Arch> = nodes.iter().map(|c| c.node.arch).collect();
    LabelRequirement {
        key: ARCH.to_owned(),
        operator: SelectorOperator::In,
        values: arch.iter().map(|a| a.label().to_owned()).collect(),
    }
}

/// Returns the labels that the site asks for in the part's placement.
fn list_asked_labels(subject: &PlacedPart<'_>) -> Vec<LabelRequirement> {
    let written = subject
        .placement
        .into_iter()
        .flat_map(|(_, placement)| &placement.node_selector);
    written
        .map(|(key, value)| LabelRequirement::equals(key, value))
        .collect()
}

/// Returns the inputs that the rule follows, the most specific first.
fn list_origins(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    images: Option<&ImageArchitectures>,
) -> Vec<Origin> {
    let own = subject.placement.map(|(name, _)| name);
    let own_pool = subject.placement.is_some_and(|(_, p)| p.pool.is_some());
    let mut origins = Vec::new();
    if let Some(name) = own {
        origins.push(if own_pool {
            scope.of_placement(name, "pool")
        } else {
            scope.of_instance("placement").at(name)
        });
    }
    if let Some(pool) = subject.pool(scope) {
        if !own_pool {
            origins.push(scope.of_instance("pool"));
        }
        origins.push(scope.of_pool(pool, "arch"));
    }
    origins.extend(images.map(|i| i.origin.clone()));
    origins
}

/// Words a part for whose architectures there is no node.
fn describe_missing_arch(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    images: Option<&ImageArchitectures>,
    allowed: Option<&BTreeSet<Arch>>,
) -> Diagnostic {
    let name = &scope.instance.name;
    let there: BTreeSet<Arch> = scope.nodes.iter().map(|c| c.node.arch).collect();
    let wanted = allowed.map_or_else(|| "any architecture".to_owned(), list_architectures);
    if let Some(pool) = subject.pool(scope) {
        return rules::NO_ELIGIBLE_NODE
            .report(format!("`{name}` runs in the pool `{pool}`, which has no node of {wanted}"))
            .primary_key(scope.of_site("/pools").at(pool), "no node here")
            .help("list the pool's nodes under `nodes:`, or, where they have no names yet, write `replicas:`");
    }
    let report = rules::NO_ELIGIBLE_NODE.report(format!(
        "no node of the site has an architecture that `{name}` runs on: it needs {wanted}, the nodes are {}",
        list_architectures(&there)
    ));
    let by_images = images.map(|i| i.origin.clone());
    let by_site = subject
        .placement
        .filter(|(_, p)| !p.arch.is_empty())
        .map(|(part, _)| scope.of_placement(part, "arch"));
    report
        .primary(
            by_site
                .or(by_images)
                .unwrap_or_else(|| scope.instance.origin.clone()),
            format!("{wanted} here"),
        )
        .context_key(
            scope.of_site("/pools"),
            format!("the nodes are {}", list_architectures(&there)),
        )
        .help(format!(
            "add a pool of {wanted}, use an app whose images exist for {}, or set `enabled: false`",
            list_architectures(&there)
        ))
}

/// Words labels that no reachable node has.
fn describe_missing_labels(
    scope: &PlacementScope<'_>,
    subject: &PlacedPart<'_>,
    reachable: &[CandidateNode<'_>],
    labels: &[LabelRequirement],
) -> Diagnostic {
    let unmet = labels
        .iter()
        .find(|l| !reachable.iter().any(|c| l.matches(&c.labels)));
    let part = subject.placement.map(|(name, _)| name).unwrap_or_default();
    let origin = scope.of_placement(part, "nodeSelector");
    let place = subject.pool(scope).map_or_else(
        || "of the site".to_owned(),
        |p| format!("of the pool `{p}`"),
    );
    let message = match unmet {
        Some(l) => format!(
            "no node {place} has the label `{}: {}` that `{part}` of `{}` needs",
            l.key,
            l.values.join(","),
            scope.instance.name
        ),
        None => format!(
            "no node {place} has all the labels that `{part}` of `{}` needs",
            scope.instance.name
        ),
    };
    let values: BTreeSet<&str> = unmet
        .iter()
        .flat_map(|l| reachable.iter().filter_map(|c| c.labels.get(&l.key)))
        .map(String::as_str)
        .collect();
    let help = match (unmet, values.is_empty()) {
        (Some(l), false) => format!(
            "the nodes have `{}` with {}",
            l.key,
            values
                .into_iter()
                .map(|v| format!("`{v}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        (Some(l), true) => format!(
            "write `{}` under the `labels:` of a pool or node, or leave it out here",
            l.key
        ),
        (None, _) => "ask for labels that one node has".to_owned(),
    };
    let origin = unmet.map_or(origin.clone(), |l| origin.at(&l.key));
    rules::NO_ELIGIBLE_NODE
        .report(message)
        .primary(origin, "")
        .help(help)
}
