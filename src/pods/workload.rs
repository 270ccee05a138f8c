//! The workloads of an object: the catalogue's parts, and what operators make beside them.

use kubernetes_vocabulary::labels::ARCH;
use kubernetes_vocabulary::labels::POD_TEMPLATE_HASH;
use kubernetes_vocabulary::{LabelRequirement, LabelSelector, SelectorOperator};
use serde_json::Value;

use super::admission::AdmittedPod;
use super::part::{OperandOfPart, PodOwner};
use super::quota::PodUse;
use super::{ClaimUse, PodsScope, SitePods, WorkloadSource, launcher, part, rollout, volume};
use crate::catalogue::{
    Field, OperandPart, Operands, PartAt, PartNaming, PodReplacement, PodRun, PodsNeeded,
};
use crate::manifest::Object;
use crate::model::{Arch, Availability, PartSpec};
use crate::rules;
use crate::wording::count_noun;
use podfit::prove::{BudgetLimit, DisruptionBudget, Recovery, Redundancy, Workload};
use podfit::scheduler::{CURRENT, PodSpec, SpecError, find_static_reasons};
use pointer_diagnostics::Diagnostics;

/// The label by which KubeVirt marks a machine's pod.
const MACHINE: &str = "vm.kubevirt.io/name";

/// Adds the workloads of an object.
pub(super) fn add_workloads(
    scope: &PodsScope<'_>,
    object: &Object,
    site: &mut SitePods,
    found: &mut Diagnostics,
) {
    let operand = scope
        .catalogue
        .entry(object)
        .and_then(|entry| entry.operands.as_ref());
    let parts = scope.catalogue.parts(object);
    for at in parts.iter().filter(|p| p.part.run != PodRun::VolumesOnly) {
        let known = operand
            .and_then(|o| Some((o, o.part(&at.part.name)?)))
            .filter(|(_, k)| !k.is_of_its_own());
        let there = known.is_none_or(|(_, k)| k.is_there(object));
        let count = count_pods(scope, at, object, site);
        if there
            && (count > 0 || at.part.run == PodRun::PerNode)
            && (!launcher::is_launcher(at, object) || launcher::is_running(object))
        {
            WorkloadMaker {
                scope,
                object,
                at,
                operand: known,
                count,
            }
            .make(site, found);
        }
    }
    for known in operand
        .iter()
        .flat_map(|o| o.pods.iter().map(move |k| (*o, k)))
        .filter(|(_, k)| k.is_of_its_own())
    {
        let placed = known
            .1
            .placed_by
            .iter()
            .find_map(|name| parts.iter().find(|p| p.part.name == *name && p.present));
        let placed = placed.or_else(|| {
            parts
                .iter()
                .find(|p| known.1.placed_by.contains(&p.part.name))
        });
        if let Some(at) = placed.filter(|_| known.1.is_there(object)) {
            let count = known.0.count(known.1, object);
            WorkloadMaker {
                scope,
                object,
                at,
                operand: Some(known),
                count,
            }
            .make(site, found);
        }
    }
}

/// Counts the pods of a part: as many as it says, or as its autoscaler keeps at least.
fn count_pods(scope: &PodsScope<'_>, at: &PartAt<'_>, object: &Object, site: &mut SitePods) -> u32 {
    let written = at
        .count(object)
        .map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX));
    match scope.autoscalers.find(object) {
        // No pods are a switch: nothing scales up from there.
        Some(range) if written > 0 => {
            let count = written.clamp(range.least, range.most.max(range.least));
            if range.most > count {
                site.assumptions.insert(format!(
                    "`{}/{}`: its autoscaler keeps it at {count}; up to {} may be asked for",
                    scope.instance.name,
                    object.name(),
                    count_noun(usize::try_from(range.most).unwrap_or(usize::MAX), "pod")
                ));
            }
            count
        }
        _ => written,
    }
}

/// A workload in the making.
struct WorkloadMaker<'m, 'a> {
    scope: &'m PodsScope<'a>,
    object: &'m Object,
    at: &'m PartAt<'a>,
    operand: Option<(&'a Operands, &'a OperandPart)>,
    count: u32,
}

