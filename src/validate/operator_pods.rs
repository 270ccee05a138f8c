//! Checks what custom resources say of pods: templates that an operator completes, and single fields that it copies into its pods.
//!
//! The API server takes the custom resource, and then refuses the pods that the operator makes. The catalogue says where the fields are.
//! What is missing from a template may be added by the operator, and what is named in it may be its own: neither is a mistake.

use apiserver_validation::{
    Cause, Context, PodSecurityLevel, PodSecurityPolicy, Violation, check_pod_template,
    check_template_security,
};
use pointer_diagnostics::Pointer;
use serde_json::{Value, json};

use super::refusal::{FindingClass, ServerRefusal};
use crate::catalogue::{Catalogue, Field, PartAt};
use crate::manifest::Object;

/// Fields of pods that custom resources hold by themselves, with their place in a pod's spec.
const SINGLE_FIELDS: &[(Field, &str)] = &[
    (Field::Affinity, "/affinity"),
    (Field::NodeAffinity, "/affinity/nodeAffinity"),
    (Field::PodAffinity, "/affinity/podAffinity"),
    (Field::PodAntiAffinity, "/affinity/podAntiAffinity"),
    (Field::NodeSelector, "/nodeSelector"),
    (Field::Tolerations, "/tolerations"),
    (Field::TopologySpread, "/topologySpreadConstraints"),
    (Field::Resources, "/containers/0/resources"),
];

/// The rules for the pods of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct PodRules {
    /// The cluster.
    pub(super) context: Context,
    /// The level of Pod Security, where the namespace has one.
    pub(super) security: Option<PodSecurityPolicy>,
}

/// A part of a document that was put into a pod of its own to be checked.
struct ExtractedPod {
    pod: Value,
    /// The place in the pod.
    inside: &'static str,
    /// The place in the document.
    outside: Pointer,
}

/// Finds what the API server refuses in the pods that come of a custom resource.
pub(super) fn find_refused_pods(
    object: &Object,
    catalogue: &Catalogue,
    rules: PodRules,
) -> Vec<ServerRefusal> {
    if matches!(object.group(), "" | "apps" | "batch") {
        return Vec::new();
    }
    let mut found: Vec<ServerRefusal> = Vec::new();
    for part in catalogue.parts(object) {
        for refusal in check_part(object, &part, rules) {
            if !found.iter().any(|known| known.pointer == refusal.pointer) {
                found.push(refusal);
            }
        }
    }
    found
}

fn check_part(object: &Object, part: &PartAt<'_>, rules: PodRules) -> Vec<ServerRefusal> {
    let mut found = Vec::new();
    let specs = part.pointers(object, Field::PodSpec);
    for pointer in &specs {
        if let Some(spec @ Value::Object(_)) = object.get(pointer.as_str()) {
            found.extend(check_spec(spec, pointer, rules));
        }
    }
    for &(field, inside) in SINGLE_FIELDS {
        for pointer in part.pointers(object, field) {
            let is_in_spec = specs.iter().any(|spec| is_below(&pointer, spec));
            if let Some(value) = object.get(pointer.as_str()).filter(|_| !is_in_spec) {
                found.extend(check_field(value, inside, pointer, rules));
            }
        }
    }
    found
}

/// Checks a template's spec. Its container is made up where it has none.
fn check_spec(spec: &Value, pointer: &Pointer, rules: PodRules) -> Vec<ServerRefusal> {
    let mut completed = spec.clone();
    if completed
        .get("containers")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        completed["containers"] = json!([{"name": "main", "image": "main"}]);
    }
    let extracted = ExtractedPod {
        pod: json!({ "spec": completed }),
        inside: "/spec",
        outside: pointer.clone(),
    };
    let violations = check_pod_template(&extracted.pod, "", &rules.context);
    let violations = violations
        .into_iter()
        .filter(|violation| !matches!(violation.cause, Cause::Required | Cause::NotFound));
    let mut found: Vec<ServerRefusal> = violations
        .filter_map(|violation| extracted.place(violation, FindingClass::OperatorPod))
        .collect();
    // What the level `restricted` asks for the operator may add; what `baseline` forbids it does not take away.
    if let Some(policy) = rules
        .security
        .filter(|policy| policy.level != PodSecurityLevel::Privileged)
    {
        let baseline = PodSecurityPolicy {
            level: PodSecurityLevel::Baseline,
            ..policy
        };
        let refused = check_template_security(&extracted.pod, "", baseline);
        found.extend(
            refused
                .into_iter()
                .filter_map(|violation| extracted.place(violation, FindingClass::PodSecurity)),
        );
    }
    found
}

