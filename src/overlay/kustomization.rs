//! Builds the overlay's kustomization.yaml.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::OverlayInput;
use crate::manifest::ObjectId;

/// Collects the fields of a kustomization.
#[derive(Debug)]
pub(super) struct KustomizationBuilder {
    site: String,
    namespace: Option<String>,
    resources: Vec<String>,
    patches: Vec<Value>,
}

impl KustomizationBuilder {
    /// Starts with the base, the namespace where it is another than the base's, and the site's exceptions.
    pub(super) fn new(input: &OverlayInput<'_>) -> Self {
        let app = input.instance.app();
        Self {
            site: input.plan.name.clone(),
            namespace: input
                .instance
                .namespace
                .clone()
                .filter(|_| input.instance.moved),
            resources: app
                .map(|a| format!("../../../{}", a.directory))
                .into_iter()
                .collect(),
            patches: input
                .instance
                .exceptions
                .iter()
                .map(|(_, patch)| super::exceptions::patch_entry(patch))
                .collect(),
        }
    }

    /// Adds a resource file.
    pub(super) fn resource(&mut self, file: &str) {
        self.resources.push(file.to_owned());
    }

    /// Adds a patch file.
    pub(super) fn patch(&mut self, file: &str, target: &ObjectId) {
        self.patches
            .push(json!({"path": file, "target": select_object(target)}));
    }

    /// Returns the kustomization.
    pub(super) fn finish(self) -> Value {
        let mut kustomization = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "labels": [{"pairs": {"siteplan.dev/site": self.site}}],
            "resources": self.resources,
        });
        if let Value::Object(map) = &mut kustomization {
            if !self.patches.is_empty() {
                map.insert("patches".to_owned(), Value::Array(self.patches));
            }
            if let Some(namespace) = self.namespace {
                map.insert("namespace".to_owned(), Value::String(namespace));
            }
        }
        kustomization
    }
}

/// Returns a file name that no other file of the overlay has: purpose, kind and name, and the namespace or group where that is not enough.
pub(super) fn choose_file_name(
    purpose: Option<&str>,
    id: &ObjectId,
    taken: &BTreeMap<String, Vec<Value>>,
) -> String {
    let purpose = purpose.map(|p| format!("{p}.")).unwrap_or_default();
    let kind = id.kind.to_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let name = id.name.replace(|c| !is_plain(c), "-");
    let (group, namespace) = (&id.group, id.namespace.as_deref().unwrap_or("cluster"));
    let longer = [
        format!("{purpose}{kind}.{name}.yaml"),
        format!("{purpose}{kind}.{name}.{namespace}.yaml"),
        format!("{purpose}{kind}.{group}.{name}.{namespace}.yaml"),
    ];
    let free = |file: &String| !taken.keys().any(|t| t.eq_ignore_ascii_case(file));
    let numbered = (2..).map(|n| format!("{purpose}{kind}.{name}.{n}.yaml"));
    longer
        .into_iter()
        .chain(numbered)
        .find(free)
        .expect("one of endlessly many names is free")
}

/// Returns a target that selects the object and no other. Names are regular expressions to kustomize.
fn select_object(id: &ObjectId) -> Value {
    let fields = [
        ("group", id.group.clone()),
        ("kind", id.kind.clone()),
        ("name", id.name.clone()),
        ("version", id.version.clone()),
    ];
    let namespace = id.namespace.iter().map(|n| ("namespace", n.clone()));
    let present = fields
        .into_iter()
        .chain(namespace)
        .filter(|(_, text)| !text.is_empty());
    Value::Object(
        present
            .map(|(key, text)| {
                (
                    key.to_owned(),
                    Value::String(regex::escape(&text).replace("\\-", "-")),
                )
            })
            .collect::<Map<_, _>>(),
    )
}
