//! Finds the availability of a part: its number of pods, their spread, and the number that may be away at once.
//!
//! Single: one pod, no budget. Replicated: one more than may be lost, spread over nodes. Quorum: enough that a majority is left, each on
//! a node of its own. Where the site survives no loss only the number is written. A part that neither site nor app speaks of is left as
//! it is.

use serde_json::{Value, json};

use crate::catalogue::{BudgetMaker, Field, PodRun};
use crate::manifest::Object;
use crate::model::Availability;
use crate::patch::{FieldAuthor, Reason};
use crate::rules;
use crate::wording::count_noun;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer, Reported};

use super::RuledPart;
use super::budget::make_budget;
use super::edit::{FieldEdit, PlacementChange};
use super::eligible::count_eligible_nodes;
use super::replicas::{self, Promise};
use super::scope::PlacedPart;
use super::separation::{NodeRoom, Separation, shares_no_node};

/// All that a part's promise of availability needs.
#[derive(Debug)]
pub(super) struct AvailabilityFacts {
    /// The changes of the part's object.
    pub(super) edits: Vec<FieldEdit>,
    /// The disruption budget to add.
    pub(super) budget: Option<Object>,
    /// The reason.
    pub(super) reason: Reason,
}

/// Finds what the promise of availability needs; `None` where nothing is promised, or where the promise cannot be kept, which is
/// reported.
pub(super) fn find_availability(
    ruled: RuledPart<'_, '_>,
    objects: &[Object],
    found: &mut Diagnostics,
) -> Option<AvailabilityFacts> {
    let promise = replicas::find_promise(ruled.scope, ruled.part, found).ok()??;
    let object = &objects[ruled.part.object];
    let promised = PromisedPart {
        ruled,
        promise: &promise,
        object,
        eligible: count_eligible_nodes(ruled, object),
        scaled: find_autoscaled_minimum(object, objects),
    };
    if ruled.part.at.part.run == PodRun::PerNode {
        return None;
    }
    promised.find_facts(objects, found).ok()
}

/// A part with what it is promised.
struct PromisedPart<'p, 'a> {
    ruled: RuledPart<'p, 'a>,
    promise: &'p Promise,
    object: &'p Object,
    /// The number of nodes it that can run on.
    eligible: u64,
    /// The least number of pods that an autoscaler keeps; its replicas are then not ours to write.
    scaled: Option<u64>,
}

