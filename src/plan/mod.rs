//! Resolves a site: nodes with what they have from their pools, instances with their apps, values, namespaces and waves.
//!
//! Comes in: a loaded [`Site`] and the apps. Goes out: a [`SitePlan`] in which later passes look nothing up, or the reasons why there
//! is none: every name that is not known, every contradiction.

mod addresses;
mod claim;
mod claims;
mod context;
mod hosting;
mod images;
mod instances;
mod links;
mod namespaces;
mod nodes;
mod pools;
mod requirements;
mod shape;
mod site_plan;
mod storage;
mod values;
mod waves;

use std::sync::Arc;

use crate::load::{Repository, Site};
use pointer_diagnostics::Diagnostics;
use requirements::SiteFacts;

pub use claim::{Claim, ClaimedValue};
pub use claims::{check_fleet_claims, check_site_claims};
pub use links::describe_link;
pub use site_plan::{
    ImagePlan, Instance, InstanceSource, NamespacePlan, NodePlan, PoolPlan, SitePlan,
};

/// The built-in instance that owns every Namespace.
pub const NAMESPACES: &str = "namespaces";
/// The built-in instance that owns node labels.
pub const NODES: &str = "nodes";
/// Names that an instance cannot have: the folders and instances that siteplan makes itself.
pub const RESERVED_INSTANCES: [&str; 7] = [
    "apps",
    "bootstrap",
    "install",
    "kustomization",
    NAMESPACES,
    NODES,
    "project",
];
/// The site name that the hub topology uses for itself.
pub const RESERVED_SITE: &str = "fleet";

/// Resolves a site. `None` when something in it cannot be resolved; why is in `found`.
pub fn plan(site: Arc<Site>, repository: &Repository, found: &mut Diagnostics) -> Option<SitePlan> {
    let mut own = Diagnostics::new();
    let planned = resolve_site(site, repository, &mut own);
    let is_good = !own.has_errors();
    found.append(own);
    planned.filter(|_| is_good)
}

/// Resolves a site as far as possible. `None` where it is too large to go on, or a file that it needs has errors of its own.
fn resolve_site(
    site: Arc<Site>,
    repository: &Repository,
    found: &mut Diagnostics,
) -> Option<SitePlan> {
    shape::check_names(&site, found);
    nodes::check_total(&site, found).ok()?;
    let pools = pools::resolve_pools(&site, found);
    let nodes = nodes::resolve_nodes(&site, found);
    shape::check_ha(&site, &nodes, found);
    shape::check_teams(&site, found);
    hosting::check_hosted_cluster(&site, repository, found);
    let hosted = repository.hosted_sites(&site.name);
    storage::check_storage(&site, found);
    addresses::check_addresses(&site, found);
    addresses::check_disk_paths(&site, &nodes, found);
    links::check_links(&site, &nodes, found);
    let mut instances = instances::resolve_instances(&site, repository, found);
    requirements::check_requirements(
        &SiteFacts {
            site: &site,
            nodes: &nodes,
            hosted: &hosted,
        },
        &instances,
        found,
    );
    waves::assign_waves(&mut instances, found);
    images::resolve_built_images(&mut instances, &nodes);
    let mut claims = claims::collect_site_claims(&site);
    values::fill_values(&site, &mut instances, &mut claims, found);
    check_site_claims(&claims, found);
    let namespaces = namespaces::collect_namespaces(&site, &instances);
    nodes::check_managed_labels(&site, &instances, &nodes, found);
    let mut plan = SitePlan {
        name: site.name.clone(),
        fleet: Arc::clone(&repository.fleet),
        pools,
        nodes,
        storage: site.spec.storage.clone(),
        namespaces,
        instances,
        hosted,
        image_facts: Arc::clone(&repository.images),
        operator_facts: Arc::clone(&repository.operators),
        claims,
        site,
    };
    instances::add_built_in(&mut plan);
    context::fill_contexts(&mut plan);
    (!instances::uses_broken_app(&plan.site, repository)).then_some(plan)
}
