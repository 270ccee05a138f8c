//! The proof as tables: workloads with their nodes, and workloads against losses.

use std::collections::BTreeMap;

use serde::Serialize;

use super::SiteFit;
use podfit::prove::{LossReport, ProofOutcome, WorkloadFate, count_margins, find_eligible_nodes};

/// The proof of a site, for tables and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The site.
    pub site: String,
    /// `proved`, `impossible` or `not-proved`: whether every pod has a node.
    pub outcome: &'static str,
    /// True if all losses that the site promises to survive are survived, drains can happen and updates proceed.
    pub holds: bool,
    /// The nodes.
    pub nodes: Vec<String>,
    /// The workloads.
    pub workloads: Vec<WorkloadRow>,
    /// The effect of each loss.
    pub losses: Vec<LossColumn>,
    /// The effect of nodes that are away at present; `None` where all are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away: Option<LossColumn>,
    /// The assumptions of the proof.
    pub assumptions: Vec<String>,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRow {
    /// Its name: the instance, and the part where that is another word.
    pub name: String,
    /// The instance.
    pub instance: String,
    /// The object.
    pub object: String,
    /// The part of the object.
    pub part: String,
    /// The number of pods.
    pub pods: u32,
    /// True if each node that it is meant for has one.
    pub per_node: bool,
    /// The nodes on which it may run as far as they themselves are concerned, by position.
    pub may_run: Vec<usize>,
    /// The nodes of its pods in the witness, with their numbers; empty where there is no witness.
    pub placed: BTreeMap<usize, u32>,
    /// The loss that is worst for it, by position; `None` where no loss takes one of its pods.
    pub worst: Option<usize>,
    /// Number of further pods that would fit after that loss, or now where there is none; at most [`MOST`].
    pub margin: Option<u32>,
    /// Reason why it need not survive.
    pub expendable: Option<String>,
}

/// A loss and what it does, workload by workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LossColumn {
    /// The lost nodes or zones, by name.
    pub lost: Vec<String>,
    /// True if zones are lost.
    pub zones: bool,
    /// By workload, in the order of the rows.
    pub cells: Vec<LossCell>,
}

/// The effect of a loss on a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "fate", content = "pods")]
pub enum LossCell {
    /// It has no pod there.
    Untouched,
    /// Each node has one; those of the lost nodes are not needed.
    Gone,
    /// Lost pods start elsewhere.
    Moved(u32),
    /// It works with so many fewer.
    Degraded(u32),
    /// So many are missed, and may be.
    Expendable(u32),
    /// It does not survive.
    Fails(u32),
}

/// Margins are counted up to this number.
pub const MOST: u32 = 999;

impl Overview {
    /// Returns the tables of a proof.
    pub fn of(site: &str, fit: &SiteFit) -> Self {
        let problem = &fit.pods.problem;
        let losses: Vec<LossColumn> = list_losses(fit);
        let may_run = find_eligible_nodes(problem);
        let mut rows: Vec<WorkloadRow> = may_run
            .into_iter()
            .enumerate()
            .map(|(w, may_run)| make_row(fit, &losses, w, may_run))
            .collect();
        add_margins(fit, &mut rows);
        Self {
            site: site.to_owned(),
            outcome: match &fit.proof.outcome {
                ProofOutcome::Proved(_) => "proved",
                ProofOutcome::Impossible(_) => "impossible",
                ProofOutcome::NotProved { .. } => "not-proved",
            },
            holds: fit.holds(),
            nodes: problem.nodes.iter().map(|n| n.name.clone()).collect(),
            workloads: rows,
            losses,
            away: fit
                .proof
                .away
                .as_ref()
                .map(|report| make_column(fit, report)),
            assumptions: fit.pods.assumptions.iter().cloned().collect(),
        }
    }
}

fn list_losses(fit: &SiteFit) -> Vec<LossColumn> {
    let losses = fit.proof.losses.iter();
    losses.map(|report| make_column(fit, report)).collect()
}

fn make_column(fit: &SiteFit, report: &LossReport) -> LossColumn {
    let problem = &fit.pods.problem;
    let name = |n: &usize| problem.nodes.get(*n).map(|node| node.name.clone());
    let zones = !report.loss.zones.is_empty();
    let lost = match zones {
        true => report.loss.zones.clone(),
        false => report.loss.nodes.iter().filter_map(name).collect(),
    };
    let cell = |w| report.fates.get(&w).map_or(LossCell::Untouched, to_cell);
    LossColumn {
        lost,
        zones,
        cells: (0..problem.workloads.len()).map(cell).collect(),
    }
}

fn to_cell(fate: &WorkloadFate) -> LossCell {
    match fate {
        WorkloadFate::Moved { pods } => LossCell::Moved(*pods),
        WorkloadFate::Degraded { missing } => LossCell::Degraded(*missing),
        WorkloadFate::Expendable { missing } => LossCell::Expendable(*missing),
        WorkloadFate::Gone => LossCell::Gone,
        WorkloadFate::Fails { missing, .. } => LossCell::Fails(*missing),
    }
}

fn make_row(fit: &SiteFit, losses: &[LossColumn], w: usize, may_run: Vec<usize>) -> WorkloadRow {
    let (problem, source) = (&fit.pods.problem, &fit.pods.sources[w]);
    let workload = &problem.workloads[w];
    let mut placed: BTreeMap<usize, u32> = BTreeMap::new();
    if let ProofOutcome::Proved(order) = &fit.proof.outcome {
        for placement in order.iter().filter(|p| p.workload == w) {
            *placed.entry(placement.node).or_default() += 1;
        }
    }
    let per_node = if placed.is_empty() {
        u32::try_from(may_run.len()).unwrap_or(u32::MAX)
    } else {
        placed.values().sum()
    };
    let touched = (0..losses.len())
        .filter(|l| !matches!(losses[*l].cells[w], LossCell::Untouched | LossCell::Gone));
    let worst = touched.max_by_key(|l| (losses[*l].cells[w], std::cmp::Reverse(*l)));
    WorkloadRow {
        name: workload.spec.owner.clone(),
        instance: source.instance.clone(),
        object: source.object.to_string(),
        part: source.part.clone(),
        pods: if workload.per_node {
            per_node
        } else {
            workload.pods
        },
        per_node: workload.per_node,
        may_run,
        placed,
        worst,
        margin: None,
        expendable: workload.expendable.clone(),
    }
}

/// Returns how many more pods of each workload would fit after its worst loss.
fn add_margins(fit: &SiteFit, rows: &mut [WorkloadRow]) {
    let ProofOutcome::Proved(order) = &fit.proof.outcome else {
        return;
    };
    let counted: Vec<usize> = (0..rows.len()).filter(|w| !rows[*w].per_node).collect();
    let cases: Vec<(usize, Option<&LossReport>)> = counted
        .iter()
        .map(|w| (*w, rows[*w].worst.map(|l| &fit.proof.losses[l])))
        .collect();
    let margins = count_margins(&fit.pods.problem, order, &cases, MOST);
    for (w, margin) in counted.into_iter().zip(margins) {
        rows[w].margin = Some(margin);
    }
}
