//! Edits of an object as values, and the one place that writes them.

use std::collections::BTreeMap;

use kubernetes_vocabulary::LabelRequirement;
use kubernetes_vocabulary::fields::{PREFERRED_DURING_SCHEDULING, REQUIRED_DURING_SCHEDULING};
use kubernetes_vocabulary::labels::HOSTNAME;
use serde_json::{Value, json};

use crate::manifest::{Object, ObjectId};
use crate::patch::{Editor, Op, Operation, Reason};
use pointer_diagnostics::Pointer;

use super::requirement::{find_missing, is_empty_term, to_expression};

/// The changes of one object for one purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectPatch {
    /// The purpose.
    pub purpose: PatchPurpose,
    /// The object.
    pub target: ObjectId,
    /// The operations, in order.
    pub operations: Vec<Operation>,
}

/// The purpose of a patch; the first part of its file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchPurpose {
    /// Storage classes.
    Storage,
    /// Numbers of pods, and how they are kept apart.
    Availability,
    /// Nodes that pods may run on.
    Placement,
    /// Values of the instance.
    Values,
    /// Annotations that Argo CD needs.
    ArgoCd,
    /// Versions of operators.
    Operators,
}

impl PatchPurpose {
    /// Returns the purpose as it stands in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Availability => "availability",
            Self::Placement => "placement",
            Self::Values => "values",
            Self::ArgoCd => "argocd",
            Self::Operators => "operators",
        }
    }
}

/// A change of one field that was found necessary, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldEdit {
    pub(super) change: PlacementChange,
    pub(super) reason: Reason,
}

/// A change of one field. All changes add to what a base says or replace a plain value; making one twice changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PlacementChange {
    /// Sets a field.
    Set { field: Pointer, value: Value },
    /// Adds requirements to every node selector term that is not empty; makes a term where there is none.
    RequireOfNodes {
        terms: Pointer,
        requirements: Vec<LabelRequirement>,
    },
    /// Adds labels to a `nodeSelector`.
    SelectLabels {
        selector: Pointer,
        labels: BTreeMap<String, String>,
    },
    /// Adds labels to a list of `{key, value}`.
    SelectListedLabels {
        list: Pointer,
        labels: BTreeMap<String, String>,
    },
    /// Appends tolerations.
    Tolerate {
        list: Pointer,
        tolerations: Vec<Value>,
    },
    /// Adds a topology spread constraint, unless one forbids over the same topology.
    Spread { list: Pointer, constraint: Value },
    /// Adds pod anti-affinity over nodes, unless the same term is there.
    KeepApart {
        anti_affinity: Pointer,
        selector: Value,
        strength: AffinityStrength,
    },
    /// Lets a rolling update remove a pod before it starts another.
    ForbidSurge { rollout: Pointer },
}

/// The strength of a rule of affinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AffinityStrength {
    /// It must hold.
    Required,
    /// It is preferred.
    Preferred,
}

/// A field that cannot be written because something else than a map or a list is above it.
#[derive(Debug)]
pub(super) struct FieldBlocked;

/// Makes all changes, or none.
pub(super) fn write_edits(
    object: &mut Object,
    edits: &[FieldEdit],
) -> Result<Vec<Operation>, FieldBlocked> {
    let mut value = object.value().clone();
    let mut editor = Editor::new(&mut value);
    for edit in edits {
        if !write_change(&mut editor, &edit.change, &edit.reason) {
            return Err(FieldBlocked);
        }
    }
    let operations = editor.finish();
    *object = Object::new(value);
    Ok(operations)
}

/// Appends operations; a test that is there already is not repeated.
pub(super) fn join_operations(operations: &mut Vec<Operation>, more: Vec<Operation>) {
    for operation in more {
        if operation.op != Op::Test || !operations.contains(&operation) {
            operations.push(operation);
        }
    }
}

/// Collects the operations of each object into its patch, in the order of the objects.
pub(super) fn collect_patches(
    purpose: PatchPurpose,
    objects: &[Object],
    operations: Vec<Vec<Operation>>,
) -> Vec<ObjectPatch> {
    objects
        .iter()
        .zip(operations)
        .filter(|(_, operations)| !operations.is_empty())
        .map(|(object, operations)| ObjectPatch {
            purpose,
            target: object.id(),
            operations,
        })
        .collect()
}