impl WorkloadMaker<'_, '_> {
    fn make(&self, site: &mut SitePods, found: &mut Diagnostics) {
        let namespace = self
            .object
            .namespace()
            .or(self.scope.instance.namespace.as_deref())
            .unwrap_or_default();
        let owner = self.owner();
        let admitted = self.admit(namespace);
        let pod = admitted.as_ref().map(|pod| &pod.spec);
        let pod_owner = PodOwner {
            name: &owner,
            namespace,
        };
        let (mut spec, errors) = part::read_spec(self.at, self.object, &pod_owner, pod);
        for error in &errors {
            self.report(error, found);
        }
        if let Some(operand) = self.operand {
            let of_part = OperandOfPart {
                operands: operand.0,
                known: operand.1,
                part: self.at,
                object: self.object,
            };
            if let Err(error) = part::complete_spec(&mut spec, of_part) {
                self.report(&error, found);
            }
            site.assumptions.insert(format!(
                "`{}`: its pods and what they request are as in {}",
                self.object.kind(),
                operand.0.source
            ));
            let arches = self.arches(site, &spec);
            part::reduce_requests(&mut spec.requests, operand.0, &arches);
            if spec.requests.is_empty() && self.of_its_own().is_none() {
                self.assume_nothing(site);
            }
        } else if self.is_operators() && spec.requests.is_empty() {
            self.assume_nothing(site);
        }
        if self.of_its_own().is_none() {
            let workload = site.problem.workloads.len();
            let claims = volume::add_volumes(self.scope, self.at, self.object, &mut spec);
            let uses = claims.into_iter().map(|claim| ClaimUse { workload, claim });
            site.claim_uses.extend(uses);
        }
        if launcher::is_launcher(self.at, self.object) {
            self.make_launcher(&mut spec, site);
        }
        if launcher::is_node_machine(self.at, self.object) {
            launcher::set_node_machine_requests(&mut spec, self.object);
        }
        let workload = self.workload(spec, pod);
        site.uses.push(pod.map(PodUse::read).unwrap_or_default());
        if let Some(pod) = &admitted {
            self.report_admission(pod, site, found);
        }
        site.problem.workloads.push(workload);
        site.sources.push(self.source());
    }

    /// Admits the pod specification, where the object has one.
    fn admit(&self, namespace: &str) -> Option<AdmittedPod> {
        let written = self.at.value(self.object, Field::PodSpec)?;
        let is_read = written.is_object();
        is_read.then(|| self.scope.admission.admit(namespace, written))
    }

    /// Reports why the API server refuses the pods, and notes what is taken for granted of them.
    fn report_admission(&self, pod: &AdmittedPod, site: &mut SitePods, found: &mut Diagnostics) {
        let owner = self.owner();
        let refusals = pod.refusals.iter().filter(|_| !self.is_refused());
        for why in refusals {
            found.push(
                rules::POD_NOT_ADMITTED
                    .report(format!("pods of `{owner}` are refused: {why}"))
                    .primary_key(self.scope.instance.origin.clone(), "")
                    .help("correct the resources of its containers, or what its namespace and its RuntimeClass ask for"),
            );
        }
        let own = pod
            .assumptions
            .iter()
            .map(|phrase| format!("`{owner}`: {phrase}"));
        site.assumptions.extend(own);
        let is_paused = self.object.get("/spec/paused") == Some(&Value::Bool(true));
        if is_paused && self.object.kind() == "Deployment" {
            site.assumptions.insert(format!(
                "`{owner}`: it is paused, so its pods are those of before, and changes do not reach them"
            ));
        }
    }

    /// Returns the implicit part, where it is not one that the kind describes.
    fn of_its_own(&self) -> Option<&OperandPart> {
        self.operand.map(|(_, k)| k).filter(|k| k.is_of_its_own())
    }

    fn part_name(&self) -> &str {
        self.of_its_own().map_or(&self.at.part.name, |k| &k.part)
    }

