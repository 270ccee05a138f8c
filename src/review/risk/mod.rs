//! Risks of a change: what a reviewer looks for first, found in the difference of one object.

mod kind;

use serde_json::Value;

use crate::catalogue::{Catalogue, Field};
use crate::compare::semantic::{FieldChange, FieldChangeKind};
use crate::manifest::{Object, ObjectId};

pub use kind::RiskKind;

/// A risk of an object's change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Risk {
    /// The kind.
    pub kind: RiskKind,
    /// The object.
    pub object: ObjectId,
    /// The fields that bring it, as paths; none where the object as a whole does.
    pub fields: Vec<String>,
}

/// An object before and after a change, and the fields in which it differs.
#[derive(Debug, Clone, Copy)]
pub struct ComparedObject<'a> {
    /// The object as it was; `None` if it is added.
    pub old: Option<&'a Object>,
    /// The object as it will be; `None` if it is removed.
    pub new: Option<&'a Object>,
    /// The fields that differ; none if the object is added or removed.
    pub fields: &'a [FieldChange],
}

/// A kind of objects all of whose changes are of one risk.
struct RiskyKind {
    group: &'static str,
    /// All kinds of the group where it is empty.
    kind: &'static str,
    risk: RiskKind,
}

const fn all_of(group: &'static str, kind: &'static str, risk: RiskKind) -> RiskyKind {
    RiskyKind { group, kind, risk }
}

/// Kinds whose every change is of one risk.
const RISKY_KINDS: &[RiskyKind] = &[
    all_of("storage.k8s.io", "StorageClass", RiskKind::DataAffected),
    all_of("", "PersistentVolume", RiskKind::DataAffected),
    all_of("ocs.openshift.io", "StorageCluster", RiskKind::DataAffected),
    all_of("ceph.rook.io", "", RiskKind::DataAffected),
    all_of("local.storage.openshift.io", "", RiskKind::DataAffected),
    all_of("lvm.topolvm.io", "LVMCluster", RiskKind::DataAffected),
    all_of(
        "machineconfiguration.openshift.io",
        "",
        RiskKind::NodesRestart,
    ),
    all_of("performance.openshift.io", "", RiskKind::NodesRestart),
    all_of(
        "nmstate.io",
        "NodeNetworkConfigurationPolicy",
        RiskKind::NetworkChanged,
    ),
    all_of(
        "k8s.cni.cncf.io",
        "NetworkAttachmentDefinition",
        RiskKind::NetworkChanged,
    ),
    all_of("operator.openshift.io", "Network", RiskKind::NetworkChanged),
    all_of("config.openshift.io", "Network", RiskKind::NetworkChanged),
    all_of(
        "networking.k8s.io",
        "NetworkPolicy",
        RiskKind::NetworkChanged,
    ),
    all_of("metallb.io", "", RiskKind::NetworkChanged),
    all_of("sriovnetwork.openshift.io", "", RiskKind::NetworkChanged),
    all_of(
        "fence-agents-remediation.medik8s.io",
        "",
        RiskKind::FencingChanged,
    ),
    all_of(
        "self-node-remediation.medik8s.io",
        "",
        RiskKind::FencingChanged,
    ),
    all_of(
        "machine-deletion-remediation.medik8s.io",
        "",
        RiskKind::FencingChanged,
    ),
    all_of("remediation.medik8s.io", "", RiskKind::FencingChanged),
    all_of("metal3.io", "BareMetalHost", RiskKind::FencingChanged),
    all_of(
        "operators.coreos.com",
        "Subscription",
        RiskKind::OperatorChanged,
    ),
    all_of(
        "operators.coreos.com",
        "CatalogSource",
        RiskKind::OperatorChanged,
    ),
    all_of(
        "config.openshift.io",
        "ClusterVersion",
        RiskKind::OperatorChanged,
    ),
    all_of("config.openshift.io", "Scheduler", RiskKind::PlacementMoved),
];

