//! The operator of OpenShift GitOps: what somebody applies to a cluster that has no Argo CD yet.

use serde_json::json;

use super::File;
use crate::model::{ArgoCd, ArgoFlavour};

/// The file of the operator, below `bootstrap/`.
pub(super) const OPERATOR_FILE: &str = "operator.yaml";
/// The namespace that the operator's documentation installs it into, for all namespaces.
const NAMESPACE: &str = "openshift-gitops-operator";

/// Returns Namespace, OperatorGroup and Subscription of the operator, where the fleet asks for them. The operator makes the `ArgoCD`
/// resource `openshift-gitops` itself, which the patch of its settings then changes. Source: Red Hat OpenShift GitOps 1.18,
/// "Installing Red Hat OpenShift GitOps Operator using CLI"; read 2026-11.
pub(super) fn operator_file(argocd: &ArgoCd) -> Option<File> {
    let operator = argocd.operator.as_ref()?;
    if argocd.flavour != ArgoFlavour::OpenshiftGitops {
        return None;
    }
    let name = "openshift-gitops-operator";
    let labels = json!({"app.kubernetes.io/name": name});
    Some(File {
        path: format!("bootstrap/{OPERATOR_FILE}"),
        documents: vec![
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {
                    "name": NAMESPACE,
                    "labels": {"app.kubernetes.io/name": name, "openshift.io/cluster-monitoring": "true"},
                },
            }),
            json!({
                "apiVersion": "operators.coreos.com/v1", "kind": "OperatorGroup",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                "spec": {"upgradeStrategy": "Default"},
            }),
            json!({
                "apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                "spec": {
                    "channel": operator.channel,
                    "installPlanApproval": "Automatic",
                    "name": name,
                    "source": operator.source,
                    "sourceNamespace": "openshift-marketplace",
                },
            }),
        ],
    })
}
