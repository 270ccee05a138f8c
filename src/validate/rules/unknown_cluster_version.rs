//! The version of every cluster is one whose API is known.

use apiserver_schema::SchemaVersion;
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

use crate::model::Platform;
use crate::validate::CheckedRule;
use crate::validate::api_server::parse_cluster_version;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-cluster-version",
        severity: Severity::Warning,
        summary: "the API of a cluster's version is not known",
        explain: include_str!("../../../docs/rules/unknown-cluster-version.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let Some(Err(unknown)) = parse_cluster_version(view.plan) else {
        return;
    };
    let platform = match view.plan.site.spec.cluster.platform {
        Platform::Openshift => "OpenShift",
        Platform::Kubernetes => "Kubernetes",
    };
    let (first, last) = &unknown.known;
    let message = format!(
        "the API of {platform} `{}` is not known: manifests are checked against that of Kubernetes {}",
        unknown.version,
        SchemaVersion::NEWEST
    );
    let origin = view.plan.site.origin(&Pointer::parse("/cluster/version"));
    found.push(
        RULE.rule
            .report(message)
            .primary(origin, "")
            .help(format!("write a version from {first} to {last}")),
    );
}
