//! Pods and templates of pods (`pkg/apis/core/validation/validation.go` `ValidatePodSpec`).

mod containers;
mod env;
mod handlers;
mod mounts;
pub(crate) mod network;
pub(crate) mod ports;
mod projected;
pub(crate) mod resources;
pub(crate) mod scheduling;
mod security;
pub(crate) mod volume_sources;
mod volumes;
mod windows;

use crate::field::Field;
use crate::list_keys::check_unique_key;
use crate::metadata::{check_annotations, check_labels};
use crate::report::Report;
use crate::rules;
use crate::text::TextForm;
use volumes::VolumeIndex;

/// The owner of a pod's spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodSubject {
    /// A `Pod` itself, where a few rules are stricter.
    Pod,
    /// A template of pods.
    Template,
}

/// Facts about a whole pod that the checks of its parts need.
pub(crate) struct PodFacts<'v, 'p> {
    pub(crate) spec: Field<'v, 'p>,
    pub(crate) subject: PodSubject,
    /// The volumes by name, those that a StatefulSet claims included.
    pub(crate) volumes: VolumeIndex<'v>,
    /// `terminationGracePeriodSeconds` after defaulting.
    pub(crate) grace_seconds: i64,
    /// `restartPolicy` after defaulting.
    pub(crate) restart_policy: &'v str,
}

impl<'v, 'p> PodFacts<'v, 'p> {
    fn new(subject: PodSubject, spec: Field<'v, 'p>, claims: Option<&Field<'v, '_>>) -> Self {
        PodFacts {
            subject,
            volumes: VolumeIndex::new(&spec, claims),
            grace_seconds: spec
                .get("terminationGracePeriodSeconds")
                .int()
                .unwrap_or(30),
            restart_policy: spec.get("restartPolicy").text_or("Always"),
            spec,
        }
    }

    /// Tells that the pod shares the network of its node.
    pub(crate) fn has_host_network(&self) -> bool {
        self.spec.get("hostNetwork").is_true()
    }

    /// Tells that the pod has no user namespace of its own.
    pub(crate) fn has_host_users(&self) -> bool {
        !self.spec.get("hostUsers").is_false()
    }
}

/// The lists of containers of a pod.
pub(crate) const CONTAINER_LISTS: [&str; 3] =
    ["initContainers", "containers", "ephemeralContainers"];

/// Checks a template of pods (`ValidatePodTemplateSpec`).
pub(crate) fn check_pod_template_spec(template: &Field, report: &mut Report) {
    check_template_with_claims(template, None, report);
}

/// Checks the template of a StatefulSet, whose claim templates are volumes too
/// (`pkg/apis/apps/validation/validation.go` `ValidatePodTemplateSpecForStatefulSet`).
pub(crate) fn check_template_with_claims(
    template: &Field,
    claims: Option<&Field>,
    report: &mut Report,
) {
    let metadata = template.get_as("metadata", "");
    let labels = metadata.get("labels");
    check_labels(&labels, report);
    let annotations = metadata.get("annotations");
    check_annotations(&annotations, report);
    let spec = template.get("spec");
    security::check_pod_annotations(&annotations, &spec, report);
    let facts = PodFacts::new(PodSubject::Template, spec, claims);
    check_pod_facts(&facts, report);
    let ephemeral = spec.get("ephemeralContainers");
    if ephemeral.count() > 0 {
        let message = "ephemeral containers in a template: they are added to running pods only";
        report.forbidden(&ephemeral, &rules::EPHEMERAL_CONTAINER, message);
    }
}

/// Checks a pod without its metadata's own syntax (`ValidatePodCreate`).
pub(crate) fn check_pod(pod: &Field, report: &mut Report) {
    let (metadata, spec) = (pod.get("metadata"), pod.get("spec"));
    let annotations = metadata.get("annotations");
    security::check_pod_annotations(&annotations, &spec, report);
    let facts = PodFacts::new(PodSubject::Pod, spec, None);
    check_pod_facts(&facts, report);
    let ephemeral = spec.get("ephemeralContainers");
    if ephemeral.count() > 0 {
        let message = "ephemeral containers in a new pod: they are added to running pods only";
        report.forbidden(&ephemeral, &rules::EPHEMERAL_CONTAINER, message);
    }
    let node = spec.get("nodeName");
    if !node.is_blank() && spec.get("schedulingGates").count() > 0 {
        let message = "`nodeName` beside `schedulingGates`, which keep the pod from being placed";
        report.forbidden(&node, &rules::CONFLICTING_FIELDS, message);
    }
}

/// Checks the spec of a pod without metadata around it.
pub(crate) fn check_bare_spec(spec: Field, report: &mut Report) {
    check_pod_facts(&PodFacts::new(PodSubject::Template, spec, None), report);
}

/// Checks all parts of a pod's spec (`ValidatePodSpec`).
fn check_pod_facts(facts: &PodFacts, report: &mut Report) {
    let spec = &facts.spec;
    volumes::check_volumes(facts, report);
    resources::check_pod_claims(&spec.get("resourceClaims"), report);
    containers::check_all_containers(facts, report);
    resources::check_pod_resources(spec, report);
    network::check_host_network_ports(facts, report);
    report.one_of(
        &spec.get("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    network::check_dns(spec, report);
    check_labels(&spec.get("nodeSelector"), report);
    security::check_pod_security_context(facts, report);
    scheduling::check_affinity(&spec.get("affinity"), report);
    scheduling::check_spread(&spec.get("topologySpreadConstraints"), report);
    scheduling::check_gates(spec, report);
    scheduling::check_tolerations(&spec.get("tolerations"), report);
    network::check_host_names(spec, report);
    check_scalars(spec, report);
    check_unique_key(&spec.get("imagePullSecrets"), "name", report);
    check_unique_key(&spec.get("hostAliases"), "ip", report);
    resources::check_overhead(&spec.get("overhead"), report);
    security::check_host_users(facts, report);
    windows::check_os(spec, report);
    env::check_file_volumes(facts, report);
}

/// Checks the single values of a pod's spec.
fn check_scalars(spec: &Field, report: &mut Report) {
    for name in ["serviceAccountName", "nodeName", "priorityClassName"] {
        report.form_if_set(&spec.get(name), &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
    report.form(
        &spec.get("runtimeClassName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    for name in ["hostname", "subdomain"] {
        report.form_if_set(&spec.get(name), &rules::NAME_SYNTAX, TextForm::DnsLabel);
    }
    report.in_range(&spec.get("activeDeadlineSeconds"), 1, i64::from(i32::MAX));
    report.exactly_one_of(
        &spec.get("preemptionPolicy"),
        &["PreemptLowerPriority", "Never"],
    );
}
