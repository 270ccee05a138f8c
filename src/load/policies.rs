//! Admission policies of the fleet: the documents below `base/policies`.

use std::sync::Arc;

use manifest_yaml::{ReadLimits, read_documents};
use pointer_diagnostics::{Diagnostics, Origin, Pointer};
use serde_json::Value;

use super::FleetFiles;
use crate::rules;

/// The group of the API of kustomize's own files, which lie beside the policies so that an app can sync them.
const KUSTOMIZE_GROUP: &str = "kustomize.config.k8s.io/";

/// A document of a policy file: a policy, a binding, or a parameter.
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    /// The file.
    pub file: Arc<str>,
    /// Its position in the file.
    pub number: usize,
    /// The object.
    pub value: Value,
}

impl PolicyDocument {
    /// Returns the place of a field.
    pub fn origin(&self, pointer: Pointer) -> Origin {
        Origin::in_document(&self.file, self.number, pointer)
    }

    /// Checks that the object has a kind and a name.
    pub fn is_called(&self, kind: &str, name: &str) -> bool {
        let text = |pointer: &str| self.value.pointer(pointer).and_then(Value::as_str);
        text("/kind") == Some(kind) && text("/metadata/name") == Some(name)
    }
}

/// Reads every document of a directory. FleetFiles that cannot be read are reported.
pub(super) fn load_policies(
    files: &FleetFiles,
    directory: &str,
    found: &mut Diagnostics,
) -> Vec<PolicyDocument> {
    let mut policies = Vec::new();
    for path in files.list(directory, found) {
        if !super::is_yaml(&path) {
            continue;
        }
        let Some(text) = files.read(&path, found) else {
            continue;
        };
        let documents = match read_documents(&text, &ReadLimits::MANIFEST) {
            Ok(documents) => documents,
            Err(error) => {
                let report = rules::MALFORMED_POLICY.report(error.message.clone());
                found.push(report.primary_bytes(
                    &path,
                    error.range.bytes(),
                    "reading stopped here",
                ));
                continue;
            }
        };
        let file: Arc<str> = Arc::from(path.as_str());
        for (number, document) in documents.iter().enumerate() {
            let Ok(value) = document.to_value() else {
                continue;
            };
            let version = value.get("apiVersion").and_then(Value::as_str);
            if value.is_null() || version.is_some_and(|v| v.starts_with(KUSTOMIZE_GROUP)) {
                continue;
            }
            policies.push(PolicyDocument {
                file: Arc::clone(&file),
                number,
                value,
            });
        }
    }
    policies
}
