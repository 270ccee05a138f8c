//! The placement rule of one part: which architectures, which labels, and the nodes that are left.
//!
//! Architectures are what the site wants ∩ what the images exist for ∩ what nodes there are. An empty result says which of the three
//! is in the way.

use kubernetes_vocabulary::labels::ARCH;
use kubernetes_vocabulary::{LabelRequirement, SelectorOperator};
use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::{ArchVia, Field, Inject};
use crate::manifest::Object;
use crate::model::Arch;
use crate::patch::Reason;
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin};

use super::architecture::{self, Images, Wanted, listed};
use super::candidate::Candidate;
use super::scope::{Scope, Subject};
use super::tolerations;

/// Where a part may run, as far as the site and the app say.
#[derive(Debug)]
pub(super) struct PlacementRule<'a> {
    /// All expressions, the architecture's first. Empty: any node will do.
    pub(super) expressions: Vec<LabelRequirement>,
    /// The nodes that meet them.
    pub(super) nodes: Vec<Candidate<'a>>,
    /// Tolerations to add.
    pub(super) tolerations: Vec<Value>,
    /// Whether the site asks for a place in so many words.
    pub(super) asked: bool,
    /// The line to show when something is wrong with the rule.
    pub(super) origin: Origin,
    /// Who asked for it.
    pub(super) reason: Reason,
}

impl PlacementRule<'_> {
    /// Whether it keeps the part from some node of the site.
    pub(super) fn excludes(&self, scope: &Scope<'_>) -> bool {
        self.nodes.len() < scope.nodes.len()
    }
}

/// The rule of a part; `None` where there is none, or where it contradicts itself, which is reported.
pub(super) fn rule<'a>(
    scope: &Scope<'a>,
    subject: &Subject<'a>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Option<PlacementRule<'a>> {
    let part = subject.part.part;
    if part.volumes_only
        || (part.inject == Inject::Never && part.arch_via != ArchVia::None)
        || is_unplaced(subject)
    {
        return None;
    }
    match make(scope, subject, objects) {
        Ok(rule) => Some(rule),
        Err(problem) => {
            found.push(*problem);
            None
        }
    }
}

/// A part that runs everywhere has no placement field of its own to speak of.
fn is_unplaced(subject: &Subject<'_>) -> bool {
    subject.part.part.inject == Inject::Never && subject.part.part.per_node
}

fn make<'a>(
    scope: &Scope<'a>,
    subject: &Subject<'a>,
    objects: &[Object],
) -> Result<PlacementRule<'a>, Box<Diagnostic>> {
    let images = architecture::images(scope, subject);
    let wanted = architecture::wanted(scope, subject)?;
    let allowed = allowed(scope, (images.as_ref(), wanted.as_ref()), objects)?;
    let in_pool = |c: &&Candidate<'_>| subject.pool(scope).is_none_or(|p| c.node.pool == p);
    let of_arch = |c: &&Candidate<'_>| allowed.as_ref().is_none_or(|a| a.contains(&c.node.arch));
    let reachable: Vec<Candidate<'a>> = scope
        .nodes
        .iter()
        .filter(in_pool)
        .filter(of_arch)
        .cloned()
        .collect();
    if reachable.is_empty() {
        return Err(Box::new(no_node_of_arch(
            scope,
            subject,
            (images.as_ref(), allowed.as_ref()),
        )));
    }
    let labels = labels(subject);
    let nodes: Vec<Candidate<'a>> = reachable
        .iter()
        .filter(|c| labels.iter().all(|l| l.matches(&c.labels)))
        .cloned()
        .collect();
    if nodes.is_empty() {
        return Err(Box::new(no_node_with_labels(
            scope, subject, &reachable, &labels,
        )));
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
    let origins = origins(scope, subject, images.as_ref());
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
            rule: "placement",
            origins,
        },
    })
}