/// Kinds that grant rights: what is added to them widens.
const GRANTS: &[(&str, &str)] = &[
    ("argoproj.io", "AppProject"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("security.openshift.io", "SecurityContextConstraints"),
];

/// Fields of pods that say where they may run.
const PLACEMENT_FIELDS: &[&str] = &[
    "affinity",
    "nodeAffinity",
    "nodeName",
    "nodePlacement",
    "nodeSelector",
    "runtimeClassName",
    "schedulerName",
    "tolerations",
    "topologySpreadConstraints",
];

/// Fields that give pods something of their node.
const PRIVILEGE_FIELDS: &[&str] = &[
    "allowPrivilegeEscalation",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "privileged",
];

/// Fields that name classes, sizes and what becomes of data.
const DATA_FIELDS: &[&str] = &[
    "cleanupPolicy",
    "persistentVolumeReclaimPolicy",
    "reclaimPolicy",
    "retention",
    "retentionPolicy",
    "storage",
    "storageClass",
    "storageClassName",
    "volumeClaimTemplate",
    "volumeClaimTemplates",
];

/// Finds the risks of one object's change, the gravest first.
pub fn find_risks(update: &ComparedObject<'_>, catalogue: &Catalogue) -> Vec<Risk> {
    let Some(object) = update.new.or(update.old) else {
        return Vec::new();
    };
    let id = object.id();
    let mut risks: Vec<Risk> = Vec::new();
    let mut add = |kind: RiskKind, field: Option<&FieldChange>| {
        let field = field.map(|field| field.path.clone());
        match risks.iter_mut().find(|risk| risk.kind == kind) {
            Some(risk) => risk.fields.extend(field),
            None => risks.push(Risk {
                kind,
                object: id.clone(),
                fields: field.into_iter().collect(),
            }),
        }
    };
    if let (Some(old), None) = (update.old, update.new) {
        add(deletion_risk(old, catalogue), None);
    }
    if update.old.is_none() {
        find_in_new_object(object, &mut |kind| add(kind, None));
    }
    if let Some(risk) =
        risk_of_kind(object).filter(|_| update.old.is_some() == update.new.is_some())
    {
        add_fields(update.fields, risk, &mut add);
    }
    let templates = PodTemplates::find(object, catalogue);
    for field in update.fields {
        find_in_field(object, field, &templates, &mut |kind| {
            add(kind, Some(field));
        });
    }
    risks.sort();
    risks
}

/// Adds a risk for every field.
fn add_fields(
    fields: &[FieldChange],
    risk: RiskKind,
    add: &mut dyn FnMut(RiskKind, Option<&FieldChange>),
) {
    for field in fields.iter().filter(|field| !is_note(field)) {
        add(risk, Some(field));
    }
}

/// Returns the risk of an object that goes.
fn deletion_risk(old: &Object, catalogue: &Catalogue) -> RiskKind {
    let is_claim = old.group().is_empty()
        && matches!(
            old.kind(),
            "PersistentVolumeClaim" | "Namespace" | "PersistentVolume"
        );
    if is_claim || catalogue.deletion_loss(old).is_some() {
        RiskKind::DataDeleted
    } else {
        RiskKind::ObjectDeleted
    }
}

/// Returns the risk of every change of an object's kind.
fn risk_of_kind(object: &Object) -> Option<RiskKind> {
    let found = RISKY_KINDS.iter().find(|risky| {
        risky.group == object.group() && (risky.kind.is_empty() || risky.kind == object.kind())
    });
    found.map(|risky| risky.risk)
}

/// Finds the risks of an object that comes: rights that it grants, nodes that it restarts, privileges of its pods.
fn find_in_new_object(object: &Object, add: &mut dyn FnMut(RiskKind)) {
    if grants_rights(object) {
        add(RiskKind::RightsWidened);
    }
    if let Some(risk @ (RiskKind::NodesRestart | RiskKind::NetworkChanged)) = risk_of_kind(object) {
        add(risk);
    }
    if gains_privilege(object.value()) {
        add(RiskKind::PrivilegeGained);
    }
}

fn grants_rights(object: &Object) -> bool {
    GRANTS
        .iter()
        .any(|(group, kind)| *group == object.group() && *kind == object.kind())
}

/// The places of an object's pod templates.
struct PodTemplates {
    /// Pointers to pod specifications and, without them, to the single fields that end up in pods.
    pods: Vec<String>,
    images: Vec<String>,
    is_machine: bool,
}

impl PodTemplates {
    fn find(object: &Object, catalogue: &Catalogue) -> Self {
        let mut pods = Vec::new();
        for part in catalogue.parts(object) {
            for field in [
                Field::PodSpec,
                Field::Containers,
                Field::Resources,
                Field::Volumes,
            ] {
                let places = part.pointers(object, field).into_iter();
                pods.extend(places.map(|pointer| template_of(pointer.as_str()).to_owned()));
            }
        }
        let is_machine = object.group() == "kubevirt.io";
        if is_machine {
            pods.push("/spec/template".to_owned());
        }
        let images = catalogue.image_pointers(object).into_iter();
        Self {
            pods,
            images: images.map(|pointer| pointer.as_str().to_owned()).collect(),
            is_machine,
        }
    }

    fn holds(&self, pointer: &str) -> bool {
        self.pods.iter().any(|place| is_below(pointer, place))
            || self.images.iter().any(|place| is_below(pointer, place))
    }
}

/// Returns the pod template of a pod specification: its metadata restart pods too.
fn template_of(pointer: &str) -> &str {
    match pointer.strip_suffix("/spec") {
        Some(template) if !template.is_empty() => template,
        _ => pointer,
    }
}

fn is_below(pointer: &str, place: &str) -> bool {
    pointer
        .strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Checks for fields that change nothing that runs: the order of a list, and notes of siteplan.
fn is_note(field: &FieldChange) -> bool {
    field.is_order_only()
        || field
            .pointer
            .as_str()
            .starts_with("/metadata/annotations/siteplan.dev~1")
}

fn find_in_field(
    object: &Object,
    field: &FieldChange,
    templates: &PodTemplates,
    add: &mut dyn FnMut(RiskKind),
) {
    if is_note(field) {
        return;
    }
    let pointer = field.pointer.as_str();
    let keys: Vec<&str> = pointer.split('/').skip(1).collect();
    let has_key = |wanted: &[&str]| keys.iter().any(|key| wanted.contains(key));
    if has_key(DATA_FIELDS) && keys.first() == Some(&"spec") {
        add(RiskKind::DataAffected);
    }
    if grants_rights(object) && widens(field) {
        add(RiskKind::RightsWidened);
    }
    if changes_removal(&keys) {
        add(RiskKind::RemovalChanged);
    }
    if templates.holds(pointer) && object.kind() != "CronJob" {
        let kind = if templates.is_machine {
            RiskKind::MachinesRestart
        } else {
            RiskKind::PodsRestart
        };
        add(kind);
    }
    if has_key(PLACEMENT_FIELDS) || (object.kind() == "Node" && has_key(&["labels", "taints"])) {
        add(RiskKind::PlacementMoved);
    }
    if reduces_availability(object, field, &keys) {
        add(RiskKind::AvailabilityReduced);
    }
    find_in_images(field, &keys, templates, add);
    let gains = match &field.kind {
        FieldChangeKind::Added(new) | FieldChangeKind::Changed(_, new) => {
            let is_asked = keys
                .last()
                .is_some_and(|key| PRIVILEGE_FIELDS.contains(key));
            (is_asked && is_set(new)) || gains_privilege(new)
        }
        FieldChangeKind::Removed(_) | FieldChangeKind::Reordered(..) => false,
    };
    if gains {
        add(RiskKind::PrivilegeGained);
    }
}

/// Finds images that change, and registries that images did not come from before.
fn find_in_images(
    field: &FieldChange,
    keys: &[&str],
    templates: &PodTemplates,
    add: &mut dyn FnMut(RiskKind),
) {
    let pointer = field.pointer.as_str();
    let is_image = keys.last() == Some(&"image")
        || templates
            .images
            .iter()
            .any(|image| is_below(pointer, image));
    let FieldChangeKind::Changed(Value::String(old), Value::String(new)) = &field.kind else {
        return;
    };
    if is_image {
        add(RiskKind::ImageChanged);
        if registry(old) != registry(new) {
            add(RiskKind::RegistryChanged);
        }
    }
}

/// Returns the registry of an image; Docker Hub's where none is named.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// Checks whether something is added to what is granted.
fn widens(field: &FieldChange) -> bool {
    let is_note = field.pointer.as_str().starts_with("/metadata/");
    !is_note
        && matches!(
            field.kind,
            FieldChangeKind::Added(_) | FieldChangeKind::Changed(..)
        )
}

/// Checks whether a field says how Argo CD deletes or prunes.
fn changes_removal(keys: &[&str]) -> bool {
    match keys {
        ["metadata", "finalizers", ..] => true,
        ["metadata", "annotations", key, ..] => *key == "argocd.argoproj.io~1sync-options",
        ["spec", "syncPolicy", rest @ ..] => {
            rest.is_empty() || rest.contains(&"prune") || rest.first() == Some(&"automated")
        }
        _ => false,
    }
}

/// Checks for fewer pods, and for disruption budgets that permit more.
fn reduces_availability(object: &Object, field: &FieldChange, keys: &[&str]) -> bool {
    if object.kind() == "PodDisruptionBudget" {
        return keys.first() == Some(&"spec");
    }
    let counts = ["instances", "minReplicas", "replicas", "size"];
    if !keys.last().is_some_and(|key| counts.contains(key)) {
        return false;
    }
    match &field.kind {
        FieldChangeKind::Changed(old, new) => match (old.as_i64(), new.as_i64()) {
            (Some(old), Some(new)) => new < old,
            _ => false,
        },
        FieldChangeKind::Removed(old) => old.as_i64().is_some_and(|old| old > 1),
        FieldChangeKind::Added(_) | FieldChangeKind::Reordered(..) => false,
    }
}

/// Checks for a field that gives pods something of their node, anywhere below a value.
fn gains_privilege(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| {
            (PRIVILEGE_FIELDS.contains(&key.as_str()) && is_set(value)) || gains_privilege(value)
        }),
        Value::Array(items) => items.iter().any(gains_privilege),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_set(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

#[cfg(test)]
mod tests;
