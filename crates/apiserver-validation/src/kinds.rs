//! The table of kinds and their checks.

use crate::KubernetesVersion;
use crate::field::Field;
use crate::list_keys::check_unique_key;
use crate::metadata::MetadataRules;
use crate::report::Report;
use crate::text::TextForm;
use crate::{
    admission, autoscaling, cluster, data, definitions, disruption, jobs, networking, pods, pvc,
    quotas, rbac, scheduling, service, storage, workloads,
};

/// The checks of a kind.
#[derive(Clone, Copy)]
pub(crate) struct KindRules {
    pub(crate) group: &'static str,
    pub(crate) kind: &'static str,
    /// The form of the object's name.
    pub(crate) name: TextForm,
    pub(crate) metadata: MetadataRules,
    /// The checks beside those of the metadata.
    pub(crate) check: fn(&Field, &mut Report),
}

/// Describes a kind whose metadata the core group's function checks.
const fn core(
    group: &'static str,
    kind: &'static str,
    name: TextForm,
    check: fn(&Field, &mut Report),
) -> KindRules {
    KindRules {
        group,
        kind,
        name,
        metadata: MetadataRules::Core,
        check,
    }
}

/// Describes a kind whose metadata apimachinery's function checks.
const fn generic(
    group: &'static str,
    kind: &'static str,
    name: TextForm,
    check: fn(&Field, &mut Report),
) -> KindRules {
    KindRules {
        group,
        kind,
        name,
        metadata: MetadataRules::Generic,
        check,
    }
}

fn check_service_account(object: &Field, report: &mut Report) {
    check_unique_key(&object.get("secrets"), "name", report);
}

fn check_nothing_more(_object: &Field, _report: &mut Report) {}

fn check_pod_template(object: &Field, report: &mut Report) {
    pods::check_pod_template_spec(&object.get("template"), report);
}

