//! Proves that a site fits: every pod has a node, and what the site promises to survive is survived.
//!
//! Comes in: the plan and the final manifests. Goes out: a [`SiteFit`], the pods with the proof, and diagnostics that point at the lines
//! that cause what does not fit. [`Overview`] is the same for tables and programs.

mod away;
mod cause;
mod disruption;
mod loss;
mod overview;
mod placement;
#[cfg(test)]
mod tests;
mod what_if;

use std::collections::BTreeSet;

use crate::manifest::ObjectId;
use crate::plan::SitePlan;
use crate::pods::{PodsInput, SitePods, pods};
use podfit::prove::{Proof, ProofOutcome, prove};
use pointer_diagnostics::Diagnostics;

pub use overview::{LossCell, LossColumn, MOST, Overview, WorkloadRow};
pub use what_if::{WhatIfError, add_node, without_nodes};

/// A site's pods, and what was proved about them.
#[derive(Debug, Clone)]
pub struct SiteFit {
    /// The pods, with where they come from.
    pub pods: SitePods,
    /// The proof.
    pub proof: Proof,
}

impl SiteFit {
    /// Returns whether everything is proved: every pod has a node, and no loss, drain or update has a problem.
    pub fn holds(&self) -> bool {
        let survived = self
            .proof
            .losses
            .iter()
            .all(|l| l.fates.values().all(|f| !f.fails()));
        matches!(self.proof.outcome, ProofOutcome::Proved(_))
            && survived
            && !self.proof.too_many_losses
            && self.proof.drains.is_empty()
            && self.proof.rollouts.is_empty()
    }
}

/// Finds the pods of a site and proves that they fit.
pub fn fit(input: &PodsInput<'_>, found: &mut Diagnostics) -> SiteFit {
    let pods = pods(input, found);
    let proof = prove(&pods.problem);
    let fit = SiteFit { pods, proof };
    diagnose(input, &fit, found);
    fit
}

/// Reports the pods that do not fit.
pub fn diagnose(input: &PodsInput<'_>, fit: &SiteFit, found: &mut Diagnostics) {
    let scope = FitScope {
        plan: input.plan,
        fit,
        refused: input.refused,
    };
    placement::report_placement(&scope, found);
    loss::report_losses(&scope, found);
    away::report_away(&scope, found);
    disruption::report_disruption(&scope, found);
}

/// The plan and the proof that diagnostics are about.
#[derive(Clone, Copy)]
struct FitScope<'a> {
    plan: &'a SitePlan,
    fit: &'a SiteFit,
    /// Objects that the API server refuses.
    refused: &'a BTreeSet<ObjectId>,
}

impl<'a> FitScope<'a> {
    /// Tells whether the API server refuses the object of a workload: its pods may be other ones when it is corrected.
    fn is_refused(&self, workload: usize) -> bool {
        let source = self.fit.pods.sources.get(workload);
        source.is_some_and(|source| self.refused.contains(&source.object))
    }

    /// Returns how a workload is called.
    fn name(&self, workload: usize) -> &'a str {
        self.fit
            .pods
            .problem
            .workloads
            .get(workload)
            .map_or("", |w| &w.spec.owner)
    }

    /// Returns how a node is called.
    fn node(&self, node: usize) -> &'a str {
        self.fit
            .pods
            .problem
            .nodes
            .get(node)
            .map_or("", |n| &n.name)
    }
}
