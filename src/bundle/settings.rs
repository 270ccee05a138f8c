//! The settings of Argo CD without which waves of Applications do not wait for each other.
//!
//! Argo CD looks at the health of everything that it syncs but of Applications, unless a script says how. The script is health.lua.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{ArgoCd, ArgoFlavour};

/// The script that tells the health of an Application.
pub const HEALTH_SCRIPT: &str = include_str!("health.lua");
/// The key of the script in the ConfigMap argocd-cm.
pub const HEALTH_KEY: &str = "resource.customizations.health.argoproj.io_Application";

/// The object of a cluster that holds Argo CD's settings, and the patch with the part of it that is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsPatch {
    /// The name of the patch's file.
    pub file: &'static str,
    /// The resource of the object as `kubectl` takes it.
    pub resource: &'static str,
    /// The name of the object.
    pub name: String,
    /// A JSON merge patch of the object. It is never applied: other fields of the object are somebody else's.
    pub document: Value,
}

impl SettingsPatch {
    /// Returns the settings as they end up in argocd-cm.
    pub fn settings(&self) -> Map<String, Value> {
        let places = ["/data", "/spec/extraConfig"];
        let mut found = places
            .iter()
            .filter_map(|place| self.document.pointer(place)?.as_object());
        found.next().cloned().unwrap_or_default()
    }
}

/// Returns the patch that writes settings into argocd-cm, by their keys.
pub(super) fn settings_patch(
    argocd: &ArgoCd,
    settings: &BTreeMap<String, String>,
) -> SettingsPatch {
    match argocd.flavour {
        ArgoFlavour::Upstream => config_map(argocd, settings),
        ArgoFlavour::OpenshiftGitops => resource(argocd, settings),
    }
}

/// The name of the `ArgoCD` resource of OpenShift GitOps: the default instance is called as its namespace.
pub(super) fn instance_name(argocd: &ArgoCd) -> &str {
    argocd.namespace()
}

fn config_map(argocd: &ArgoCd, settings: &BTreeMap<String, String>) -> SettingsPatch {
    SettingsPatch {
        file: "argocd-cm.patch.yaml",
        resource: "configmap",
        name: "argocd-cm".to_owned(),
        document: json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "argocd-cm", "namespace": argocd.namespace()},
            "data": settings,
        }),
    }
}

/// The operator writes `extraConfig` into argocd-cm as it is. It is a map, so that several can write into it; the list
/// `resourceHealthChecks` has one owner.
fn resource(argocd: &ArgoCd, settings: &BTreeMap<String, String>) -> SettingsPatch {
    SettingsPatch {
        file: "argocd.patch.yaml",
        resource: "argocds.argoproj.io",
        name: instance_name(argocd).to_owned(),
        document: json!({
            "apiVersion": "argoproj.io/v1beta1",
            "kind": "ArgoCD",
            "metadata": {"name": instance_name(argocd), "namespace": argocd.namespace()},
            "spec": {"extraConfig": settings},
        }),
    }
}
