//! A node with all labels that it will have.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::plan::{NodePlan, SitePlan};

/// A node, and its labels with those that apps ask for.
#[derive(Debug, Clone)]
pub(super) struct CandidateNode<'a> {
    pub(super) node: &'a NodePlan,
    pub(super) labels: Cow<'a, BTreeMap<String, String>>,
}

/// Returns the nodes of a site. Where siteplan manages labels, those that apps need on their nodes are among them.
pub(super) fn candidates(site: &SitePlan) -> Vec<CandidateNode<'_>> {
    site.nodes
        .iter()
        .map(|node| CandidateNode {
            node,
            labels: labels(site, node),
        })
        .collect()
}

fn labels<'a>(site: &'a SitePlan, node: &'a NodePlan) -> Cow<'a, BTreeMap<String, String>> {
    let mut labels = Cow::Borrowed(&node.labels);
    if !site.pools.get(&node.pool).is_some_and(|p| p.manage_labels) {
        return labels;
    }
    let here = site
        .instances
        .iter()
        .filter(|i| i.pool.as_ref().is_none_or(|p| *p == node.pool));
    for (key, value) in here
        .filter_map(|i| i.app())
        .flat_map(|app| &app.spec.nodes.labels)
    {
        if !labels.contains_key(key) {
            labels.to_mut().insert(key.clone(), value.clone());
        }
    }
    labels
}

impl PartialEq for CandidateNode<'_> {
    /// Nodes have one name each in a site.
    fn eq(&self, other: &Self) -> bool {
        self.node.name == other.node.name
    }
}
