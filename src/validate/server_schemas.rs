//! The kinds that the API server of a site knows.

use apiserver_schema::{Definition, Distribution, KubernetesVersion, SchemaSet};

use crate::model::Platform;
use crate::plan::SitePlan;

/// Returns the schemas of the built-in kinds of a site's API server, and of the custom resources that are defined.
pub(super) fn compile_schemas(plan: &SitePlan, definitions: &[&Definition]) -> SchemaSet {
    let distribution = match plan.site.spec.cluster.platform {
        Platform::Openshift => Distribution::OpenShift,
        Platform::Kubernetes => Distribution::Kubernetes,
    };
    let mut schemas = SchemaSet::for_distribution(find_cluster_version(plan), distribution);
    for definition in definitions {
        schemas.insert((*definition).clone());
    }
    schemas
}

/// Returns the version of the API server; the newest that is known where the site does not say it, or says another one.
pub(super) fn find_cluster_version(plan: &SitePlan) -> KubernetesVersion {
    let cluster = &plan.site.spec.cluster;
    let written = cluster.version.as_deref().unwrap_or_default();
    let version = match cluster.platform {
        Platform::Openshift => KubernetesVersion::of_openshift(written),
        Platform::Kubernetes => written.parse(),
    };
    version.unwrap_or(KubernetesVersion::NEWEST)
}
