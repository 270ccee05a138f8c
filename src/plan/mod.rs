//! Resolves a site: nodes with what they have from their pools, instances with their apps, values, namespaces and waves.

mod site_plan;

pub use site_plan::{
    ImagePlan, Instance, InstanceSource, LabelRequirement, NamespacePlan, NodePlan, PoolPlan, SitePlan,
};