/// The architectures that site and images agree on; `None` where neither says anything.
fn allowed(
    scope: &Scope<'_>,
    (images, wanted): (Option<&Images>, Option<&Wanted>),
    objects: &[Object],
) -> Result<Option<BTreeSet<Arch>>, Box<Diagnostic>> {
    match (images, wanted) {
        (Some(images), Some(wanted)) => {
            let common: BTreeSet<Arch> = images.arch.intersection(&wanted.arch).copied().collect();
            match common.is_empty() {
                true => Err(Box::new(architecture::no_image(
                    scope, images, wanted, objects,
                ))),
                false => Ok(Some(common)),
            }
        }
        (Some(images), None) => Ok(Some(images.arch.clone())),
        (None, wanted) => Ok(wanted.map(|w| w.arch.clone())),
    }
}

/// The architectures of the nodes that are left, as an expression.
fn arch_expression(nodes: &[Candidate<'_>]) -> LabelRequirement {
    let arch: BTreeSet<Arch> = nodes.iter().map(|c| c.node.arch).collect();
    LabelRequirement {
        key: ARCH.to_owned(),
        operator: SelectorOperator::In,
        values: arch.iter().map(|a| a.label().to_owned()).collect(),
    }
}

/// The labels that the site asks for in the part's placement.
fn labels(subject: &Subject<'_>) -> Vec<LabelRequirement> {
    let written = subject
        .placement
        .into_iter()
        .flat_map(|(_, placement)| &placement.node_selector);
    written
        .map(|(key, value)| LabelRequirement::equals(key, value))
        .collect()
}

/// The inputs that the rule follows, the most specific first.
fn origins(scope: &Scope<'_>, subject: &Subject<'_>, images: Option<&Images>) -> Vec<Origin> {
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

fn no_node_of_arch(
    scope: &Scope<'_>,
    subject: &Subject<'_>,
    (images, allowed): (Option<&Images>, Option<&BTreeSet<Arch>>),
) -> Diagnostic {
    let name = &scope.instance.name;
    let there: BTreeSet<Arch> = scope.nodes.iter().map(|c| c.node.arch).collect();
    let wanted = allowed.map_or_else(|| "any architecture".to_owned(), listed);
    if let Some(pool) = subject.pool(scope) {
        return rules::NO_ELIGIBLE_NODE
            .report(format!("`{name}` runs in the pool `{pool}`, which has no node of {wanted}"))
            .primary_key(scope.of_site("/pools").at(pool), "no node here")
            .help("list the pool's nodes under `nodes:`, or, where they have no names yet, write `replicas:`");
    }
    let report = rules::NO_ELIGIBLE_NODE.report(format!(
        "no node of the site has an architecture that `{name}` runs on: it needs {wanted}, the nodes are {}",
        listed(&there)
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
            format!("the nodes are {}", listed(&there)),
        )
        .help(format!(
            "add a pool of {wanted}, use an app whose images exist for {}, or set `enabled: false`",
            listed(&there)
        ))
}

fn no_node_with_labels(
    scope: &Scope<'_>,
    subject: &Subject<'_>,
    reachable: &[Candidate<'_>],
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

/// The nodes that the part can run on in the end: the rule's, less those that the base excludes or that carry a taint which nobody
/// tolerates.
pub(super) fn eligible<'a>(
    rule: &PlacementRule<'a>,
    subject: &Subject<'_>,
    object: &Object,
) -> Vec<Candidate<'a>> {
    let terms = super::affinity::terms(subject, object).and_then(|p| object.get(p.as_str()));
    let map = match subject.part.part.arch_via {
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => None,
        _ => subject.part.value(object, Field::NodeSelector),
    };
    let written = subject
        .part
        .value(object, Field::Tolerations)
        .and_then(Value::as_array);
    let tolerated: Vec<&Value> = written
        .into_iter()
        .flatten()
        .chain(&rule.tolerations)
        .collect();
    let selected = rule.nodes.iter().filter(|c| {
        super::requirement::terms_select_node(terms, c)
            && super::requirement::map_selects_node(map, c)
            && tolerations::admit_pods(&c.node.taints, &tolerated)
    });
    selected.cloned().collect()
}
