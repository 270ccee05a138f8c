//! Destinations of Applications: a cluster, and a namespace in it.

use kubernetes_vocabulary::ResourceScope;

use crate::argocd::IN_CLUSTER_SERVER;
use crate::kinds::Kinds;
use crate::manifest::Object;
use crate::model::Topology;
use crate::plan::Instance;

use super::{BundleContext, DEFAULT_NAMESPACE};

/// Returns the key and the value that name the site's cluster in a destination.
pub(super) fn destination_cluster<'a>(context: &BundleContext<'a>) -> (&'static str, &'a str) {
    match context.fleet().argocd.topology {
        Topology::PerSite => ("server", IN_CLUSTER_SERVER),
        Topology::Hub => ("name", &context.site().name),
    }
}

/// Returns the namespace that an Application names.
pub(super) fn destination_namespace<'a>(
    context: &BundleContext<'a>,
    instance: &'a Instance,
) -> &'a str {
    instance_namespace(instance, context.objects(instance), context.kinds)
}

/// Returns the instance's namespace, else the first of its objects, else one that is never used.
pub(crate) fn instance_namespace<'a>(
    instance: &'a Instance,
    objects: &'a [Object],
    kinds: &Kinds,
) -> &'a str {
    let namespaced = objects
        .iter()
        .filter(|o| kinds.scope_of(o) == ResourceScope::Namespaced);
    instance
        .namespace
        .as_deref()
        .or_else(|| namespaced.filter_map(|o| o.namespace()).min())
        .unwrap_or(DEFAULT_NAMESPACE)
}
