//! ResourceQuotas: what the pods of a namespace take together, and what each of their containers has to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{PodsInput, SitePods, list_objects};
use crate::manifest::Object;
use crate::plan::Instance;
use crate::rules;
use kubernetes_vocabulary::Quantity;
use podfit::scheduler::{daemon_runs_on, sum_pod_requests};
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

/// The part of a pod that quotas count, as far as the manifests say it.
#[derive(Debug, Clone, Default)]
pub struct PodUse {
    /// The limits of a pod, by resource.
    limits: BTreeMap<String, Quantity>,
    /// Containers with the fields, such as `limits.cpu`, that they leave out.
    unsaid: BTreeMap<String, Vec<String>>,
}

impl PodUse {
    /// Reads a pod specification (`core/v1.PodSpec`), after admission.
    pub(super) fn read(spec: &Value) -> Self {
        let mut read = Self {
            limits: sum_limits(spec),
            unsaid: BTreeMap::new(),
        };
        let containers = spec.get("containers").and_then(Value::as_array);
        for container in containers.into_iter().flatten() {
            let name = container
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            for resource in ["cpu", "memory"] {
                let says = |field: &str| {
                    container
                        .pointer(&format!("/resources/{field}/{resource}"))
                        .is_some()
                };
                let mut missing = Vec::new();
                if !says("limits") {
                    missing.push(format!("limits.{resource}"));
                }
                if !says("requests") && !says("limits") {
                    missing.push(format!("requests.{resource}"));
                }
                for field in missing {
                    read.unsaid.entry(field).or_default().push(name.to_owned());
                }
            }
        }
        read
    }
}

/// Sums the limits as requests are summed.
fn sum_limits(spec: &Value) -> BTreeMap<String, Quantity> {
    let mut of_limits = spec.clone();
    for key in ["containers", "initContainers"] {
        let containers = of_limits.get_mut(key).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let limits = container.pointer("/resources/limits").cloned();
            if let Some(fields) = container.as_object_mut() {
                let limits = limits.unwrap_or_else(|| json!({}));
                fields.insert("resources".to_owned(), json!({"requests": limits}));
            }
        }
    }
    // What cannot be read has been reported with the requests.
    sum_pod_requests(&of_limits).unwrap_or_default()
}

/// A ResourceQuota.
struct Quota<'a> {
    instance: &'a Instance,
    object: &'a Object,
    namespace: &'a str,
    hard: BTreeMap<String, Quantity>,
}

/// Reports quotas that the pods of their namespace do not keep, and pods that they refuse. What is not counted is assumed.
pub(super) fn check_quotas(input: &PodsInput<'_>, site: &mut SitePods, found: &mut Diagnostics) {
    let quotas = list_quotas(input, site).into_iter();
    for quota in quotas.filter(|quota| !input.refused.contains(&quota.object.id())) {
        let workloads = site.problem.workloads.iter().enumerate();
        let own: Vec<usize> = workloads
            .filter(|(_, w)| w.spec.namespace == quota.namespace)
            .map(|(position, _)| position)
            .collect();
        for (field, hard) in &quota.hard {
            let Some(used) = sum_use(site, &own, field) else {
                site.assumptions.insert(format!(
                    "the ResourceQuota `{}` in `{}` has room for what counts as {field}",
                    quota.object.name(),
                    quota.namespace
                ));
                continue;
            };
            if used > *hard {
                found.push(
                    rules::QUOTA_EXCEEDED
                        .report(format!(
                            "the pods in `{}` take {used} of {field}, and its ResourceQuota `{}` allows {hard}",
                            quota.namespace,
                            quota.object.name()
                        ))
                        .primary(quota.origin(field), "")
                        .context_key(quota.instance.origin.clone(), "brings the quota")
                        .help("raise the quota, run fewer pods, or ask for less"),
                );
            }
            report_unsaid(&quota, site, &own, field, found);
        }
    }
}

impl Quota<'_> {
    fn origin(&self, field: &str) -> Origin {
        let pointer = Pointer::parse("/spec/hard").at(field);
        let origin = self.object.origin(pointer);
        let written = origin.filter(|origin| !origin.file.starts_with("out/"));
        written.unwrap_or_else(|| self.instance.origin.clone())
    }
}

