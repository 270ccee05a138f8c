//! Keeps the pods of a part apart, so that a loss takes as few of them as promised.
//!
//! *Quorum* parts get required anti-affinity over nodes: one loss takes one of them, and a pod that finds no free node waits, which
//! its majority bears.
//!
//! *Replicated* parts get a topology spread over nodes with `maxSkew: 1` that is `DoNotSchedule`. Required anti-affinity would be
//! wrong for them: with more replicas than nodes some could never start, and after a loss a replacement might have no node of its own.
//! `ScheduleAnyway` would be wrong too: the scheduler may then put all of them on one node. Spread alone has a trap: a lost node stays a
//! domain with no pods, so the skew forbids a second pod on the others. `nodeTaintsPolicy: Honor` takes a node that is unreachable or
//! drained out of the count. During a rolling update old pods count as well and may leave the new ones together when they go, so
//! Deployments spread each revision by itself (`matchLabelKeys`).

use kubernetes_vocabulary::fields::REQUIRED_DURING_SCHEDULING;
use kubernetes_vocabulary::labels::{HOSTNAME, POD_TEMPLATE_HASH, ZONE};
use serde_json::{Value, json};

use crate::catalogue::Field;
use crate::manifest::Object;
use crate::model::Availability;

use super::edit::{AffinityStrength, PlacementChange};
use super::replicas::Promise;
use super::requirement::selects_pods;
use super::scope::PlacedPart;

/// The pods of a part that are to be kept apart.
pub(super) struct Separation<'s, 'a> {
    pub(super) part: &'s PlacedPart<'a>,
    pub(super) object: &'s Object,
    pub(super) promise: &'s Promise,
    /// Selects the part's pods.
    pub(super) selector: &'s Value,
    /// Tells whether each pod can have a node of its own.
    pub(super) room: NodeRoom,
}

/// The number of a part's pods beside the nodes that it can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeRoom {
    /// There is a node for each.
    ForEach,
    /// There are fewer nodes than pods.
    Shared,
}

/// The changes that keep pods apart.
#[derive(Debug, Default)]
pub(super) struct SeparationChanges {
    pub(super) changes: Vec<PlacementChange>,
    /// True if the kind lacks a field for one of them.
    pub(super) lacks_field: bool,
}

impl Separation<'_, '_> {
    /// Finds the changes that keep the pods on different nodes and, where zones may be lost, in different zones.
    pub(super) fn find_changes(&self) -> SeparationChanges {
        let mut found = SeparationChanges::default();
        if self.promise.zones > 0 {
            found.take(self.spread_over(ZONE));
        }
        if !shares_no_node(self.part, self.object) {
            found.take(self.keep_apart_on_nodes());
        }
        found
    }

    /// Returns the change that keeps the pods on different nodes; `None` where the kind has no field for one.
    fn keep_apart_on_nodes(&self) -> Option<PlacementChange> {
        if self.promise.availability == Availability::Quorum {
            return self
                .anti_affinity(AffinityStrength::Required)
                .or_else(|| self.spread_over(HOSTNAME));
        }
        let strength = match self.room {
            NodeRoom::ForEach => AffinityStrength::Required,
            NodeRoom::Shared => AffinityStrength::Preferred,
        };
        self.spread_over(HOSTNAME)
            .or_else(|| self.anti_affinity(strength))
    }

    fn spread_over(&self, topology: &str) -> Option<PlacementChange> {
        let list = self.part.at.pointer(self.object, Field::TopologySpread)?;
        let mut constraint = json!({
            "maxSkew": 1,
            "topologyKey": topology,
            "whenUnsatisfiable": "DoNotSchedule",
            "nodeTaintsPolicy": "Honor",
            "labelSelector": self.selector,
        });
        if self.part.at.part.places.contains_key(&Field::Rollout) {
            constraint["matchLabelKeys"] = json!([POD_TEMPLATE_HASH]);
        }
        Some(PlacementChange::Spread { list, constraint })
    }

    fn anti_affinity(&self, strength: AffinityStrength) -> Option<PlacementChange> {
        Some(PlacementChange::KeepApart {
            anti_affinity: self.part.at.pointer(self.object, Field::PodAntiAffinity)?,
            selector: self.selector.clone(),
            strength,
        })
    }
}

impl SeparationChanges {
    fn take(&mut self, change: Option<PlacementChange>) {
        self.lacks_field |= change.is_none();
        self.changes.extend(change);
    }
}

/// Returns whether the base lets no two pods of the part share a node.
pub(super) fn shares_no_node(part: &PlacedPart<'_>, object: &Object) -> bool {
    let Some(affinity) = part.at.pointer(object, Field::PodAntiAffinity) else {
        return false;
    };
    let labels = part.at.pod_labels(object);
    let terms = object
        .get(affinity.at(REQUIRED_DURING_SCHEDULING).as_str())
        .and_then(Value::as_array);
    terms.into_iter().flatten().any(|term| {
        term.get("topologyKey").and_then(Value::as_str) == Some(HOSTNAME)
            && selects_pods(term.get("labelSelector"), &labels)
    })
}