impl PromisedPart<'_, '_> {
    fn part(&self) -> &PlacedPart<'_> {
        self.ruled.part
    }

    fn find_facts(
        &self,
        objects: &[Object],
        found: &mut Diagnostics,
    ) -> Result<AvailabilityFacts, Reported> {
        let count = self.count_pods(found)?;
        let is_apart = self.has_node_for_each_pod();
        if is_apart && count > self.eligible {
            return Err(found.report(self.too_many(count)));
        }
        let mut changes: Vec<PlacementChange> = self.find_replicas(count).into_iter().collect();
        let mut budget = None;
        if self.promise.survives() && count > 1 {
            match self.part().at.selector(self.object) {
                Some(selector) => {
                    changes.extend(self.find_separation(&selector, count, found));
                    budget = make_budget(self.part(), self.promise, &selector, objects);
                }
                None => found.push(self.unknown_labels()),
            }
        }
        if is_apart && count >= self.eligible {
            changes.extend(
                self.find_rollout()
                    .map(|rollout| PlacementChange::ForbidSurge { rollout }),
            );
        }
        let reason = Reason {
            author: FieldAuthor::Availability,
            origins: self.promise.origins.clone(),
        };
        let edits = changes
            .into_iter()
            .map(|change| FieldEdit {
                change,
                reason: reason.clone(),
            })
            .collect();
        Ok(AvailabilityFacts {
            edits,
            budget,
            reason,
        })
    }

    fn find_rollout(&self) -> Option<Pointer> {
        self.part().at.pointer(self.object, Field::Rollout)
    }

    /// Returns how many pods there will be; less than the promise needs, or more than `single` allows, is an error.
    fn count_pods(&self, found: &mut Diagnostics) -> Result<u64, Reported> {
        let has_field = self.part().at.part.places.contains_key(&Field::Replicas);
        let count = match self.scaled {
            Some(scaled) => scaled,
            None if has_field => self
                .promise
                .count(replicas::count_in_base(self.part(), self.object)),
            None => replicas::count_in_base(self.part(), self.object),
        };
        if self.promise.availability == Availability::Single
            && count > 1
            && self.promise.explicit.is_some()
        {
            return Err(found.report(self.not_single(count)));
        }
        if self.promise.survives() && count < self.promise.needed() {
            return Err(found.report(self.too_few(count)));
        }
        Ok(count)
    }

    /// Returns whether each pod has a node of its own, by the base or by the rule for quorums.
    fn has_node_for_each_pod(&self) -> bool {
        let by_rule = self.promise.survives()
            && self.promise.availability == Availability::Quorum
            && self
                .part()
                .at
                .part
                .places
                .contains_key(&Field::PodAntiAffinity);
        by_rule || shares_no_node(self.part(), self.object)
    }

    /// Returns the change of the number of pods, where it is ours to write and not the default.
    fn find_replicas(&self, count: u64) -> Option<PlacementChange> {
        if self.scaled.is_some() {
            return None;
        }
        let field = self.part().at.pointer(self.object, Field::Replicas)?;
        let written = self.object.get(field.as_str()).and_then(Value::as_u64);
        let default = u64::from(self.part().at.part.default_replicas);
        (written.is_some() || count != default).then(|| PlacementChange::Set {
            field,
            value: json!(count),
        })
    }

    fn find_separation(
        &self,
        selector: &Value,
        count: u64,
        found: &mut Diagnostics,
    ) -> Vec<PlacementChange> {
        let room = if count <= self.eligible {
            NodeRoom::ForEach
        } else {
            NodeRoom::Shared
        };
        let separation = Separation {
            part: self.part(),
            object: self.object,
            promise: self.promise,
            selector,
            room,
        };
        let found_changes = separation.find_changes();
        let by_operator = self.part().at.part.budget == BudgetMaker::Operator;
        if found_changes.lacks_field && !by_operator {
            found.push(self.cannot_spread());
        }
        found_changes.changes
    }

    fn explicit_origin(&self) -> Option<Origin> {
        self.part().explicit_replicas(self.ruled.scope)
    }

    fn origin(&self) -> Origin {
        let first = self.promise.origins.first().cloned();
        self.explicit_origin()
            .or(first)
            .unwrap_or_else(|| self.ruled.scope.instance.origin.clone())
    }

    fn too_many(&self, count: u64) -> Diagnostic {
        let place = match self.part().pool(self.ruled.scope) {
            Some(pool) => self.ruled.scope.of_site("/pools").at(pool),
            None => self.ruled.scope.of_site("/pools"),
        };
        let nodes = count_noun(self.eligible, "node");
        rules::TOO_MANY_REPLICAS
            .report(format!(
                "`{}` has {count} replicas that must not share a node, but can run on {nodes}",
                self.label()
            ))
            .primary(
                self.origin(),
                format!("{count} replicas, each on a node of its own"),
            )
            .context_key(place, format!("{nodes} for it"))
            .help(format!(
                "ask for {} at most, add nodes, or let the site survive less",
                self.eligible
            ))
    }

    fn not_single(&self, count: u64) -> Diagnostic {
        let promised = self
            .promise
            .origins
            .first()
            .cloned()
            .unwrap_or_else(|| self.ruled.scope.instance.origin.clone());
        rules::TOO_MANY_REPLICAS
            .report(format!(
                "`{}` has {count} replicas, but its availability is `single`",
                self.label()
            ))
            .primary(self.origin(), format!("{count} replicas"))
            .context(promised, "one replica")
            .help("ask for one replica, or for another availability")
    }

    fn unknown_labels(&self) -> Diagnostic {
        rules::PODS_NOT_SPREAD
            .report(format!(
                "the labels of the pods of `{}` are not known, so they cannot be spread",
                self.label()
            ))
            .primary(self.origin(), "")
            .help("write `podLabels` for this part under `catalogue:` in the app")
    }

    fn cannot_spread(&self) -> Diagnostic {
        rules::PODS_NOT_SPREAD
            .report(format!(
                "`{}` has no field that keeps its pods on different nodes or zones",
                self.label()
            ))
            .primary(self.origin(), "")
            .help("check that its operator does it by itself")
    }

    fn too_few(&self, count: u64) -> Diagnostic {
        let shortage = replicas::Shortage {
            label: &self.label(),
            count,
            field: self.explicit_origin(),
        };
        replicas::describe_shortage(self.ruled.scope, self.promise, shortage)
    }

    fn label(&self) -> String {
        self.part().label(self.object)
    }
}

/// Words fields that cannot be written because something else than a map is above them.
pub(super) fn describe_blocked_field(
    ruled: RuledPart<'_, '_>,
    object: &Object,
    reason: &Reason,
) -> Diagnostic {
    let explicit = ruled.part.explicit_replicas(ruled.scope);
    let origin = explicit
        .or_else(|| reason.origins.first().cloned())
        .unwrap_or_else(|| ruled.scope.instance.origin.clone());
    rules::FIELD_PATH_LEADS_NOWHERE
        .report(format!(
            "the availability of `{}` cannot be written: something else is in the way",
            ruled.part.label(object)
        ))
        .primary(origin, "")
        .help(format!(
            "look at the object in `{}`: the fields above must be maps, the rules lists",
            ruled.scope.app.directory
        ))
}

/// Finds the least number of pods that an autoscaler of the instance keeps of a workload.
fn find_autoscaled_minimum(object: &Object, objects: &[Object]) -> Option<u64> {
    let scalers = objects
        .iter()
        .filter(|o| o.kind() == "HorizontalPodAutoscaler" && o.namespace() == object.namespace());
    let text =
        |o: &Object, pointer: &str| o.get(pointer).and_then(Value::as_str).map(str::to_owned);
    let mut own = scalers.filter(|o| {
        text(o, "/spec/scaleTargetRef/kind").as_deref() == Some(object.kind())
            && text(o, "/spec/scaleTargetRef/name").as_deref() == Some(object.name())
    });
    own.next().map(|o| {
        o.get("/spec/minReplicas")
            .and_then(Value::as_u64)
            .unwrap_or(1)
    })
}