    fn owner(&self) -> String {
        let instance = &self.scope.instance.name;
        let part = match (
            &self.at.element,
            self.at.part.naming == PartNaming::ByObject && self.of_its_own().is_none(),
        ) {
            (_, true) => self.object.name(),
            (Some(element), false) if self.of_its_own().is_none() => {
                return format!("{instance}/{}-{element}", self.part_name());
            }
            _ => self.part_name(),
        };
        if part == instance {
            instance.clone()
        } else {
            format!("{instance}/{part}")
        }
    }

    fn source(&self) -> WorkloadSource {
        let instance = self.scope.instance;
        let placement = find_by_name(&instance.placement, &self.at.names);
        WorkloadSource {
            instance: instance.name.clone(),
            object: self.object.id(),
            part: self.part_name().to_owned(),
            origin: instance.origin.clone(),
            pool: placement
                .and_then(|p| p.pool.clone())
                .or_else(|| instance.pool.clone()),
        }
    }

    /// Returns whether an operator makes the pods, so that what they request is not in the manifest as a matter of course.
    fn is_operators(&self) -> bool {
        self.at.value(self.object, Field::PodSpec).is_none()
            && !launcher::is_launcher(self.at, self.object)
            && !launcher::is_node_machine(self.at, self.object)
    }

    fn assume_nothing(&self, site: &mut SitePods) {
        site.assumptions.insert(format!(
            "`{}`: neither the manifest nor the catalogue says what its pods request; they are counted with nothing",
            self.owner()
        ));
    }

    /// Returns the architectures of the nodes that are possible.
    fn arches(&self, site: &SitePods, spec: &PodSpec) -> Vec<Arch> {
        let nodes = self.scope.input.plan.nodes.iter().zip(&site.problem.nodes);
        let possible = nodes
            .filter(|(_, node)| find_static_reasons(spec, node).is_empty())
            .map(|(plan, _)| plan.arch);
        let mut arches: Vec<Arch> = possible.collect();
        arches.sort_unstable();
        arches.dedup();
        arches
    }

    fn make_launcher(&self, spec: &mut PodSpec, site: &mut SitePods) {
        let machine = self.object.get(self.at.at.as_str()).unwrap_or(&Value::Null);
        let arm = spec.node_selector.get(ARCH).is_some_and(|a| a == "arm64");
        launcher::set_requests(spec, machine, arm);
        spec.labels
            .insert(MACHINE.to_owned(), self.object.name().to_owned());
        if launcher::has_instance_type(self.object) {
            site.assumptions.insert(format!(
                "`{}`: the size in its instance type is not read",
                self.owner()
            ));
        }
        if launcher::is_migrated(machine, self.default_eviction().as_deref()) {
            let own = LabelRequirement::new(MACHINE, SelectorOperator::In, &[self.object.name()]);
            site.problem.budgets.push(DisruptionBudget {
                name: format!("the live migration of {}", self.owner()),
                namespace: spec.namespace.clone(),
                selector: Some(LabelSelector {
                    requirements: vec![own],
                }),
                limit: BudgetLimit::Moved,
            });
            site.budgets.push(self.source());
        }
    }

