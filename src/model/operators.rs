//! `base/operators.yaml`: the versions of operators; and what a site says of their updates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operators of the fleet that the Operator Lifecycle Manager installs, with the version that belongs to each minor version of OpenShift.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorsSpec {
    /// Operators by the name of their package, as `spec.name` of a Subscription says it.
    #[serde(default)]
    pub operators: BTreeMap<String, OperatorFact>,
}

/// The versions of an operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorFact {
    /// Releases by minor version of OpenShift: `4.18`.
    #[schemars(extend("minProperties" = 1))]
    pub releases: BTreeMap<String, OperatorRelease>,
    /// The source of the fact: the command, the page or the file of a catalogue.
    pub source: String,
    /// The day on which it was looked up, as YYYY-MM-DD.
    #[schemars(extend("format" = "date"))]
    pub date: Option<String>,
}

/// The release of an operator that a version of OpenShift gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorRelease {
    /// The channel of the Subscription.
    #[schemars(extend("minLength" = 1))]
    pub channel: String,
    /// The name of its ClusterServiceVersion, for instance `odf-operator.v4.18.3-rhodf`: sites that approve updates by hand start with it.
    #[schemars(extend("pattern" = r"^[a-z0-9][-a-z0-9.]*\.v?[0-9]+\.[0-9]+[-+.A-Za-z0-9]*$", "x-expects" = "the name of a ClusterServiceVersion: `<operator>.v<version>`"))]
    pub version: String,
}

/// Updates of a site's operators.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorUpdates {
    /// The one who approves updates.
    #[serde(default)]
    pub approval: UpdateApproval,
    /// ClusterServiceVersions by package, in place of those of `base/operators.yaml`: for rings, and for a site that waits.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
}

/// The one who approves the updates of operators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateApproval {
    /// Each Subscription as its base says: mostly nobody, and operators update themselves when their catalogue has something newer.
    #[default]
    AsWritten,
    /// Somebody approves each InstallPlan; every Subscription starts at the version of `base/operators.yaml`.
    Manual,
}
