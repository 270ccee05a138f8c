//! The pods and Services of a site by namespace, and which of them a selector means.

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_vocabulary::{LabelSelector, Labels};
use serde_json::Value;

use super::label_knowledge::{LabelKnowledge, SelectorVerdict};
use super::{RelatedObjects, is_subscription};
use crate::catalogue::{ApiProvider, Field, PodRun, Supplier};
use crate::kinds::is_platform_namespace;
use crate::manifest::Object;
use crate::model::Platform;
use crate::plan::Instance;

/// The API groups whose workloads put no labels of their own on pods.
const BUILT_IN_GROUPS: &[&str] = &[
    "",
    "apps",
    "apps.openshift.io",
    "batch",
    "build.openshift.io",
];

/// A port that the containers of a pod declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PodPort {
    pub(in super::super) name: Option<String>,
    pub(in super::super) number: Option<u64>,
}

/// Pods that are alike.
#[derive(Debug)]
pub(in super::super) struct PodSet {
    /// Their labels.
    pub(in super::super) labels: LabelKnowledge,
    /// The ports that their containers declare; `None` where nobody knows all of them.
    pub(in super::super) ports: Option<Vec<PodPort>>,
}

/// A Service with what is known of it.
#[derive(Debug)]
pub(in super::super) struct KnownService<'a> {
    pub(in super::super) object: &'a Object,
    pub(in super::super) labels: LabelKnowledge,
}

/// The pods and Services of a site, by namespace.
#[derive(Debug, Default)]
pub(in super::super) struct SitePodSets<'a> {
    pods: BTreeMap<String, Vec<PodSet>>,
    services: BTreeMap<String, Vec<KnownService<'a>>>,
    /// The namespaces in which others run pods that no manifest shows.
    open: BTreeSet<String>,
    /// The keys of labels that only those pods carry of which it is known.
    vocabulary: BTreeSet<String>,
    platform: Platform,
}

impl<'a> SitePodSets<'a> {
    /// Collects the pods and Services of a site.
    pub(in super::super) fn collect(related: &RelatedObjects<'a>) -> Self {
        let mut sets = Self {
            platform: related.plan.site.spec.cluster.platform,
            ..Self::default()
        };
        for supplier in Supplier::list_all() {
            sets.open.extend(supplier.namespaces.iter().cloned());
        }
        for (instance, object) in related.list() {
            let provides = instance.app().map(|app| &app.spec.provides.namespaces);
            sets.open.extend(provides.into_iter().flatten().cloned());
            if let Some(namespace) = object.namespace() {
                sets.add_pods(related, instance, object, namespace);
                sets.add_service(object, namespace);
            }
        }
        sets
    }

    /// Tells whether pods that no manifest shows may be in a namespace, whatever their labels.
    pub(in super::super) fn is_open(&self, namespace: &str) -> bool {
        self.open.contains(namespace) || is_platform_namespace(self.platform, namespace)
    }

    /// Decides whether a selector means any pod of a namespace.
    pub(in super::super) fn judge(
        &self,
        namespace: &str,
        selector: &LabelSelector,
    ) -> SelectorVerdict {
        if self.is_open(namespace) {
            return SelectorVerdict::Possible;
        }
        let pods = self.pods.get(namespace).into_iter().flatten();
        let verdicts = pods.map(|pods| pods.labels.judge(selector, &self.vocabulary));
        verdicts.min().unwrap_or(SelectorVerdict::Excluded)
    }

    /// Returns the pods that a selector means; `None` where it may mean others too.
    pub(in super::super) fn find_selected(
        &self,
        namespace: &str,
        selector: &LabelSelector,
    ) -> Option<Vec<&PodSet>> {
        if self.is_open(namespace) {
            return None;
        }
        let mut selected = Vec::new();
        for pods in self.pods.get(namespace).into_iter().flatten() {
            match pods.labels.judge(selector, &self.vocabulary) {
                SelectorVerdict::Selected => selected.push(pods),
                SelectorVerdict::Possible => return None,
                SelectorVerdict::Excluded => {}
            }
        }
        Some(selected)
    }

    /// Lists the values that pods of a namespace have for a label.
    pub(in super::super) fn label_values(
        &self,
        namespace: &str,
        key: &str,
    ) -> impl Iterator<Item = &str> {
        let pods = self.pods.get(namespace).into_iter().flatten();
        pods.filter_map(move |pods| pods.labels.known().get(key).map(String::as_str))
    }