    /// Returns what KubeVirt's operator does with machines that do not say what becomes of them on eviction.
    fn default_eviction(&self) -> Option<String> {
        let hco = super::list_objects(self.scope.input)
            .map(|(_, o)| o)
            .find(|o| o.kind() == "HyperConverged")?;
        hco.get("/spec/evictionStrategy")
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    fn workload(&self, mut spec: PodSpec, admitted: Option<&Value>) -> Workload {
        let part = self.at.part;
        let app_part = self.app_part();
        let own = self.of_its_own();
        let sticky = own.map_or(part.replacement == PodReplacement::AfterFencing, |k| {
            k.sticky
        });
        let is_deployment = self.object.kind() == "Deployment" && self.object.group() == "apps";
        if is_deployment && !spec.labels.contains_key(POD_TEMPLATE_HASH) {
            spec = of_a_revision(spec, admitted);
        }
        Workload {
            pods: self.count,
            per_node: own.map_or(part.run == PodRun::PerNode, |k| k.per_node),
            recovery: if sticky {
                Recovery::Fenced
            } else {
                Recovery::Replaced
            },
            redundancy: self.redundancy(app_part, sticky),
            expendable: app_part
                .and_then(|s| s.survives.as_ref())
                .filter(|s| !s.value)
                .map(|s| s.reason.clone()),
            priority: self
                .scope
                .admission
                .find_priority(spec.priority_class.as_deref()),
            rollout: self.rollout(),
            spec,
        }
    }

    fn rollout(&self) -> Option<podfit::prove::RollingUpdate> {
        let rolls = matches!(self.object.kind(), "Deployment" | "DeploymentConfig")
            && self.of_its_own().is_none();
        rolls
            .then(|| rollout::read_rollout(self.object.get("/spec/strategy"), self.count))
            .flatten()
    }

    /// Returns how many of the pods must be there: as the site says, the app, the catalogue; else copies where pods of a controller without
    /// state are several.
    fn redundancy(&self, app_part: Option<&PartSpec>, sticky: bool) -> Redundancy {
        let by_site = find_by_name(&self.scope.instance.availability, &self.at.names).copied();
        let by_app = app_part.and_then(|s| s.availability);
        let own = self.of_its_own();
        let quorum = app_part.is_some_and(|s| s.quorum.is_some())
            || own.map_or(self.at.part.needs == PodsNeeded::Majority, |k| {
                k.quorum && self.count > 1
            });
        match by_site.or(by_app) {
            Some(Availability::Single) => return Redundancy::Each,
            Some(Availability::Replicated) => return Redundancy::Copies,
            Some(Availability::Quorum) => return Redundancy::Majority,
            None if quorum => return Redundancy::Majority,
            None => {}
        }
        let copies = self.operand.is_some_and(|(_, k)| k.copies)
            || app_part.is_some_and(|s| s.replicas.is_some());
        let stateless = !sticky && self.at.part.run != PodRun::ToCompletion && own.is_none();
        if self.count > 1 && (copies || stateless) {
            Redundancy::Copies
        } else {
            Redundancy::Each
        }
    }

    fn app_part(&self) -> Option<&PartSpec> {
        let app = self.scope.instance.app()?;
        let own = self.of_its_own().map(|k| k.part.clone());
        match own {
            Some(name) => app.spec.parts.get(&name),
            None => find_by_name(&app.spec.parts, &self.at.names),
        }
    }

    /// Tells whether the API server refuses the object, which is told where it is checked.
    fn is_refused(&self) -> bool {
        self.scope.input.refused.contains(&self.object.id())
    }

    fn report(&self, error: &SpecError, found: &mut Diagnostics) {
        let instance = self.scope.instance;
        if self.is_refused() {
            return;
        }
        found.push(
            rules::POD_NOT_READABLE
                .report(format!(
                    "`{}` in `{}` of `{}` cannot be read: {}",
                    error.field,
                    self.object.id(),
                    instance.name,
                    error.message
                ))
                .primary_key(instance.origin.clone(), "")
                .help("correct the field in the app's base, or the patch that writes it"),
        );
    }
}

/// Returns the same pods with the label of their revision, which selectors can name by key.
fn of_a_revision(spec: PodSpec, admitted: Option<&Value>) -> PodSpec {
    let mut labels = spec.labels.clone();
    labels.insert(POD_TEMPLATE_HASH.to_owned(), CURRENT.to_owned());
    let Some(admitted) = admitted else {
        return spec;
    };
    let (again, _) = PodSpec::read(&spec.owner, &spec.namespace, &labels, admitted);
    PodSpec {
        requests: spec.requests,
        volumes: spec.volumes,
        ..again
    }
}

/// Returns what is said about a part, by its most specific name.
fn find_by_name<'m, T>(
    map: &'m std::collections::BTreeMap<String, T>,
    names: &[String],
) -> Option<&'m T> {
    names.iter().find_map(|name| map.get(name))
}
