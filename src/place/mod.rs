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
mod node_selector;
mod part_names;
mod replicas;
mod requirement;
mod rule;
mod scope;
mod spread;
mod storage;
mod tolerations;
mod write;

use std::collections::BTreeMap;

use crate::catalogue::Catalogue;
use crate::manifest::{Object, ObjectId};
use crate::patch::{Operation, Reason};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::Diagnostics;

use rule::PlacementRule;
use scope::{Scope, Subject};

/// What was changed and what is to be added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placed {
    /// The changes: storage first, then availability, then placement; in each the objects in their order.
    pub patches: Vec<ObjectPatch>,
    /// New objects.
    pub additions: Vec<Object>,
    /// Why the new objects are there.
    pub reasons: BTreeMap<ObjectId, Reason>,
}

/// The changes of one object for one purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectPatch {
    /// `storage`, `availability` or `placement` here; others by other passes.
    pub purpose: &'static str,
    /// The object.
    pub target: ObjectId,
    /// The operations, in order.
    pub operations: Vec<Operation>,
}

/// Places an instance: changes its objects and says how.
pub fn place(
    site: &SitePlan,
    instance: &Instance,
    catalogue: &Catalogue,
    objects: &mut [Object],
) -> (Placed, Diagnostics) {
    let mut found = Diagnostics::new();
    let mut placed = Placed::default();
    let Some(scope) = Scope::new(site, instance, catalogue) else {
        return (placed, found);
    };
    let subjects = scope.subjects(objects);
    part_names::check(&scope, objects, &mut found);
    part_names::check_kinds(&scope, objects, &mut found);
    let rules: Vec<Option<PlacementRule<'_>>> = subjects
        .iter()
        .map(|s| rule::rule(&scope, s, objects, &mut found))
        .collect();
    placed
        .patches
        .extend(storage::write(&scope, &subjects, objects, &mut found));
    let ruled: Vec<Ruled<'_, '_>> = subjects
        .iter()
        .zip(&rules)
        .filter_map(|(s, r)| Some((s, r.as_ref()?)))
        .collect();
    availability::write(&scope, &ruled, objects, &mut placed, &mut found);
    placed
        .patches
        .extend(write::write(&scope, &ruled, objects, &mut found));
    (placed, once(found))
}

/// A part with its placement rule.
type Ruled<'r, 'a> = (&'r Subject<'a>, &'r PlacementRule<'a>);

/// Parts of one instance often have the same problem: it is reported once.
fn once(found: Diagnostics) -> Diagnostics {
    let mut kept = Vec::new();
    for diagnostic in found {
        if !kept.contains(&diagnostic) {
            kept.push(diagnostic);
        }
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests;