fn check_field(
    value: &Value,
    inside: &'static str,
    pointer: Pointer,
    rules: PodRules,
) -> Vec<ServerRefusal> {
    let mut pod = json!({"spec": {
        "containers": [{"name": "main", "image": "main", "resources": {}}],
        "affinity": {"nodeAffinity": {}, "podAffinity": {}, "podAntiAffinity": {}},
        "nodeSelector": {}, "tolerations": [], "topologySpreadConstraints": [],
    }});
    if let Some(place) = pod.pointer_mut(&format!("/spec{inside}")) {
        *place = value.clone();
    }
    let extracted = ExtractedPod {
        pod,
        inside,
        outside: pointer,
    };
    let violations = check_pod_template(&extracted.pod, "", &rules.context);
    let placed = violations.into_iter().map(|violation| {
        let pointer = violation
            .pointer
            .strip_prefix("/spec")
            .unwrap_or_default()
            .to_owned();
        Violation {
            pointer,
            ..violation
        }
    });
    placed
        .filter_map(|violation| extracted.place(violation, FindingClass::OperatorPod))
        .collect()
}

impl ExtractedPod {
    /// Returns a violation at its place in the document; `None` where it is about what was made up.
    fn place(&self, violation: Violation, class: FindingClass) -> Option<ServerRefusal> {
        let rest = violation.pointer.strip_prefix(self.inside)?;
        let pointer = Pointer::parse(format!("{}{rest}", self.outside.as_str()));
        Some(ServerRefusal {
            class,
            field: print_path(&pointer),
            pointer,
            message: violation.message,
            nearest: None,
        })
    }
}

fn is_below(pointer: &Pointer, above: &Pointer) -> bool {
    let rest = pointer.as_str().strip_prefix(above.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Prints a pointer as Kubernetes prints paths: `spec.pods[0]`.
fn print_path(pointer: &Pointer) -> String {
    let mut path = String::new();
    for token in pointer.as_str().split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if token.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{token}]"));
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&token);
    }
    path
}

#[cfg(test)]
mod tests {
    use apiserver_validation::{Context, PodSecurityLevel, PodSecurityPlatform, PodSecurityPolicy};
    use serde_json::{Value, json};

    use super::{PodRules, find_refused_pods};
    use crate::catalogue::Catalogue;
    use crate::manifest::Object;

    fn told(object: Value) -> Vec<String> {
        let context = Context::default();
        let rules = PodRules {
            context,
            security: Some(PodSecurityPolicy {
                level: PodSecurityLevel::Restricted,
                version: context.version,
                platform: PodSecurityPlatform::Kubernetes,
            }),
        };
        let found = find_refused_pods(&Object::new(object), Catalogue::built_in(), rules);
        found
            .into_iter()
            .map(|refusal| format!("{}: {}", refusal.field, refusal.message))
            .collect()
    }

    fn flink(spec: &Value) -> Value {
        json!({
            "apiVersion": "flink.apache.org/v1beta1",
            "kind": "FlinkDeployment",
            "metadata": {"name": "flink"},
            "spec": {"podTemplate": {"spec": spec}},
        })
    }

    #[test]
    fn an_incomplete_template_is_no_mistake() {
        let partial = json!({"containers": [{
            "name": "flink-main-container",
            "volumeMounts": [{"name": "of-the-operator", "mountPath": "/data"}],
        }]});
        assert_eq!(told(flink(&partial)), [""; 0]);
        assert_eq!(told(flink(&json!({"nodeSelector": {"a": "b"}}))), [""; 0]);
    }

    #[test]
    fn what_the_pods_would_be_refused_for_is_found_at_its_place() {
        let wrong = json!({
            "tolerations": [{"key": "a", "operator": "Exists", "value": "b"}],
            "containers": [{
                "name": "flink-main-container",
                "securityContext": {"privileged": true},
                "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}},
            }],
        });
        let told = told(flink(&wrong)).join("\n");
        for place in [
            "spec.podTemplate.spec.tolerations[0]",
            "spec.podTemplate.spec.containers[0].resources.requests",
            "spec.podTemplate.spec.containers[0].securityContext.privileged",
        ] {
            assert!(told.contains(place), "{place}: {told}");
        }
    }
}
