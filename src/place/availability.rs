//! How many pods a part has, how they are kept apart, and how many may be away at once.
//!
//! Single: one pod, no budget. Replicated: one more than may be lost, spread over nodes. Quorum: enough that a majority is left, each on
//! a node of its own. Where the site survives no loss only the number is written. A part that neither site nor app speaks of is left as
//! it is.

use kubernetes_vocabulary::labels;
use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::Availability;
use crate::patch::{Editor, Operation, Reason};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin};

use super::replicas::{self, Promise};
use super::rule;
use super::scope::{Scope, Subject};
use super::{ObjectPatch, Placed, Ruled, budget, spread, write};

/// Writes what the promise of availability needs.
pub(super) fn write(
    scope: &Scope<'_>,
    ruled: &[Ruled<'_, '_>],
    objects: &mut [Object],
    placed: &mut Placed,
    found: &mut Diagnostics,
) {
    let mut changes: Vec<Vec<Operation>> = objects.iter().map(|_| Vec::new()).collect();
    for (subject, rule) in ruled {
        let promise = match replicas::promise(scope, subject) {
            Ok(Some(promise)) => promise,
            Ok(None) => continue,
            Err(problem) => {
                found.push(*problem);
                continue;
            }
        };
        let eligible = rule::eligible(rule, subject, &objects[subject.object]);
        let part = Part {
            scope,
            subject,
            promise: &promise,
            eligible: eligible.len() as u64,
        };
        match part.write(objects, placed, found) {
            Ok(done) => write::join(&mut changes[subject.object], done),
            Err(problem) => found.push(*problem),
        }
    }
    let patches = objects
        .iter()
        .zip(changes)
        .filter(|(_, operations)| !operations.is_empty());
    placed
        .patches
        .extend(patches.map(|(object, operations)| ObjectPatch {
            purpose: "availability",
            target: object.id(),
            operations,
        }));
}

/// A part with what it is promised and the number of nodes that it can run on.
struct Part<'p, 'a> {
    scope: &'p Scope<'a>,
    subject: &'p Subject<'a>,
    promise: &'p Promise,
    eligible: u64,
}

impl Part<'_, '_> {
    fn write(
        &self,
        objects: &mut [Object],
        placed: &mut Placed,
        found: &mut Diagnostics,
    ) -> Result<Vec<Operation>, Box<Diagnostic>> {
        let before = objects[self.subject.object].clone();
        if self.subject.part.part.per_node {
            return Ok(Vec::new());
        }
        let scaled = scaled_by(&before, objects);
        let count = self.count(&before, scaled)?;
        let apart = self.is_apart(&before);
        if apart && count > self.eligible {
            return Err(Box::new(self.too_many(&before, count)));
        }
        let reason = Reason {
            rule: "availability",
            origins: self.promise.origins.clone(),
        };
        let mut value = before.value().clone();
        let mut editor = Editor::new(&mut value);
        let mut written =
            scaled.is_some() || self.write_count(&mut editor, &before, (count, &reason));
        if self.promise.survives() && count > 1 {
            match self.subject.part.selector(&before) {
                Some(selector) => {
                    written &=
                        self.keep_apart(&mut editor, &before, (&selector, count), (&reason, found));
                    self.add_budget(objects, &selector, (&reason, placed));
                }
                None => found.push(self.unknown_labels(&before)),
            }
        }
        let rollout = self.subject.part.pointer(&before, Field::Rollout);
        if let Some(rollout) = rollout.filter(|_| apart && count >= self.eligible) {
            written &= spread::without_surge(&mut editor, &rollout, &reason);
        }
        let operations = editor.finish();
        if !written {
            return Err(Box::new(self.in_the_way(&before)));
        }
        objects[self.subject.object] = Object::new(value);
        Ok(operations)
    }

    /// How many pods there will be; less than the promise needs, or more than `single` allows, is an error.
    fn count(&self, object: &Object, scaled: Option<u64>) -> Result<u64, Box<Diagnostic>> {
        let label = self.subject.label(object);
        let can_be_written =
            self.subject.part.part.places.contains_key(&Field::Replicas) && scaled.is_none();
        let in_base = scaled.unwrap_or_else(|| replicas::in_base(self.subject, object));
        let count = if can_be_written {
            self.promise.count(in_base)
        } else {
            in_base
        };
        if self.promise.availability == Availability::Single
            && count > 1
            && self.promise.explicit.is_some()
        {
            return Err(Box::new(self.not_single(&label, count)));
        }
        if self.promise.survives() && count < self.promise.needed() {
            return Err(Box::new(replicas::too_few(
                self.scope,
                (&label, count),
                self.promise,
                self.explicit_origin(),
            )));
        }
        Ok(count)
    }

    /// Whether each pod has a node of its own, by the base or by the rule for quorums.
    fn is_apart(&self, object: &Object) -> bool {
        let by_rule = self.promise.survives()
            && self.promise.availability == Availability::Quorum
            && self
                .subject
                .part
                .part
                .places
                .contains_key(&Field::PodAntiAffinity);
        by_rule || spread::is_apart(self.subject, object)
    }