/// Makes one change. Returns whether the field could be reached.
fn write_change(editor: &mut Editor<'_>, change: &PlacementChange, reason: &Reason) -> bool {
    match change {
        PlacementChange::Set { field, value } => editor.set(field, value.clone(), reason),
        PlacementChange::RequireOfNodes {
            terms,
            requirements,
        } => require_of_nodes(editor, terms, requirements, reason),
        PlacementChange::SelectLabels { selector, labels } => {
            select_labels(editor, selector, labels, reason)
        }
        PlacementChange::SelectListedLabels { list, labels } => {
            select_listed_labels(editor, list, labels, reason)
        }
        PlacementChange::Tolerate { list, tolerations } => {
            append_tolerations(editor, list, tolerations, reason)
        }
        PlacementChange::Spread { list, constraint } => {
            add_constraint(editor, list, constraint, reason)
        }
        PlacementChange::KeepApart {
            anti_affinity,
            selector,
            strength,
        } => {
            let term = json!({"labelSelector": selector, "topologyKey": HOSTNAME});
            let (field, element) = match strength {
                AffinityStrength::Required => (REQUIRED_DURING_SCHEDULING, term),
                AffinityStrength::Preferred => (
                    PREFERRED_DURING_SCHEDULING,
                    json!({"weight": 100, "podAffinityTerm": term}),
                ),
            };
            append_once(editor, &anti_affinity.at(field), element, reason)
        }
        PlacementChange::ForbidSurge { rollout } => forbid_surge(editor, rollout, reason),
    }
}

fn require_of_nodes(
    editor: &mut Editor<'_>,
    terms: &Pointer,
    requirements: &[LabelRequirement],
    reason: &Reason,
) -> bool {
    let items = match editor.get(terms) {
        None | Some(Value::Null) => {
            let expressions: Vec<Value> = requirements.iter().map(to_expression).collect();
            return editor.set(terms, json!([{ "matchExpressions": expressions }]), reason);
        }
        Some(Value::Array(items)) => items.clone(),
        Some(_) => return false,
    };
    let mut is_expected = false;
    for (index, term) in items.iter().enumerate() {
        if is_empty_term(term) {
            continue;
        }
        for requirement in find_missing(term, requirements) {
            if !is_expected {
                editor.expect(terms);
                is_expected = true;
            }
            let list = terms.at(index).at("matchExpressions");
            if !editor.append(&list, to_expression(requirement), reason) {
                return false;
            }
        }
    }
    true
}

fn select_labels(
    editor: &mut Editor<'_>,
    selector: &Pointer,
    labels: &BTreeMap<String, String>,
    reason: &Reason,
) -> bool {
    if editor.get(selector).is_none_or(Value::is_null) && !labels.is_empty() {
        return editor.set(selector, json!(labels), reason);
    }
    labels
        .iter()
        .all(|(key, value)| editor.set(&selector.at(key), json!(value), reason))
}

fn select_listed_labels(
    editor: &mut Editor<'_>,
    list: &Pointer,
    labels: &BTreeMap<String, String>,
    reason: &Reason,
) -> bool {
    labels
        .iter()
        .all(|(key, value)| append_once(editor, list, json!({"key": key, "value": value}), reason))
}

fn append_tolerations(
    editor: &mut Editor<'_>,
    list: &Pointer,
    tolerations: &[Value],
    reason: &Reason,
) -> bool {
    if editor.get(list).is_none_or(Value::is_null) {
        return editor.set(list, json!(tolerations), reason);
    }
    tolerations
        .iter()
        .all(|toleration| editor.append(list, toleration.clone(), reason))
}

fn add_constraint(
    editor: &mut Editor<'_>,
    list: &Pointer,
    constraint: &Value,
    reason: &Reason,
) -> bool {
    let present = editor.get(list).and_then(Value::as_array);
    let mut present = present.into_iter().flatten();
    if present.any(|other| forbids_over_same_topology(other, constraint)) {
        return true;
    }
    editor.append(list, constraint.clone(), reason)
}

/// Returns whether a constraint of a base forbids over the topology of another constraint.
fn forbids_over_same_topology(written: &Value, constraint: &Value) -> bool {
    let is_soft =
        written.get("whenUnsatisfiable").and_then(Value::as_str) == Some("ScheduleAnyway");
    !is_soft && written.get("topologyKey") == constraint.get("topologyKey")
}

fn append_once(editor: &mut Editor<'_>, list: &Pointer, element: Value, reason: &Reason) -> bool {
    let present = editor.get(list).and_then(Value::as_array);
    present.is_some_and(|list| list.contains(&element)) || editor.append(list, element, reason)
}

fn forbid_surge(editor: &mut Editor<'_>, rollout: &Pointer, reason: &Reason) -> bool {
    let strategy = editor.get(&rollout.at("type")).and_then(Value::as_str);
    if strategy.is_some_and(|strategy| strategy != "RollingUpdate") {
        return true;
    }
    let rolling = rollout.at("rollingUpdate");
    let unavailable = rolling.at("maxUnavailable");
    let allows_none = match editor.get(&unavailable) {
        None | Some(Value::Null) => true,
        Some(Value::String(percent)) => percent == "0%" || percent == "0",
        Some(number) => number.as_u64() == Some(0),
    };
    editor.set(&rolling.at("maxSurge"), json!(0), reason)
        && (!allows_none || editor.set(&unavailable, json!(1), reason))
}
