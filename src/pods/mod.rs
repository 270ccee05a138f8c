//! Derives the pods of a site: from the final manifests and the site's nodes to a [`PlacementProblem`].
//!
//! Every place that the catalogue knows becomes a workload, with what its pods ask for; what operators make without saying so comes from
//! the `operands` of its entry in the catalogue. Nodes offer what the site file says, less the platform's share. What had to be assumed is listed.

mod admission;
mod autoscaler;
mod budget;
mod claims;
mod inventory;
mod launcher;
mod limits;
mod node;
mod part;
mod platform;
mod quota;
mod remediation;
mod rollout;
#[cfg(test)]
mod tests;
mod volume;
mod workload;

use kubernetes_vocabulary::Labels;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalogue::{Catalogue, carries_pods};
use crate::manifest::{Object, ObjectId};
use crate::plan::{Instance, SitePlan};
use crate::rules;
use podfit::prove::PlacementProblem;
use podfit::scheduler::Namespaces;
use pointer_diagnostics::{Diagnostics, Origin};

use admission::Admission;
use autoscaler::Autoscalers;
use inventory::StorageInventory;

pub use quota::PodUse;

/// The input from which the pods of a site follow.
#[derive(Debug, Clone, Copy)]
pub struct PodsInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The final manifests, by instance.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// The catalogue of each instance, with its app's own entries.
    pub catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
    /// Objects that the API server refuses: what only follows from that is not told of them.
    pub refused: &'a BTreeSet<ObjectId>,
}

/// The pods of a site, as a problem, and where each workload and budget comes from.
#[derive(Debug, Clone, Default)]
pub struct SitePods {
    /// Nodes, workloads and budgets.
    pub problem: PlacementProblem,
    /// The source of each workload, in the order of the problem's.
    pub sources: Vec<WorkloadSource>,
    /// The source of each budget, in the order of the problem's.
    pub budgets: Vec<WorkloadSource>,
    /// The limits of each workload's pods, in the order of the problem's.
    pub uses: Vec<PodUse>,
    /// The claims that pods name.
    pub claim_uses: Vec<ClaimUse>,
    /// The assumptions of the proof: phrases, sorted.
    pub assumptions: BTreeSet<String>,
}

/// A claim that the pods of a workload name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimUse {
    /// The workload, by its position in the problem.
    pub workload: usize,
    /// The claim, in the workload's namespace.
    pub claim: String,
}

/// The source of a workload or a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadSource {
    /// The instance.
    pub instance: String,
    /// The object.
    pub object: ObjectId,
    /// The part of it, as the catalogue calls it.
    pub part: String,
    /// The line of the instance.
    pub origin: Origin,
    /// The pool that the site wants it on.
    pub pool: Option<String>,
}

/// Returns the pods that the manifests lead to. Fields that cannot be read, and kinds that look as if they had pods and are not known, are
/// reported.
pub fn pods(input: &PodsInput<'_>, found: &mut Diagnostics) -> SitePods {
    let inventory = StorageInventory::new(input);
    let admission = Admission::new(input);
    let autoscalers = Autoscalers::new(input);
    let mut site = SitePods::default();
    node::add_nodes(input, &inventory, &mut site);
    site.problem.namespaces = collect_namespaces(input);
    for (instance, object) in list_objects(input) {
        let Some(catalogue) = input.catalogues.get(&instance.name) else {
            continue;
        };
        if !catalogue.knows_pods_of(object) {
            report_carrier(instance, object, found);
        }
        workload::add_workloads(
            &PodsScope {
                input,
                instance,
                catalogue,
                inventory: &inventory,
                admission: &admission,
                autoscalers: &autoscalers,
            },
            object,
            &mut site,
            found,
        );
    }
    name_apart(&mut site);
    claims::check_shared_claims(&inventory, &site, found);
    quota::check_quotas(input, &mut site, found);
    site.assumptions.insert(
        "nothing runs on the nodes beside the platform's share and these workloads".to_owned(),
    );
    budget::add_budgets(input, &mut site);
    let survive = input.plan.site.spec.ha.survive;
    site.problem.lost_nodes = survive.nodes;
    site.problem.lost_zones = survive.zones;
    site
}

/// The object and the site that a workload is made from.
#[derive(Clone, Copy)]
struct PodsScope<'a> {
    input: &'a PodsInput<'a>,
    instance: &'a Instance,
    catalogue: &'a Catalogue,
    inventory: &'a StorageInventory,
    admission: &'a Admission,
    autoscalers: &'a Autoscalers,
}

/// Returns all objects with their instances.
fn list_objects<'a>(input: &PodsInput<'a>) -> impl Iterator<Item = (&'a Instance, &'a Object)> {
    let (plan, rendered) = (input.plan, input.rendered);
    plan.instances.iter().flat_map(move |instance| {
        rendered
            .get(&instance.name)
            .into_iter()
            .flatten()
            .map(move |object| (instance, object))
    })
}

fn collect_namespaces(input: &PodsInput<'_>) -> Namespaces {
    let mut namespaces = Namespaces::default();
    for (_, object) in
        list_objects(input).filter(|(_, o)| o.kind() == "Namespace" && o.group().is_empty())
    {
        let written = object
            .get("/metadata/labels")
            .and_then(|l| l.as_object())
            .into_iter()
            .flatten();
        let labels: Labels = written
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        namespaces.insert(object.name(), &labels);
    }
    namespaces
}

fn report_carrier(instance: &Instance, object: &Object, found: &mut Diagnostics) {
    let Some(at) = carries_pods(object) else {
        return;
    };
    let (id, group) = (object.id(), object.group());
    found.push(
        rules::UNKNOWN_POD_CARRIER
            .report(format!(
                "`{id}` of `{}` looks as if it led to pods (`{}`), but nothing is known about its kind",
                instance.name,
                at.tokens().collect::<Vec<_>>().join(".")
            ))
            .primary_key(instance.origin.clone(), "its pods are neither placed nor part of the proof")
            .help(format!(
                "add an entry `{{group: {group:?}, kind: {}, parts: […]}}` to `catalogue:` in the app's app.yaml; without `parts` it says that there are no pods",
                object.kind()
            )),
    );
}

/// A name for a workload, the longer the more workloads share the shorter one.
type NameForm = fn(&WorkloadSource, usize) -> String;

/// Gives workloads of the same name names that differ: with the object's name, then with its kind and the part, then with a number.
fn name_apart(site: &mut SitePods) {
    let by_object = |s: &WorkloadSource, _: usize| format!("{}/{}", s.instance, s.object.name);
    let by_all = |s: &WorkloadSource, _: usize| format!("{}/{}/{}", s.instance, s.object, s.part);
    let by_number = |s: &WorkloadSource, number: usize| {
        format!("{}/{}/{}-{number}", s.instance, s.object, s.part)
    };
    let forms: [NameForm; 3] = [by_object, by_all, by_number];
    for form in forms {
        let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, workload) in site.problem.workloads.iter().enumerate() {
            seen.entry(workload.spec.owner.clone())
                .or_default()
                .push(at);
        }
        for places in seen.into_values().filter(|places| places.len() > 1) {
            for (number, at) in places.into_iter().enumerate() {
                site.problem.workloads[at].spec.owner = form(&site.sources[at], number);
            }
        }
    }
}
