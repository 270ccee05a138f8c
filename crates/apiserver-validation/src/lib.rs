//! Checks Kubernetes objects offline as the API server checks them in Go code, beyond what schemas say.
//!
//! [`check_object`] checks an object that is created, [`check_update`] an update, [`check_pod_security`] pods against the level of
//! their namespace; [`check_pod_template`] and [`check_template_security`] do so for templates anywhere in a document.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod admission;
mod autoscaling;
mod cluster;
mod cron;
mod data;
mod definitions;
mod disruption;
mod field;
mod ip;
mod job_policies;
mod jobs;
mod kinds;
mod list_keys;
mod metadata;
mod networking;
mod pod_security;
mod pods;
mod pvc;
mod quantity;
mod quotas;
mod rbac;
mod report;
mod rules;
mod scheduling;
mod seen;
mod selector;
mod service;
mod storage;
mod structural_schemas;
mod text;
mod update;
mod violation;
mod webhook_client;
mod workloads;

pub use pod_security::{
    PodSecurityLevel, PodSecurityPlatform, PodSecurityPolicy, check_pod_security,
    check_template_security,
};
pub use rules::{RULES, Rule};
pub use update::check_update;
pub use violation::{Cause, Violation};

use field::Field;
use report::Report;
use serde_json::Value;

/// A version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesVersion {
    /// The number before the dot.
    pub major: u16,
    /// The number behind the dot.
    pub minor: u16,
}

impl KubernetesVersion {
    /// Returns a version.
    pub const fn new(major: u16, minor: u16) -> Self {
        KubernetesVersion { major, minor }
    }
}

/// The cluster that an object is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The version of its API server. Rules that came with a version, or became weaker with it, depend on it.
    pub version: KubernetesVersion,
}

impl Default for Context {
    /// Returns Kubernetes 1.34, with which the rules were compared.
    fn default() -> Self {
        Context {
            version: KubernetesVersion::new(1, 34),
        }
    }
}

/// Checks an object as the API server does when it is created: what its Go code refuses after the types were decoded.
/// Values of the wrong type count as absent, and are nobody's mistake here. Lists of objects are not looked into.
pub fn check_object(object: &Value, context: &Context) -> Vec<Violation> {
    let mut report = Report::new(*context);
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if kind.is_empty()
        || (kind.ends_with("List") && object.get("items").is_some_and(Value::is_array))
    {
        return report.finish();
    }
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let rules = kinds::rules_of(group, kind, context.version);
    let root = Field::root(object, "", "");
    metadata::check_metadata(&root, rules.name, rules.metadata, &mut report);
    (rules.check)(&root, &mut report);
    report.finish()
}

/// Checks a template of pods at a JSON pointer of a document, as in custom resources of operators. A map with `containers`
/// counts as a spec without metadata. Nothing is checked when there is no map at the pointer.
pub fn check_pod_template(document: &Value, pointer: &str, context: &Context) -> Vec<Violation> {
    let mut report = Report::new(*context);
    let Some(template @ Value::Object(members)) = document.pointer(pointer) else {
        return report.finish();
    };
    let path = path_of_pointer(document, pointer);
    let root = Field::root(template, pointer, &path);
    if members.contains_key("containers") {
        pods::check_bare_spec(root, &mut report);
    } else {
        pods::check_pod_template_spec(&root, &mut report);
    }
    report.finish()
}

/// Spells a JSON pointer as Kubernetes spells paths: `/spec/pods/0` is `spec.pods[0]`.
fn path_of_pointer(document: &Value, pointer: &str) -> String {
    let mut out = String::new();
    let mut value = Some(document);
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Array(list)) = value {
            out.push('[');
            out.push_str(&part);
            out.push(']');
            value = part.parse::<usize>().ok().and_then(|place| list.get(place));
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(&part);
            value = value.and_then(|value| value.get(&part));
        }
    }
    out
}

/// Returns the built-in kinds whose rules are known, as pairs of group and kind, sorted.
pub fn covered_kinds() -> impl Iterator<Item = CoveredKind> {
    kinds::KINDS.iter().map(|rules| CoveredKind {
        group: rules.group,
        kind: rules.kind,
    })
}

/// A built-in kind whose rules are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoveredKind {
    /// The API group, empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
}