    /// Lists the keys of labels that pods of a namespace have.
    pub(in super::super) fn label_keys(&self, namespace: &str) -> impl Iterator<Item = &str> {
        let pods = self.pods.get(namespace).into_iter().flatten();
        pods.flat_map(|pods| pods.labels.known().keys().map(String::as_str))
    }

    /// Lists the Services of a namespace.
    pub(in super::super) fn services(
        &self,
        namespace: &str,
    ) -> impl Iterator<Item = &KnownService<'a>> {
        self.services.get(namespace).into_iter().flatten()
    }

    /// Returns a Service.
    pub(in super::super) fn service(&self, namespace: &str, name: &str) -> Option<&'a Object> {
        let mut services = self.services(namespace);
        let found = services.find(|service| service.object.name() == name);
        found.map(|service| service.object)
    }

    /// Tells whether every Service of a namespace is known, with its labels.
    pub(in super::super) fn knows_services_of(&self, namespace: &str) -> bool {
        let pods = self.pods.get(namespace).into_iter().flatten();
        let are_known = pods.map(|pods| &pods.labels);
        !self.is_open(namespace)
            && are_known
                .into_iter()
                .all(|labels| matches!(labels, LabelKnowledge::All(_)))
    }

    /// Adds the pods that an object leads to.
    fn add_pods(
        &mut self,
        related: &RelatedObjects<'_>,
        instance: &Instance,
        object: &Object,
        namespace: &str,
    ) {
        let catalogue = related.catalogue_of(instance);
        let entry = catalogue.entry(object);
        let is_built_in = BUILT_IN_GROUPS.contains(&object.group());
        let mut sets = Vec::new();
        for part in catalogue.parts(object) {
            if part.part.run == PodRun::VolumesOnly {
                continue;
            }
            let labels = part.pod_labels(object);
            if !is_built_in {
                let own = part
                    .part
                    .pod_labels
                    .keys()
                    .filter(|key| is_operators_own(key));
                self.vocabulary.extend(own.cloned());
            }
            let spec = part.value(object, Field::PodSpec);
            sets.push(PodSet {
                ports: spec.filter(|_| is_built_in).map(read_ports),
                labels: match is_built_in {
                    true => LabelKnowledge::All(labels),
                    false => LabelKnowledge::Some(labels),
                },
            });
        }
        let operands = entry.and_then(|entry| entry.operands.as_ref());
        let is_unknown = match entry {
            Some(entry) => {
                let of_operator = matches!(entry.brought_by, Some(ApiProvider::Operator(_)));
                entry.unsupported.is_some() || entry.source.is_empty() && of_operator
            }
            None => true,
        };
        if is_subscription(object) || is_unknown || operands.is_some() {
            sets.push(PodSet {
                ports: None,
                labels: LabelKnowledge::Some(Labels::new()),
            });
        }
        if !sets.is_empty() {
            let here = self.pods.entry(namespace.to_owned()).or_default();
            here.extend(sets);
        }
    }

    fn add_service(&mut self, object: &'a Object, namespace: &str) {
        if object.kind() != "Service" || !object.group().is_empty() {
            return;
        }
        let labels = LabelKnowledge::All(read_labels(object.get("/metadata/labels")));
        let here = self.services.entry(namespace.to_owned()).or_default();
        here.push(KnownService { object, labels });
    }
}

impl KnownService<'_> {
    /// Tells whether a selector means the Service.
    pub(in super::super) fn is_selected_by(&self, selector: &LabelSelector) -> bool {
        self.labels.judge(selector, &BTreeSet::new()) == SelectorVerdict::Selected
    }
}

/// Tells whether a label's key has the domain of an operator, so that nobody else puts it on pods.
fn is_operators_own(key: &str) -> bool {
    let domain = key.split_once('/').map(|(domain, _)| domain);
    domain.is_some_and(|domain| !domain.ends_with("kubernetes.io") && !domain.ends_with("k8s.io"))
}

fn read_labels(value: Option<&Value>) -> Labels {
    let map = value.and_then(Value::as_object).into_iter().flatten();
    map.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Returns the ports that containers declare, those that start before others among them.
fn read_ports(spec: &Value) -> Vec<PodPort> {
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists.filter_map(|key| spec.get(key)?.as_array()).flatten();
    let ports = containers
        .filter_map(|c| c.get("ports")?.as_array())
        .flatten();
    ports
        .map(|port| PodPort {
            name: port.get("name").and_then(Value::as_str).map(str::to_owned),
            number: port.get("containerPort").and_then(Value::as_u64),
        })
        .collect()
}