/// The built-in kinds, sorted by group and kind.
pub(crate) const KINDS: &[KindRules] = &[
    core(
        "",
        "ConfigMap",
        TextForm::DnsSubdomain,
        data::check_config_map,
    ),
    core(
        "",
        "Endpoints",
        TextForm::DnsSubdomain,
        cluster::check_endpoints,
    ),
    core(
        "",
        "LimitRange",
        TextForm::DnsSubdomain,
        quotas::check_limit_range,
    ),
    core(
        "",
        "Namespace",
        TextForm::DnsLabel,
        cluster::check_namespace,
    ),
    core("", "Node", TextForm::DnsSubdomain, cluster::check_node),
    core(
        "",
        "PersistentVolume",
        TextForm::DnsSubdomain,
        pvc::check_volume,
    ),
    core(
        "",
        "PersistentVolumeClaim",
        TextForm::DnsSubdomain,
        pvc::check_claim,
    ),
    core("", "Pod", TextForm::DnsSubdomain, pods::check_pod),
    core(
        "",
        "PodTemplate",
        TextForm::DnsSubdomain,
        check_pod_template,
    ),
    core(
        "",
        "ReplicationController",
        TextForm::DnsSubdomain,
        workloads::check_replication_controller,
    ),
    core(
        "",
        "ResourceQuota",
        TextForm::DnsSubdomain,
        quotas::check_quota,
    ),
    core("", "Secret", TextForm::DnsSubdomain, data::check_secret),
    core(
        "",
        "Service",
        TextForm::Dns1035Label,
        service::check_service,
    ),
    core(
        "",
        "ServiceAccount",
        TextForm::DnsSubdomain,
        check_service_account,
    ),
    generic(
        ADMISSION,
        "MutatingWebhookConfiguration",
        TextForm::DnsSubdomain,
        admission::check_mutating_webhooks,
    ),
    generic(
        ADMISSION,
        "ValidatingAdmissionPolicy",
        TextForm::DnsSubdomain,
        admission::check_policy,
    ),
    generic(
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        TextForm::DnsSubdomain,
        admission::check_policy_binding,
    ),
    generic(
        ADMISSION,
        "ValidatingWebhookConfiguration",
        TextForm::DnsSubdomain,
        admission::check_validating_webhooks,
    ),
    generic(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        TextForm::DnsSubdomain,
        definitions::check_definition,
    ),
    generic(
        "apiregistration.k8s.io",
        "APIService",
        TextForm::PathSegment,
        definitions::check_api_service,
    ),
    core(
        "apps",
        "ControllerRevision",
        TextForm::DnsSubdomain,
        check_nothing_more,
    ),
    core(
        "apps",
        "DaemonSet",
        TextForm::DnsSubdomain,
        workloads::check_daemon_set,
    ),
    core(
        "apps",
        "Deployment",
        TextForm::DnsSubdomain,
        workloads::check_deployment,
    ),
    core(
        "apps",
        "ReplicaSet",
        TextForm::DnsSubdomain,
        workloads::check_replica_set,
    ),
    core(
        "apps",
        "StatefulSet",
        TextForm::DnsLabel,
        workloads::check_stateful_set,
    ),
    core(
        "autoscaling",
        "HorizontalPodAutoscaler",
        TextForm::DnsSubdomain,
        autoscaling::check_autoscaler,
    ),
    core(
        "batch",
        "CronJob",
        TextForm::DnsSubdomain,
        jobs::check_cron_job,
    ),
    core("batch", "Job", TextForm::DnsSubdomain, jobs::check_job),
    generic(
        "coordination.k8s.io",
        "Lease",
        TextForm::DnsSubdomain,
        cluster::check_lease,
    ),
    core(
        "discovery.k8s.io",
        "EndpointSlice",
        TextForm::DnsSubdomain,
        cluster::check_endpoint_slice,
    ),
    core(
        "networking.k8s.io",
        "Ingress",
        TextForm::DnsSubdomain,
        networking::check_ingress,
    ),
    core(
        "networking.k8s.io",
        "IngressClass",
        TextForm::DnsSubdomain,
        networking::check_ingress_class,
    ),
    core(
        "networking.k8s.io",
        "NetworkPolicy",
        TextForm::DnsSubdomain,
        networking::check_network_policy,
    ),
    generic(
        "node.k8s.io",
        "RuntimeClass",
        TextForm::DnsSubdomain,
        scheduling::check_runtime_class,
    ),
    generic(
        "policy",
        "PodDisruptionBudget",
        TextForm::PathSegment,
        disruption::check_disruption_budget,
    ),
    core(
        RBAC,
        "ClusterRole",
        TextForm::PathSegment,
        rbac::check_cluster_role,
    ),
    core(
        RBAC,
        "ClusterRoleBinding",
        TextForm::PathSegment,
        rbac::check_cluster_role_binding,
    ),
    core(RBAC, "Role", TextForm::PathSegment, rbac::check_role),
    core(
        RBAC,
        "RoleBinding",
        TextForm::PathSegment,
        rbac::check_role_binding,
    ),
    core(
        "scheduling.k8s.io",
        "PriorityClass",
        TextForm::DnsSubdomain,
        scheduling::check_priority_class,
    ),
    core(
        STORAGE,
        "CSIDriver",
        TextForm::DnsSubdomain,
        storage::check_csi_driver,
    ),
    core(
        STORAGE,
        "CSIStorageCapacity",
        TextForm::DnsSubdomain,
        storage::check_storage_capacity,
    ),
    core(
        STORAGE,
        "StorageClass",
        TextForm::DnsSubdomain,
        storage::check_storage_class,
    ),
    core(
        STORAGE,
        "VolumeAttributesClass",
        TextForm::DnsSubdomain,
        storage::check_attributes_class,
    ),
];

const ADMISSION: &str = "admissionregistration.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// Groups of Kubernetes itself; all others are of custom resources, or of OpenShift.
const BUILT_IN: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Groups that an aggregated API server of OpenShift serves, with names of its own.
const AGGREGATED: [&str; 9] = [
    "apps.openshift.io",
    "authorization.openshift.io",
    "build.openshift.io",
    "image.openshift.io",
    "oauth.openshift.io",
    "project.openshift.io",
    "route.openshift.io",
    "template.openshift.io",
    "user.openshift.io",
];

/// Returns the checks of a kind. Custom resources have those of the metadata only.
pub(crate) fn rules_of(group: &str, kind: &str, version: KubernetesVersion) -> KindRules {
    if let Ok(place) = KINDS.binary_search_by(|rules| (rules.group, rules.kind).cmp(&(group, kind)))
    {
        let mut rules = KINDS[place];
        // Until Kubernetes 1.26, names of StatefulSets could have dots.
        if kind == "StatefulSet" && version < KubernetesVersion::new(1, 27) {
            rules.name = TextForm::DnsSubdomain;
        }
        return rules;
    }
    let is_built_in = BUILT_IN.contains(&group) || AGGREGATED.contains(&group);
    let name = if is_built_in {
        TextForm::PathSegment
    } else {
        TextForm::DnsSubdomain
    };
    generic("", "", name, check_nothing_more)
}

#[cfg(test)]
mod tests {
    use super::KINDS;

    #[test]
    fn kinds_are_sorted_for_the_search() {
        assert!(KINDS.is_sorted_by_key(|rules| (rules.group, rules.kind)));
    }
}
