//! Resolves a site: nodes with what they have from their pools, instances with their apps, values, namespaces and waves.
//!
//! Comes in: a loaded [`Site`] and the apps. Goes out: a [`SitePlan`] in which later passes look nothing up, or the reasons why there
//! is none: every name that is not known, every contradiction.

mod context;
mod images;
mod instances;
mod namespaces;
mod nodes;
mod pools;
mod shape;
mod site_plan;
mod storage;
mod values;
mod waves;

use std::sync::Arc;

use crate::load::{Repository, Site};
use crate::rules;
use pointer_diagnostics::Diagnostics;

pub use site_plan::{
    ImagePlan, Instance, InstanceSource, NamespacePlan, NodePlan, PoolPlan, SitePlan,
};

/// The built-in instance that owns every Namespace.
pub const NAMESPACES: &str = "namespaces";
/// The built-in instance that owns node labels.
pub const NODES: &str = "nodes";
/// Names that an instance cannot have: the folders and instances that siteplan makes itself.
pub const RESERVED_INSTANCES: [&str; 6] = [
    "apps",
    "bootstrap",
    "kustomization",
    NAMESPACES,
    NODES,
    "project",
];
/// The site name that the hub topology uses for itself.
pub const RESERVED_SITE: &str = "fleet";

/// Resolves a site. `None` when something in it cannot be resolved.
pub fn plan(site: Arc<Site>, repository: &Repository) -> (Option<SitePlan>, Diagnostics) {
    let mut found = Diagnostics::new();
    shape::check_names(&site, &mut found);
    nodes::check_total(&site, &mut found);
    if found.iter().any(|d| d.code == rules::SITE_TOO_LARGE.code) {
        return (None, found);
    }
    let pools = pools::pools(&site, &mut found);
    let nodes = nodes::nodes(&site, &mut found);
    shape::check_ha(&site, &nodes, &mut found);
    storage::check(&site, &mut found);
    let mut instances = instances::instances(&site, repository, &mut found);
    waves::order(&mut instances, &mut found);
    images::built_on_site(&mut instances, &nodes);
    values::fill(&site, &mut instances, &mut found);
    let namespaces = namespaces::namespaces(&site, &instances);
    nodes::check_managed_labels(&site, &instances, &nodes, &mut found);
    let mut plan = SitePlan {
        name: site.name.clone(),
        fleet: Arc::clone(&repository.fleet),
        pools,
        nodes,
        storage: site.spec.storage.clone(),
        namespaces,
        instances,
        site,
    };
    instances::add_built_in(&mut plan);
    context::fill(&mut plan);
    let complete = !found.has_errors() && !instances::any_broken(&plan.site, repository);
    (Some(plan).filter(|_| complete), found)
}
