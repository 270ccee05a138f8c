//! The settings of Argo CD without which waves of Applications do not wait for each other.
//!
//! Argo CD looks at the health of everything that it syncs but of Applications, unless a script says how. The script is health.lua.

use kubernetes_vocabulary::labels::{APP_NAME, APP_PART_OF};
use serde_json::{Value, json};

use crate::model::{ArgoCd, ArgoFlavour};

/// The script that tells the health of an Application.
pub const HEALTH_SCRIPT: &str = include_str!("health.lua");
/// The key of the script in the ConfigMap argocd-cm.
pub const HEALTH_KEY: &str = "resource.customizations.health.argoproj.io_Application";

/// The name of the file and the object to apply server-side: the part of Argo CD's settings that is ours.
pub(super) fn health(argocd: &ArgoCd) -> (&'static str, Value) {
    match argocd.flavour {
        ArgoFlavour::Upstream => ("argocd-cm.yaml", config_map(argocd)),
        ArgoFlavour::OpenshiftGitops => ("argocd.yaml", resource(argocd)),
    }
}

/// The name of the `ArgoCD` resource of OpenShift GitOps: the default instance is called as its namespace.
pub(super) fn instance_name(argocd: &ArgoCd) -> &str {
    argocd.namespace()
}

fn config_map(argocd: &ArgoCd) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "argocd-cm",
            "namespace": argocd.namespace(),
            "labels": {APP_NAME: "argocd-cm", APP_PART_OF: "argocd"},
        },
        "data": {HEALTH_KEY: HEALTH_SCRIPT},
    })
}

fn resource(argocd: &ArgoCd) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1beta1",
        "kind": "ArgoCD",
        "metadata": {"name": instance_name(argocd), "namespace": argocd.namespace()},
        "spec": {"resourceHealthChecks": [{"group": "argoproj.io", "kind": "Application", "check": HEALTH_SCRIPT}]},
    })
}
