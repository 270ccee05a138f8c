//! The changes that the API server's admission makes to pods before any scheduler sees them.
//!
//! - `LimitRanger`: containers get the default requests and limits of their namespace (`plugin/pkg/admission/limitranger`), and those outside of
//!   its bounds are refused.
//! - `RuntimeClass`: pods get the overhead, the node selector and the tolerations of their class (`plugin/pkg/admission/runtimeclass`).
//! - `Priority`: pods get the value of their PriorityClass (`plugin/pkg/admission/priority`).
//!
//! What is not known is assumed, and said.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::limits::LimitItem;
use super::{PodsInput, list_objects};
use crate::manifest::Object;

/// The priorities that every cluster has; OpenShift has the last one beside those of Kubernetes.
const BUILT_IN: [(&str, i32); 3] = [
    ("system-cluster-critical", 2_000_000_000),
    ("system-node-critical", 2_000_001_000),
    ("openshift-user-critical", 1_000_000_000),
];

/// The objects of a site that change pods when they are admitted.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// The items of LimitRanges, by namespace.
    limits: BTreeMap<String, Vec<LimitItem>>,
    runtimes: BTreeMap<String, Value>,
    priorities: BTreeMap<String, i32>,
    default_priority: i32,
}

/// A pod as it is admitted.
#[derive(Debug, Clone, Default)]
pub(super) struct AdmittedPod {
    /// The specification with what admission adds.
    pub(super) spec: Value,
    /// Reasons why the API server refuses the pod.
    pub(super) refusals: Vec<String>,
    /// Assumptions, as phrases behind the name of the workload.
    pub(super) assumptions: Vec<String>,
}

impl Admission {
    /// Collects the objects among a site's manifests.
    pub(super) fn new(input: &PodsInput<'_>) -> Self {
        let mut admission = Self::default();
        for (name, value) in BUILT_IN {
            admission.priorities.insert(name.to_owned(), value);
        }
        for (_, object) in list_objects(input) {
            admission.take(object);
        }
        admission
    }

    fn take(&mut self, object: &Object) {
        match (object.group(), object.kind()) {
            ("", "LimitRange") => {
                let namespace = object.namespace().unwrap_or_default().to_owned();
                let items = object.get("/spec/limits").and_then(Value::as_array);
                let read = items.into_iter().flatten().map(LimitItem::read);
                self.limits.entry(namespace).or_default().extend(read);
            }
            ("node.k8s.io", "RuntimeClass") => {
                self.runtimes
                    .insert(object.name().to_owned(), object.value().clone());
            }
            ("scheduling.k8s.io", "PriorityClass") => {
                let value = object.get("/value").and_then(Value::as_i64);
                let value = value.and_then(|v| i32::try_from(v).ok()).unwrap_or(0);
                self.priorities.insert(object.name().to_owned(), value);
                if object.get("/globalDefault") == Some(&Value::Bool(true)) {
                    self.default_priority = value;
                }
            }
            _ => {}
        }
    }

    /// Returns the priority of pods of a class; that of a class which nobody describes is 0.
    pub(super) fn find_priority(&self, class: Option<&str>) -> i32 {
        class.map_or(self.default_priority, |class| {
            self.priorities.get(class).copied().unwrap_or(0)
        })
    }

    /// Admits a pod specification (`core/v1.PodSpec`) into a namespace.
    pub(super) fn admit(&self, namespace: &str, spec: &Value) -> AdmittedPod {
        let mut pod = AdmittedPod {
            spec: spec.clone(),
            ..AdmittedPod::default()
        };
        for item in self.limits.get(namespace).into_iter().flatten() {
            item.apply(&mut pod.spec);
        }
        for item in self.limits.get(namespace).into_iter().flatten() {
            pod.refusals.extend(item.find_violations(&pod.spec));
        }
        self.add_runtime(&mut pod);
        assume_fields(&mut pod);
        pod
    }

    /// Adds what the pod's RuntimeClass asks for.
    fn add_runtime(&self, pod: &mut AdmittedPod) {
        let named = pod.spec.get("runtimeClassName").and_then(Value::as_str);
        let Some(name) = named.map(str::to_owned) else {
            return;
        };
        let Some(class) = self.runtimes.get(&name) else {
            pod.assumptions.push(format!(
                "the RuntimeClass `{name}` is not among the manifests; its overhead and its nodes are not known"
            ));
            return;
        };
        let Value::Object(spec) = &mut pod.spec else {
            return;
        };
        if let Some(overhead) = class.pointer("/overhead/podFixed") {
            spec.entry("overhead").or_insert_with(|| overhead.clone());
        }
        let selector = class
            .pointer("/scheduling/nodeSelector")
            .and_then(Value::as_object);
        for (key, value) in selector.into_iter().flatten() {
            if let Some(conflict) = add_label(spec, key, value) {
                pod.refusals.push(format!(
                    "its RuntimeClass `{name}` wants nodes with `{key}: {value}`, and the pod those with `{key}: {conflict}`"
                ));
            }
        }
        let more = class
            .pointer("/scheduling/tolerations")
            .and_then(Value::as_array);
        let own = spec.entry("tolerations").or_insert_with(|| json!([]));
        if let (Some(own), Some(more)) = (own.as_array_mut(), more) {
            own.extend(more.iter().cloned());
        }
    }
}

/// Adds a label to the pod's node selector. Returns the pod's own value where it is another.
fn add_label(spec: &mut Map<String, Value>, key: &str, value: &Value) -> Option<Value> {
    let own = spec.entry("nodeSelector").or_insert_with(|| json!({}));
    let own = own.as_object_mut()?;
    let present = own.entry(key).or_insert_with(|| value.clone());
    (present != value).then(|| present.clone())
}

/// Notes fields that decide about a pod's node, and that nothing here follows.
fn assume_fields(pod: &mut AdmittedPod) {
    let spec = &pod.spec;
    let has_items = |key: &str| {
        let list = spec.get(key).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    };
    let mut found = Vec::new();
    if has_items("schedulingGates") {
        found.push(
            "somebody takes its scheduling gates away; until then nothing schedules its pods"
                .to_owned(),
        );
    }
    if has_items("resourceClaims") {
        found.push(
            "its resource claims are not looked at; the nodes may lack the devices".to_owned(),
        );
    }
    let scheduler = spec.get("schedulerName").and_then(Value::as_str);
    if let Some(other) = scheduler.filter(|name| !matches!(*name, "" | "default-scheduler")) {
        found.push(format!(
            "the scheduler `{other}` is there, and takes the nodes that kube-scheduler would"
        ));
    }
    pod.assumptions.append(&mut found);
}
