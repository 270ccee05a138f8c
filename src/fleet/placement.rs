//! The proof of a site's placement, also with other nodes than it has.

use std::collections::BTreeSet;

use super::{FleetCompiler, each_site};
use crate::compile::RenderedObjects;
use crate::fit::{Overview, WhatIfError, add_node, without_nodes};
use crate::plan::SitePlan;
use pointer_diagnostics::Diagnostics;

/// Nodes that a site has too many or too few in a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeScenario {
    /// The nodes that are lost, all at once.
    pub lost: Vec<String>,
    /// The nodes that are added, each described as `arch=arm64,cpu=16,memory=64Gi`.
    pub added: Vec<String>,
}

impl NodeScenario {
    /// Tells whether the nodes are those of the site file.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.added.is_empty()
    }

    fn apply(&self, plan: &SitePlan) -> Result<SitePlan, WhatIfError> {
        let mut plan = if self.lost.is_empty() {
            plan.clone()
        } else {
            without_nodes(plan, &self.lost)?
        };
        for node in &self.added {
            plan = add_node(&plan, node)?;
        }
        Ok(plan)
    }
}

/// Proves the placement of sites, also where something else is wrong with what they compile to. In a scenario, the manifests stay as they
/// are, and only what the proof finds with its nodes is in `found`.
///
/// # Errors
///
/// When a scenario loses a node that a site does not have, or the description of a node cannot be read.
pub fn prove_placement(
    fleet: &FleetCompiler<'_>,
    names: &[String],
    scenario: &NodeScenario,
    found: &mut Diagnostics,
) -> Result<Vec<Overview>, WhatIfError> {
    let prove_one = |name: &String, problems: &mut Diagnostics| {
        let mut own = Diagnostics::new();
        let Some(site) = fleet.sites.attempt(name, &mut own) else {
            problems.append(own);
            return None;
        };
        if scenario.is_empty() {
            problems.append(own);
            return Some(Ok(Overview::of(name, &site.fit)));
        }
        let objects = RenderedObjects {
            rendered: &site.rendered,
            refused: &BTreeSet::new(),
        };
        let plan = match scenario.apply(&site.plan) {
            Ok(plan) => plan,
            Err(why) => return Some(Err(why)),
        };
        let fit = fleet.sites.prove_fit(&plan, objects, problems);
        Some(Ok(Overview::of(name, &fit)))
    };
    each_site(fleet.repository, names, prove_one, found)
        .into_iter()
        .collect()
}