    fn write_count(
        &self,
        editor: &mut Editor<'_>,
        object: &Object,
        (count, reason): (u64, &Reason),
    ) -> bool {
        let Some(place) = self.subject.part.pointer(object, Field::Replicas) else {
            return true;
        };
        let written = object.get(place.as_str()).and_then(Value::as_u64);
        if written.is_none() && count == u64::from(self.subject.part.part.default_replicas) {
            return true;
        }
        editor.set(&place, json!(count), reason)
    }

    fn keep_apart(
        &self,
        editor: &mut Editor<'_>,
        object: &Object,
        (selector, count): (&Value, u64),
        (reason, found): (&Reason, &mut Diagnostics),
    ) -> bool {
        let quorum = self.promise.availability == Availability::Quorum;
        let mut over =
            |topology| spread::over(editor, object, self.subject, (topology, selector), reason);
        let zones = if self.promise.zones > 0 {
            over(labels::ZONE)
        } else {
            Some(true)
        };
        let already = spread::is_apart(self.subject, object);
        let nodes = match (quorum, already) {
            (_, true) => Some(true),
            (true, false) => spread::apart(editor, object, self.subject, (selector, true), reason)
                .or_else(|| {
                    spread::over(
                        editor,
                        object,
                        self.subject,
                        (labels::HOSTNAME, selector),
                        reason,
                    )
                }),
            (false, false) => spread::over(
                editor,
                object,
                self.subject,
                (labels::HOSTNAME, selector),
                reason,
            )
            .or_else(|| {
                spread::apart(
                    editor,
                    object,
                    self.subject,
                    (selector, count <= self.eligible),
                    reason,
                )
            }),
        };
        if (nodes.is_none() || zones.is_none()) && !self.subject.part.part.budget_by_operator {
            found.push(self.cannot_spread(object));
        }
        nodes.unwrap_or(true) && zones.unwrap_or(true)
    }

    fn add_budget(
        &self,
        objects: &[Object],
        selector: &Value,
        (reason, placed): (&Reason, &mut Placed),
    ) {
        let Some(budget) = budget::budget(self.subject, self.promise, selector, objects) else {
            return;
        };
        if placed.additions.iter().all(|o| o.id() != budget.id()) {
            placed.reasons.insert(budget.id(), reason.clone());
            placed.additions.push(budget);
        }
    }

    fn explicit_origin(&self) -> Option<Origin> {
        let (name, _) = self.subject.spec.filter(|(_, s)| s.replicas.is_some())?;
        Some(self.scope.of_part(name, "replicas"))
    }

    fn origin(&self) -> Origin {
        let first = self.promise.origins.first().cloned();
        self.explicit_origin()
            .or(first)
            .unwrap_or_else(|| self.scope.instance.origin.clone())
    }

    fn too_many(&self, object: &Object, count: u64) -> Diagnostic {
        let place = match self.subject.pool(self.scope) {
            Some(pool) => self.scope.of_site("/pools").at(pool),
            None => self.scope.of_site("/pools"),
        };
        let nodes = replicas::counted(self.eligible, "node");
        rules::TOO_MANY_REPLICAS
            .report(format!(
                "`{}` has {count} replicas that must not share a node, but can run on {nodes}",
                self.subject.label(object)
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

    fn not_single(&self, label: &str, count: u64) -> Diagnostic {
        let promised = self
            .promise
            .origins
            .first()
            .cloned()
            .unwrap_or_else(|| self.scope.instance.origin.clone());
        rules::TOO_MANY_REPLICAS
            .report(format!(
                "`{label}` has {count} replicas, but its availability is `single`"
            ))
            .primary(self.origin(), format!("{count} replicas"))
            .context(promised, "one replica")
            .help("ask for one replica, or for another availability")
    }

    fn unknown_labels(&self, object: &Object) -> Diagnostic {
        rules::PODS_NOT_SPREAD
            .report(format!(
                "the labels of the pods of `{}` are not known, so they cannot be spread",
                self.subject.label(object)
            ))
            .primary(self.origin(), "")
            .help("write `podLabels` for this part under `catalogue:` in the app")
    }

    fn cannot_spread(&self, object: &Object) -> Diagnostic {
        rules::PODS_NOT_SPREAD
            .report(format!(
                "`{}` has no field that keeps its pods on different nodes or zones",
                self.subject.label(object)
            ))
            .primary(self.origin(), "")
            .help("check that its operator does it by itself")
    }

    fn in_the_way(&self, object: &Object) -> Diagnostic {
        rules::FIELD_PATH_LEADS_NOWHERE
            .report(format!(
                "the availability of `{}` cannot be written: something else is in the way",
                self.subject.label(object)
            ))
            .primary(self.origin(), "")
            .help(format!(
                "look at the object in `{}`: the fields above must be maps, the rules lists",
                self.scope.app.directory
            ))
    }
}

/// The least number of pods that an autoscaler of the instance keeps of a workload; its replicas are then not ours to write.
fn scaled_by(object: &Object, objects: &[Object]) -> Option<u64> {
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
