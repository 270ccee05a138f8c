//! `base/apps/<name>/app.yaml`: what siteplan needs to know about an app beside its plain kustomize base.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::namespace::PodSecurity;
use super::nodes::Arch;
use super::requirements::SiteRequirements;

/// An app: a plain kustomize base, and what a site can choose about it. A name is enough to begin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSpec {
    /// One sentence: what it is.
    #[serde(default)]
    pub summary: String,
    /// The namespace that its base carries; absent: it has cluster-scoped objects only, or objects in several namespaces.
    pub namespace: Option<String>,
    /// The pod security level that the app's namespace needs.
    pub pod_security: Option<PodSecurity>,
    /// Labels that the app's namespace needs.
    #[serde(default)]
    pub namespace_labels: BTreeMap<String, String>,
    /// The architectures that its images exist for, and how we know. Absent: it brings no images of its own.
    pub images: Option<ImageSupport>,
    /// Capabilities that must be there before it.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Properties that the site must have.
    #[serde(default)]
    pub requirements: SiteRequirements,
    /// Apps that it cannot share a site with.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// A JSON Schema of the values that a site can set; the defaults in it are filled in.
    pub values: Option<Value>,
    /// Deviations from the catalogue, by part. A part is named as the catalogue does (`instance`, `pgbouncer`, `osd` …); the one
    /// part of a built-in workload by the workload's name. `<Kind>/<name>` and `<Kind>/<name>/<part>` tell equal names apart.
    #[serde(default)]
    pub parts: BTreeMap<String, PartSpec>,
    /// Fields that values are written to.
    #[serde(default)]
    pub set: Vec<SetValue>,
    /// Whole resources, one per node, disk, VLAN …
    #[serde(default)]
    pub each: Vec<Each>,
    /// Requirements on its nodes.
    #[serde(default)]
    pub nodes: NodeNeeds,
    /// Objects that an operator makes at run time, so that references to it are known.
    #[serde(default)]
    pub provides: Provides,
    /// Argo CD's action when the instance goes.
    #[serde(default)]
    pub on_remove: OnRemove,
    /// The definitions that its custom resources are held against, over those that hold for all apps: directories of `schema/crds`, which
    /// `siteplan schema import --as NAME` writes. Of definitions of one kind and version, the last counts.
    #[serde(default)]
    pub definitions: Vec<String>,
    /// Entries for the catalogue: where the pods are in kinds that it does not know, or knows otherwise.
    #[serde(default)]
    pub catalogue: Vec<Value>,
}

/// The architectures that images exist for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageSupport {
    /// The architectures.
    #[serde(default)]
    pub arch: Vec<Arch>,
    /// Images that an operator chooses and the base therefore does not name; they are named in messages and checked against the
    /// fleet's image policy.
    #[serde(default)]
    pub names: Vec<String>,
    /// The app that builds the image on the site: the architectures are those that its instance builds for.
    pub built_by: Option<String>,
    /// The source of the fact: where it was looked up, and when.
    #[serde(default)]
    pub source: String,
}

/// Something that must be there before an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, untagged)]
pub enum Requirement {
    /// An instance of another app.
    App {
        /// The app.
        app: String,
    },
    /// A storage role: the app comes after whatever provides the class on the site.
    Storage {
        /// The role.
        storage: String,
    },
}

/// Deviations from the catalogue for one part of an app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartSpec {
    /// Number of replicas: a number, or an expression.
    pub replicas: Option<Value>,
    /// The part needs a majority of its replicas to work.
    pub quorum: Option<Quorum>,
    /// Its availability; derived from `quorum` and `replicas` if not written.
    pub availability: Option<Availability>,
    /// The storage role of its volumes.
    pub storage: Option<String>,
    /// Its claim to a place after a loss.
    pub survives: Option<Survives>,
    /// Images of this part, where they differ from the app's.
    pub images: Option<ImageSupport>,
    /// The placement rule is written here; `false` leaves the part alone.
    pub place: Option<bool>,
    /// An operator makes the PodDisruptionBudget (then siteplan makes none).
    pub budget_by_operator: Option<bool>,
}

/// Replicas that a part needs to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quorum {
    /// More than half of the replicas must be there.
    Majority,
}

/// The availability of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// One replica, no budget.
    Single,
    /// One more replica than nodes may be lost, spread over nodes.
    Replicated,
    /// Enough replicas for a majority, each on a node of its own.
    Quorum,
}

/// The claim of a part to a place after a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Survives {
    /// It must have one.
    pub value: bool,
    /// The reason why not.
    #[serde(default)]
    pub reason: String,
}

/// A field that a value is written to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetValue {
    /// The resource, `<Kind>/<name>`.
    pub to: String,
    /// The field, in kustomize's fieldPath form: `spec.instances.[name=pginstance].replicas`.
    pub path: String,
    /// The value: one expression keeps its type, text around expressions makes a string.
    pub value: Value,
    /// An expression; the field is left alone where it is false.
    pub when: Option<String>,
}

/// Resources made from a template, one per item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Each {
    /// The list to go over: `site` (once), `nodes` (of the instance's pool, or all), `vlans` (of all networks), `links` (each
    /// node's on each network that is made after the installation), or an expression that gives a list or a map. Bound as `node`,
    /// `vlan`, `link`, or `item` (and `key`).
    pub over: String,
    /// The template, relative to the app's directory; one YAML document.
    pub template: String,
    /// An expression; the item is left out where it is false.
    pub when: Option<String>,
}

/// Requirements of an app on its nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeNeeds {
    /// Labels on every node that the app runs on; put there by the built-in app `nodes`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Objects that an operator makes at run time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provides {
    /// Names of Secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Names of Services.
    #[serde(default)]
    pub services: Vec<String>,
    /// Names of StorageClasses.
    #[serde(default)]
    pub storage_classes: Vec<String>,
    /// Other objects.
    #[serde(default)]
    pub objects: Vec<ProvidedObject>,
    /// Kinds whose CustomResourceDefinitions it installs, as `<Kind>.<group>`.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Namespaces that it makes.
    #[serde(default)]
    pub namespaces: Vec<String>,
}

/// An object that an operator makes at run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvidedObject {
    /// The object's kind, as `<Kind>.<group>`; `<Kind>` in the core group.
    pub kind: String,
    /// The object's namespace; absent: the instance's, where the kind has one.
    pub namespace: Option<String>,
    /// The object's name; a `*` in it stands for any text.
    pub name: String,
}

/// Argo CD's action when an instance goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnRemove {
    /// Its objects stay in the cluster.
    Keep,
    /// They go after somebody confirms.
    #[default]
    Confirm,
    /// They go.
    Delete,
}
