//! Lists the storage in the site's manifests: classes, claims, volumes that exist, local disks.

use kubernetes_vocabulary::annotations::DEFAULT_STORAGE_CLASS;
use kubernetes_vocabulary::{LabelRequirement, NodeSelectorTerm, SelectorOperator};
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;

use super::{PodsInput, list_objects};
use crate::manifest::Object;

/// The storage that the manifests describe.
#[derive(Debug, Default)]
pub(super) struct StorageInventory {
    /// Claims by namespace and name.
    claims: BTreeMap<(String, String), Value>,
    /// `allowedTopologies` by class.
    topologies: BTreeMap<String, Vec<Vec<LabelRequirement>>>,
    /// Classes whose volumes can be used on one node only.
    local: BTreeSet<String>,
    /// The class of claims that name none.
    default_class: Option<String>,
    /// Volumes that exist.
    volumes: Vec<ExistingVolume>,
    /// Local disks.
    disks: Vec<Disks>,
}

/// A PersistentVolume.
#[derive(Debug)]
struct ExistingVolume {
    name: String,
    class: String,
    /// The claim it is reserved for.
    claim: Option<(String, String)>,
    terms: Option<Vec<NodeSelectorTerm>>,
    local: bool,
}

/// Disks of nodes that become volumes of a class.
#[derive(Debug)]
pub(super) struct Disks {
    pub(super) class: String,
    /// The nodes; `None`: all.
    pub(super) nodes: Option<Vec<NodeSelectorTerm>>,
    /// Number on each node; `None`: not known.
    pub(super) count: Option<u32>,
}

/// The facts about a claim's volume.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownClass {
    pub(super) class: String,
    pub(super) local: bool,
    pub(super) allowed: Vec<Vec<LabelRequirement>>,
    pub(super) pinned: Option<Vec<NodeSelectorTerm>>,
    pub(super) exclusive: bool,
    /// Tells whether one node at a time can mount it.
    pub(super) one_node: bool,
}

impl StorageInventory {
    pub(super) fn new(input: &PodsInput<'_>) -> Self {
        let mut inventory = Self::default();
        for class in input.plan.storage.values() {
            if class.local {
                inventory.local.insert(class.class.clone());
            }
            if class.default {
                inventory.default_class = Some(class.class.clone());
            }
        }
        for (_, object) in list_objects(input) {
            inventory.take(object);
        }
        inventory
    }

    fn take(&mut self, object: &Object) {
        match (object.group(), object.kind()) {
            ("", "PersistentVolumeClaim") => {
                let key = (
                    object.namespace().unwrap_or_default().to_owned(),
                    object.name().to_owned(),
                );
                self.claims
                    .insert(key, object.get("/spec").cloned().unwrap_or_default());
            }
            ("", "PersistentVolume") => self.volumes.push(read_existing(object)),
            ("storage.k8s.io", "StorageClass") => self.take_class(object),
            ("local.storage.openshift.io", "LocalVolume") => self.take_local_volume(object),
            ("local.storage.openshift.io", "LocalVolumeSet") => {
                let class = text(object, "/spec/storageClassName");
                self.disks.push(Disks {
                    class,
                    nodes: read_terms(object.get("/spec/nodeSelector")),
                    count: None,
                });
            }
            _ => {}
        }
    }

    fn take_class(&mut self, object: &Object) {
        let topologies = object
            .get("/allowedTopologies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let expression = |e: &Value| {
            let values: Vec<&str> = e
                .get("values")?
                .as_array()?
                .iter()
                .filter_map(Value::as_str)
                .collect();
            Some(LabelRequirement::new(
                e.get("key")?.as_str()?,
                SelectorOperator::In,
                &values,
            ))
        };
        let term = |t: &Value| -> Vec<LabelRequirement> {
            let expressions = t
                .get("matchLabelExpressions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            expressions.filter_map(expression).collect()
        };
        self.topologies
            .insert(object.name().to_owned(), topologies.map(term).collect());
        if text(object, "/provisioner") == "kubernetes.io/no-provisioner" {
            self.local.insert(object.name().to_owned());
        }
        if object.annotation(DEFAULT_STORAGE_CLASS) == Some("true") {
            self.default_class
                .get_or_insert_with(|| object.name().to_owned());
        }
    }

    fn take_local_volume(&mut self, object: &Object) {
        let nodes = read_terms(object.get("/spec/nodeSelector"));
        for device in object
            .get("/spec/storageClassDevices")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let class = device
                .get("storageClassName")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let paths = device
                .get("devicePaths")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            self.local.insert(class.clone());
            self.disks.push(Disks {
                class,
                nodes: nodes.clone(),
                count: u32::try_from(paths).ok(),
            });
        }
    }

