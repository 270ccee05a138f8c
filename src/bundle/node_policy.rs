//! Nodes that Argo CD labels, and must never make.
//!
//! Argo CD makes what is in git and not in the cluster. A Node that it makes has no machine, and keeps the real one from joining under
//! its name. Rights can withhold that, but an Argo CD with all rights has it; so the API server itself refuses, whoever asks.

use serde_json::{Value, json};

use crate::argocd::{COMPARE_OPTIONS, KEEP_FOR_EVER, SYNC_OPTIONS, SYNC_WAVE};
use crate::manifest::Object;
use crate::model::Platform;
use crate::plan::SitePlan;

/// The name of the policy and of its binding. It is the same on every cluster: what it says does not depend on the site.
const NAME: &str = "siteplan-nodes-are-not-made";
/// The first minor version of Kubernetes 1 that serves the policies as `v1`.
const FIRST_KUBERNETES: u32 = 30;
/// The first minor version of OpenShift 4 that does: 4.17 is Kubernetes 1.30.
const FIRST_OPENSHIFT: u32 = 17;

/// Returns the admission policy and its binding, which refuse Nodes that come from git; nothing where the cluster is too old for them.
pub(super) fn node_policy(site: &SitePlan) -> Vec<Value> {
    if !has_admission_policies(site) {
        return Vec::new();
    }
    let metadata = json!({
        "name": NAME,
        "annotations": {SYNC_OPTIONS: KEEP_FOR_EVER, COMPARE_OPTIONS: "IgnoreExtraneous", SYNC_WAVE: "-1"},
    });
    vec![
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": metadata,
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nodes"], "scope": "*"},
                ]},
                "validations": [{
                    "expression": format!(
                        "!has(object.metadata.annotations) || !('{SYNC_OPTIONS}' in object.metadata.annotations)"
                    ),
                    "message": "this node has not joined: git only labels nodes, and a Node without a machine keeps the real one out",
                }],
            },
        }),
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": NAME, "validationActions": ["Deny"]},
        }),
    ]
}

/// Returns the objects of the policy with the names of their files.
pub(super) fn node_policy_files(site: &SitePlan) -> impl Iterator<Item = (String, Object)> {
    node_policy(site).into_iter().map(|document| {
        let object = Object::new(document);
        let file = format!("{}.yaml", object.kind().to_ascii_lowercase());
        (file, object)
    })
}

/// Tells whether the site's API server knows admission policies; taken for granted where the site does not say its version.
fn has_admission_policies(site: &SitePlan) -> bool {
    let cluster = &site.site.spec.cluster;
    let first = match cluster.platform {
        Platform::Openshift => FIRST_OPENSHIFT,
        Platform::Kubernetes => FIRST_KUBERNETES,
    };
    let written = cluster.version.as_deref();
    let minor = written.and_then(|version| version.split('.').nth(1)?.parse::<u32>().ok());
    minor.is_none_or(|minor| minor >= first)
}
