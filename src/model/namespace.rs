//! Namespaces that a site makes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Properties that a namespace needs beside existing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamespaceSpec {
    /// The pod security level that is enforced (`pod-security.kubernetes.io/*`).
    pub pod_security: Option<PodSecurity>,
    /// More labels.
    #[serde(default)]
    #[schemars(schema_with = "kubernetes_vocabulary::schema::label_map")]
    pub labels: BTreeMap<String, String>,
    /// More annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// A level of the Pod Security Standards.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PodSecurity {
    /// Everything is allowed.
    Privileged,
    /// Known privilege escalations are not.
    Baseline,
    /// Current hardening practice.
    Restricted,
}
