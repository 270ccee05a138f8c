//! Says where the pods of an instance run, on which storage, and how many of them.
//!
//! Comes in: a planned instance and its objects, after exceptions and values. Goes out: the objects changed in place, and the same
//! changes as exact operations with their reasons; objects to add (PodDisruptionBudgets); or what contradicts what. Nothing that a base
//! says is widened or lost: rules are added to it with AND, and adding them twice changes nothing.

mod affinity;
mod architecture;
mod availability;
mod budget;
mod candidate;
mod edit;
mod eligible;
mod named_images;
mod node_selector;
mod part_names;
mod placement;
mod replicas;
mod requirement;
mod rule;
mod scope;
mod separation;
mod storage;
#[cfg(test)]
mod tests;
mod tolerations;

use std::collections::BTreeMap;

use crate::catalogue::Catalogue;
use crate::manifest::{Object, ObjectId};
use crate::patch::{Operation, Reason};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::Diagnostics;

pub use edit::{ObjectPatch, PatchPurpose};

use edit::{collect_patches, join_operations, write_edits};
use rule::{PlacementRule, find_rule};
use scope::{PlacedPart, PlacementScope};

/// The changes of an instance's objects, and the objects to add.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacedInstance {
    /// The changes: storage first, then availability, then placement; in each the objects in their order.
    pub patches: Vec<ObjectPatch>,
    /// New objects.
    pub additions: Vec<Object>,
    /// Reasons for the new objects.
    pub reasons: BTreeMap<ObjectId, Reason>,
}

/// Places an instance: changes its objects and says how.
pub fn place(
    site: &SitePlan,
    instance: &Instance,
    catalogue: &Catalogue,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> PlacedInstance {
    let Some(scope) = PlacementScope::new(site, instance, catalogue) else {
        return PlacedInstance::default();
    };
    let mut own = Diagnostics::new();
    let placed = place_parts(&scope, objects, &mut own);
    append_once(found, own);
    placed
}

fn place_parts(
    scope: &PlacementScope<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> PlacedInstance {
    let mut placed = PlacedInstance::default();
    let parts = scope.parts(objects);
    part_names::check_names(scope, objects, found);
    part_names::check_kinds(scope, objects, found);
    let mut rules: Vec<Option<PlacementRule<'_>>> = Vec::new();
    for part in &parts {
        rules.push(find_rule(scope, part, objects, found));
    }
    let mut ruled: Vec<RuledPart<'_, '_>> = Vec::new();
    for (part, rule) in parts.iter().zip(&rules) {
        if let Some(rule) = rule {
            ruled.push(RuledPart { scope, part, rule });
        }
    }
    placed.patches = write_storage(scope, &parts, objects, found);
    let availability = write_availability(&ruled, objects, &mut placed, found);
    placed.patches.extend(availability);
    placed
        .patches
        .extend(write_placement(&ruled, objects, found));
    placed
}

/// A part with its placement rule.
#[derive(Debug, Clone, Copy)]
struct RuledPart<'r, 'a> {
    scope: &'r PlacementScope<'a>,
    part: &'r PlacedPart<'a>,
    rule: &'r PlacementRule<'a>,
}

/// Writes the storage classes of all parts that ask for a role.
fn write_storage(
    scope: &PlacementScope<'_>,
    parts: &[PlacedPart<'_>],
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let edits = storage::find_storage(scope, parts, objects, found);
    let mut operations = no_operations(objects);
    for ((object, edits), operations) in objects.iter_mut().zip(&edits).zip(&mut operations) {
        // The fields were found in the object, so they can be reached.
        *operations = write_edits(object, edits).unwrap_or_default();
    }
    collect_patches(PatchPurpose::Storage, objects, operations)
}

/// Writes what the promises of availability need, and adds disruption budgets.
fn write_availability(
    ruled: &[RuledPart<'_, '_>],
    objects: &mut [Object],
    placed: &mut PlacedInstance,
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let mut operations = no_operations(objects);
    for part in ruled {
        let Some(facts) = availability::find_availability(*part, objects, found) else {
            continue;
        };
        if let Some(budget) = facts.budget {
            placed.add(budget, &facts.reason);
        }
        let object = part.part.object;
        match write_edits(&mut objects[object], &facts.edits) {
            Ok(done) => join_operations(&mut operations[object], done),
            Err(edit::FieldBlocked) => {
                found.push(availability::describe_blocked_field(
                    *part,
                    &objects[object],
                    &facts.reason,
                ));
            }
        }
    }
    collect_patches(PatchPurpose::Availability, objects, operations)
}

/// Writes the placement rules, each into the field that the catalogue names.
fn write_placement(
    ruled: &[RuledPart<'_, '_>],
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let mut operations = no_operations(objects);
    for part in ruled {
        let object = part.part.object;
        if let Ok(edits) = placement::find_placement(*part, &objects[object], found) {
            match write_edits(&mut objects[object], &edits) {
                Ok(done) => join_operations(&mut operations[object], done),
                Err(edit::FieldBlocked) => {
                    found.push(placement::describe_blocked_field(*part, &objects[object]));
                }
            }
        }
        found.extend(placement::find_ignored_terms(*part, &objects[object]));
    }
    collect_patches(PatchPurpose::Placement, objects, operations)
}

fn no_operations(objects: &[Object]) -> Vec<Vec<Operation>> {
    vec![Vec::new(); objects.len()]
}

impl PlacedInstance {
    /// Adds an object, unless there is one with its id.
    fn add(&mut self, object: Object, reason: &Reason) {
        let id = object.id();
        if self.additions.iter().all(|other| other.id() != id) {
            self.reasons.insert(id, reason.clone());
            self.additions.push(object);
        }
    }
}

/// Appends diagnostics, each once: parts of one instance often have the same problem.
fn append_once(found: &mut Diagnostics, own: Diagnostics) {
    let mut kept = Vec::new();
    for diagnostic in own {
        if !kept.contains(&diagnostic) {
            kept.push(diagnostic);
        }
    }
    found.append(kept.into_iter().collect());
}