    /// Returns the groups of local disks.
    pub(super) fn disks(&self) -> &[Disks] {
        &self.disks
    }

    /// Returns whether it is known how many volumes of the class there are on each node.
    pub(super) fn counts(&self, class: &str) -> bool {
        let mut of_class = self.disks.iter().filter(|d| d.class == class).peekable();
        of_class.peek().is_some() && of_class.all(|d| d.count.is_some())
    }

    /// Returns what is known about the volume of a claim that a pod names.
    pub(super) fn by_name(&self, namespace: &str, name: &str) -> Option<KnownClass> {
        let key = (namespace.to_owned(), name.to_owned());
        let spec = self.claims.get(&key)?;
        let mut known = self.by_spec(spec);
        let named = spec.get("volumeName").and_then(Value::as_str);
        let bound = self
            .volumes
            .iter()
            .find(|v| v.claim.as_ref() == Some(&key) || named == Some(&v.name));
        if let Some(volume) = bound {
            known.pinned.clone_from(&volume.terms);
            known.local |= volume.local;
        }
        Some(known)
    }

    /// Returns what is known about the volume of a claim with this specification.
    pub(super) fn by_spec(&self, spec: &Value) -> KnownClass {
        let written = spec.get("storageClassName").and_then(Value::as_str);
        let class = written
            .map(str::to_owned)
            .or_else(|| self.default_class.clone())
            .unwrap_or_default();
        let modes = spec
            .get("accessModes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let modes: Vec<&str> = modes.filter_map(Value::as_str).collect();
        KnownClass {
            local: self.local.contains(&class),
            allowed: self.topologies.get(&class).cloned().unwrap_or_default(),
            pinned: self.where_local(&class),
            exclusive: modes.contains(&"ReadWriteOncePod"),
            one_node: modes == ["ReadWriteOnce"],
            class,
        }
    }

    /// Returns the nodes that have volumes of a class that nothing provisions; `None`: it is not such a class.
    fn where_local(&self, class: &str) -> Option<Vec<NodeSelectorTerm>> {
        let disks: Vec<&Disks> = self.disks.iter().filter(|d| d.class == class).collect();
        if !disks.is_empty() {
            return disks
                .into_iter()
                .map(|d| d.nodes.clone())
                .collect::<Option<Vec<_>>>()
                .map(|t| t.concat());
        }
        let free: Vec<&ExistingVolume> = self
            .volumes
            .iter()
            .filter(|v| v.class == class && v.claim.is_none())
            .collect();
        if free.is_empty() || !self.local.contains(class) {
            return None;
        }
        free.into_iter()
            .map(|v| v.terms.clone())
            .collect::<Option<Vec<_>>>()
            .map(|t| t.concat())
    }
}

fn read_existing(object: &Object) -> ExistingVolume {
    let claim = object.get("/spec/claimRef").map(|c| {
        let part = |key: &str| {
            c.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (part("namespace"), part("name"))
    });
    ExistingVolume {
        name: object.name().to_owned(),
        class: text(object, "/spec/storageClassName"),
        claim,
        terms: read_terms(object.get("/spec/nodeAffinity/required")),
        local: object.get("/spec/local").is_some() || object.get("/spec/hostPath").is_some(),
    }
}

/// `core/v1.NodeSelector`; `None` where it is absent or cannot be read, which its schema reports.
fn read_terms(value: Option<&Value>) -> Option<Vec<NodeSelectorTerm>> {
    Vec::deserialize(value?.get("nodeSelectorTerms")?).ok()
}

fn text(object: &Object, pointer: &str) -> String {
    object
        .get(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