/// Returns the quotas that count all pods of their namespace; of those with scopes it is assumed that they are kept.
fn list_quotas<'a>(input: &PodsInput<'a>, site: &mut SitePods) -> Vec<Quota<'a>> {
    let mut quotas = Vec::new();
    for (instance, object) in list_objects(input) {
        if object.kind() != "ResourceQuota" || !object.group().is_empty() {
            continue;
        }
        let namespace = object.namespace().unwrap_or_default();
        if object.get("/spec/scopes").is_some() || object.get("/spec/scopeSelector").is_some() {
            site.assumptions.insert(format!(
                "the ResourceQuota `{}` in `{namespace}`, which counts some pods only, has room for them",
                object.name()
            ));
            continue;
        }
        let mut hard = BTreeMap::new();
        let written = object.get("/spec/hard").and_then(Value::as_object);
        for (field, amount) in written.into_iter().flatten() {
            let text = amount
                .as_str()
                .map_or_else(|| amount.to_string(), str::to_owned);
            if let Ok(amount) = Quantity::parse(&text) {
                hard.insert(field.clone(), amount);
            }
        }
        quotas.push(Quota {
            instance,
            object,
            namespace,
            hard,
        });
    }
    quotas
}

/// Sums what workloads take of a field of a quota; `None` for fields that are not about pods.
fn sum_use(site: &SitePods, workloads: &[usize], field: &str) -> Option<Quantity> {
    let mut sum = Quantity::default();
    for position in workloads {
        let workload = &site.problem.workloads[*position];
        let of_pod = match field.split_once('.') {
            _ if matches!(field, "pods" | "count/pods") => Quantity::units(1),
            None if matches!(field, "cpu" | "memory") => {
                read_amount(&workload.spec.requests, field)
            }
            Some(("requests", "storage")) => return None,
            Some(("requests", resource)) => read_amount(&workload.spec.requests, resource),
            Some(("limits", resource)) => read_amount(&site.uses[*position].limits, resource),
            _ => return None,
        };
        for _ in 0..count_pods(site, *position) {
            sum = sum.plus(of_pod);
        }
    }
    let is_known = matches!(field, "pods" | "count/pods" | "cpu" | "memory")
        || (field.starts_with("requests.") && field != "requests.storage")
        || field.starts_with("limits.");
    is_known.then_some(sum)
}

fn read_amount(amounts: &BTreeMap<String, Quantity>, resource: &str) -> Quantity {
    amounts.get(resource).copied().unwrap_or_default()
}

/// Returns the number of a workload's pods; a DaemonSet has one on each node that it is meant for.
fn count_pods(site: &SitePods, position: usize) -> usize {
    let workload = &site.problem.workloads[position];
    if !workload.per_node {
        return workload.pods as usize;
    }
    let nodes = site.problem.nodes.iter();
    nodes
        .filter(|node| daemon_runs_on(&workload.spec, node))
        .count()
}

/// Reports pods that leave out what a quota counts: they are refused.
fn report_unsaid(
    quota: &Quota<'_>,
    site: &SitePods,
    workloads: &[usize],
    field: &str,
    found: &mut Diagnostics,
) {
    let counted = match field {
        "cpu" | "memory" => format!("requests.{field}"),
        other => other.to_owned(),
    };
    for position in workloads {
        let Some(containers) = site.uses[*position].unsaid.get(&counted) else {
            continue;
        };
        let name = &site.problem.workloads[*position].spec.owner;
        found.push(
            rules::POD_NOT_ADMITTED
                .report(format!(
                    "pods of `{name}` are refused: the ResourceQuota `{}` asks for {counted}, which the container `{}` leaves out",
                    quota.object.name(),
                    containers.join("`, `")
                ))
                .primary_key(site.sources[*position].origin.clone(), "")
                .context(quota.origin(field), "asked for here")
                .help(format!("write {counted} for each container, or give the namespace a LimitRange with a default")),
        );
    }
}
