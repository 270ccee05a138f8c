//! Pod Security (`k8s.io/pod-security-admission/policy`): what the levels `baseline` and `restricted` refuse in pods.

mod baseline;
mod restricted;

use crate::field::Field;
use crate::pods::CONTAINER_LISTS;
use crate::report::Report;
use crate::violation::Violation;
use crate::{Context, KubernetesVersion};
use serde_json::Value;

/// A level of Pod Security, as in the label `pod-security.kubernetes.io/enforce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodSecurityLevel {
    /// Refuses nothing.
    Privileged,
    /// Refuses what is known to escalate privileges.
    Baseline,
    /// Requires what hardens pods, too.
    Restricted,
}

impl PodSecurityLevel {
    /// Reads the value of a label.
    pub fn from_label(text: &str) -> Option<Self> {
        match text {
            "privileged" => Some(PodSecurityLevel::Privileged),
            "baseline" => Some(PodSecurityLevel::Baseline),
            "restricted" => Some(PodSecurityLevel::Restricted),
            _ => None,
        }
    }
}

/// The platform of a cluster, which may mutate pods before Pod Security validates them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodSecurityPlatform {
    /// Plain Kubernetes: nothing.
    Kubernetes,
    /// OpenShift admits pods under the security context constraint `restricted-v2`, which fills in what the level
    /// `restricted` requires and the pod leaves out: `runAsNonRoot`, `allowPrivilegeEscalation: false`, dropped capabilities
    /// and the seccomp profile `RuntimeDefault`. What a pod sets itself stays.
    OpenShift,
}

/// The policy that a namespace enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodSecurityPolicy {
    /// The level.
    pub level: PodSecurityLevel,
    /// The version of the level's rules, as in the label `pod-security.kubernetes.io/enforce-version`.
    pub version: KubernetesVersion,
    /// The platform, by which defaults may be filled in first.
    pub platform: PodSecurityPlatform,
}

impl PodSecurityPolicy {
    fn since(self, minor: u16) -> bool {
        self.version >= KubernetesVersion::new(1, minor)
    }

    fn fills_in(self) -> bool {
        self.platform == PodSecurityPlatform::OpenShift
    }
}

/// Checks the pods of a built-in kind against the policy of their namespace. Returns nothing for other kinds.
pub fn check_pod_security(object: &Value, policy: PodSecurityPolicy) -> Vec<Violation> {
    let kind = object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let version = object
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let pointer = match (version.split_once('/').map_or("", |(group, _)| group), kind) {
        ("", "Pod") => "",
        ("", "PodTemplate") => "/template",
        ("", "ReplicationController") | ("apps", _) | ("batch", "Job") => "/spec/template",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template",
        _ => return Vec::new(),
    };
    check_template_security(object, pointer, policy)
}

/// Checks a pod or a template of pods at a JSON pointer of a document. A map with `containers` counts as a spec without metadata.
pub fn check_template_security(
    document: &Value,
    pointer: &str,
    policy: PodSecurityPolicy,
) -> Vec<Violation> {
    let mut report = Report::new(Context {
        version: policy.version,
    });
    let Some(template @ Value::Object(members)) = document.pointer(pointer) else {
        return report.finish();
    };
    if policy.level == PodSecurityLevel::Privileged {
        return report.finish();
    }
    let path = crate::path_of_pointer(document, pointer);
    let root = Field::root(template, pointer, &path);
    let (metadata, spec) = if members.contains_key("containers") {
        (root.get("metadata"), root)
    } else {
        (root.get("metadata"), root.get("spec"))
    };
    let pod = SecuredPod { metadata, spec };
    baseline::check_baseline(&pod, policy, &mut report);
    if policy.level == PodSecurityLevel::Restricted {
        restricted::check_restricted(&pod, policy, &mut report);
    }
    report.finish()
}

/// The parts of a pod that Pod Security looks at.
struct SecuredPod<'v, 'p> {
    metadata: Field<'v, 'p>,
    spec: Field<'v, 'p>,
}

impl<'v> SecuredPod<'v, '_> {
    /// Calls a check with every container, also those that are started first or added later.
    fn each_container(&self, mut check: impl FnMut(&Field<'v, '_>)) {
        for name in CONTAINER_LISTS {
            for container in self.spec.get(name).items() {
                check(&container);
            }
        }
    }

    /// Calls a check with the security context of the pod and of every container.
    fn each_context(&self, mut check: impl FnMut(&Field<'v, '_>)) {
        check(&self.spec.get("securityContext"));
        self.each_container(|container| check(&container.get("securityContext")));
    }

    /// Tells that root in the pod is nobody on the node, which version 1.35 trusts in.
    fn has_own_users(&self, policy: PodSecurityPolicy) -> bool {
        self.spec.get("hostUsers").is_false() && policy.since(35)
    }

    fn is_windows(&self) -> bool {
        self.spec.get("os").get("name").text() == "windows"
    }
}
