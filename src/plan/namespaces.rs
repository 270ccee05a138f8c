//! Collects the namespaces that a site needs.

use std::collections::BTreeMap;

use crate::kinds::is_platform_namespace;
use crate::load::Site;

use super::{Instance, NamespacePlan};

/// Returns the namespaces of the site file and of all instances. Where several apps share one, the most permissive level wins, unless the
/// site says which.
pub(super) fn collect_namespaces(
    site: &Site,
    instances: &[Instance],
) -> BTreeMap<String, NamespacePlan> {
    let mut namespaces: BTreeMap<String, NamespacePlan> = BTreeMap::new();
    for instance in instances {
        let (Some(name), Some(app)) = (&instance.namespace, instance.app()) else {
            continue;
        };
        if is_platform_namespace(site.spec.cluster.platform, name) {
            continue;
        }
        let plan = namespaces.entry(name.clone()).or_default();
        plan.instances.push(instance.name.clone());
        plan.pod_security = match (plan.pod_security, app.spec.pod_security) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        plan.spec.labels.extend(app.spec.namespace_labels.clone());
    }
    for (name, spec) in &site.spec.namespaces {
        let plan = namespaces.entry(name.clone()).or_default();
        plan.pod_security = spec.pod_security.or(plan.pod_security);
        plan.spec.labels.extend(spec.labels.clone());
        plan.spec.annotations.extend(spec.annotations.clone());
    }
    namespaces
}
