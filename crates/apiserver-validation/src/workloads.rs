//! Deployments, ReplicaSets, DaemonSets and StatefulSets (`pkg/apis/apps/validation/validation.go`), and
//! ReplicationControllers.

use crate::field::Field;
use crate::pods::{check_pod_template_spec, check_template_with_claims};
use crate::report::{Report, shorten};
use crate::rules;
use crate::selector::{
    SelectorMatch, check_label_selector, check_workload_selector, match_selector, report_mismatch,
};
use crate::text::TextForm;
use serde_json::Value;

/// Checks a Deployment (`ValidateDeploymentSpec`).
pub(crate) fn check_deployment(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    check_replica_set(object, report);
    check_deployment_strategy(&spec.get("strategy"), report);
    report.nonnegative(&spec.get("revisionHistoryLimit"));
    let deadline = spec.get("progressDeadlineSeconds");
    report.nonnegative(&deadline);
    let seconds = deadline.int().unwrap_or(600);
    let ready = spec.get("minReadySeconds").int().unwrap_or_default();
    if seconds <= ready {
        let message = format!(
            "{seconds} seconds, 600 where it is left out: expected more than `minReadySeconds`, {ready}"
        );
        report.invalid(&deadline, &rules::STRATEGY, message);
    }
}

/// Checks a ReplicaSet (`ValidateReplicaSetSpec`).
pub(crate) fn check_replica_set(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.nonnegative(&spec.get("replicas"));
    report.nonnegative(&spec.get("minReadySeconds"));
    if check_workload_selector(&spec, report) {
        let template = spec.get("template");
        check_pod_template_spec(&template, report);
        check_lasting_template(&template, report);
    }
}

/// Checks a ReplicationController (`pkg/apis/core/validation/validation.go` `ValidateReplicationControllerSpec`).
pub(crate) fn check_replication_controller(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    report.nonnegative(&spec.get("replicas"));
    report.nonnegative(&spec.get("minReadySeconds"));
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    if !template.exists() {
        report.required(&template, "missing: a template of the pods is required");
        return;
    }
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    // The API server fills in the labels of the template.
    if selector.is_empty() && labels.is_empty() {
        report.required(
            &selector,
            "missing: a selector, or labels of the template, are required",
        );
    }
    let differs = |(key, value): (&str, Field)| labels.value().get(key) != Some(value.value());
    if selector.entries().any(differs) {
        report_mismatch(&labels, report);
    }
    check_pod_template_spec(&template, report);
    check_lasting_template(&template, report);
}

/// Requires pods that are started again whenever they end.
fn check_lasting_template(template: &Field, report: &mut Report) {
    let spec = template.get("spec");
    let (policy, deadline) = (spec.get("restartPolicy"), spec.get("activeDeadlineSeconds"));
    if matches!(policy.text(), "OnFailure" | "Never") {
        report.unsupported(&policy, policy.text(), &["Always"]);
    }
    if deadline.exists() {
        let message = "a deadline of pods that are meant to last: expected it in a Job";
        report.forbidden(&deadline, &rules::RESTART_POLICY, message);
    }
}

/// Checks how pods are replaced (`ValidateDeploymentStrategy`).
fn check_deployment_strategy(strategy: &Field, report: &mut Report) {
    let (kind, rolling) = (strategy.get("type"), strategy.get("rollingUpdate"));
    match kind.text_or("RollingUpdate") {
        "Recreate" if rolling.exists() => {
            let message = "`rollingUpdate` beside `type: Recreate`, which does not use it";
            report.forbidden(&rolling, &rules::STRATEGY, message);
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            check_share(&unavailable, report);
            check_share(&surge, report);
            if share_of(&unavailable) == Some(0) && share_of(&surge) == Some(0) {
                let message = "0 beside `maxSurge: 0`: nothing could ever be replaced";
                report.invalid(&unavailable, &rules::STRATEGY, message);
            }
            check_share_limit(&unavailable, report);
        }
        "Recreate" => {}
        text if kind.value().is_string() => {
            report.unsupported(&kind.unplaced(), text, &["Recreate", "RollingUpdate"]);
        }
        _ => {}
    }
}

/// Checks a number or a percentage (`ValidatePositiveIntOrPercent`).
pub(crate) fn check_share(field: &Field, report: &mut Report) {
    if field.value().is_string() {
        report.form(field, &rules::PERCENT, TextForm::Percent);
    } else {
        report.nonnegative(field);
    }
}

/// Refuses more than 100 % (`IsNotMoreThan100Percent`).
pub(crate) fn check_share_limit(field: &Field, report: &mut Report) {
    let text = field.text();
    if TextForm::Percent.accepts(text) && share_of(field).is_none_or(|share| share > 100) {
        report.invalid(
            field,
            &rules::PERCENT,
            format!("`{}` is more than 100%", shorten(text)),
        );
    }
}

/// Returns the number, or that of the percentage (`getIntOrPercentValue`); none when absent or malformed.
fn share_of(field: &Field) -> Option<i64> {
    match field.value() {
        Value::String(text) => text.strip_suffix('%').unwrap_or(text).parse().ok(),
        _ => field.int(),
    }
}

/// Checks a DaemonSet (`ValidateDaemonSetSpec`).
pub(crate) fn check_daemon_set(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    if selector.exists() {
        check_label_selector(&selector, report);
        if selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty() {
            report.invalid(
                &selector,
                &rules::SELECTOR_EMPTY,
                "an empty selector: expected labels of the template",
            );
        }
    }
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    if match_selector(&selector, &labels) == SelectorMatch::Differs {
        report_mismatch(&labels, report);
    }
    check_pod_template_spec(&template, report);
    check_lasting_template(&template, report);
    report.nonnegative(&spec.get("minReadySeconds"));
    report.nonnegative(&spec.get("revisionHistoryLimit"));
    check_daemon_strategy(&spec.get("updateStrategy"), report);
}

/// Checks how pods of a DaemonSet are replaced (`ValidateDaemonSetUpdateStrategy`).
fn check_daemon_strategy(strategy: &Field, report: &mut Report) {
    let (kind, rolling) = (strategy.get("type"), strategy.get("rollingUpdate"));
    match kind.text_or("RollingUpdate") {
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            for share in [&unavailable, &surge] {
                check_share(share, report);
                check_share_limit(share, report);
            }
            // Left out, one pod may be unavailable, and there is no surge.
            let unavailable_share = if unavailable.exists() {
                share_of(&unavailable)
            } else {
                Some(1)
            };
            let surges = share_of(&surge).unwrap_or_default() != 0;
            match (unavailable_share.is_some_and(|share| share != 0), surges) {
                (true, true) => {
                    report.invalid(
                        &surge,
                        &rules::STRATEGY,
                        "`maxSurge` beside `maxUnavailable`: expected 0 for one of them",
                    );
                }
                (false, false) if unavailable_share == Some(0) => {
                    report.required(
                        &unavailable,
                        "0 beside `maxSurge: 0`: nothing could ever be replaced",
                    );
                }
                _ => {}
            }
        }
        "OnDelete" => {}
        text if kind.value().is_string() => {
            report.unsupported(&kind.unplaced(), text, &["RollingUpdate", "OnDelete"]);
        }
        _ => {}
    }
}

/// Checks a StatefulSet (`ValidateStatefulSetSpec`).
pub(crate) fn check_stateful_set(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let policy = spec.get("podManagementPolicy");
    if policy.value().is_string() && !matches!(policy.text(), "" | "OrderedReady" | "Parallel") {
        let message = format!(
            "`{}`: expected `OrderedReady` or `Parallel`",
            shorten(policy.text())
        );
        report.invalid(&policy, &rules::UNSUPPORTED_VALUE, message);
    }
    check_stateful_strategy(&spec.get("updateStrategy"), report);
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    for name in ["whenDeleted", "whenScaled"] {
        report.one_of(&retention.get(name), &["Retain", "Delete"]);
    }
    let claims = spec.get("volumeClaimTemplates");
    for claim in claims.items() {
        crate::pvc::check_claim_spec(&claim.get("spec"), report);
    }
    check_claim_names(&spec, report);
    report.nonnegative(&spec.get("replicas"));
    report.nonnegative(&spec.get("minReadySeconds"));
    let ordinals = spec.get("ordinals");
    report.nonnegative(&ordinals.get("start"));
    if report.since(33) {
        report.form_if_set(
            &spec.get("serviceName"),
            &rules::NAME_SYNTAX,
            TextForm::DnsLabel,
        );
    }
    if check_workload_selector(&spec, report) {
        check_template_with_claims(&spec.get("template"), Some(&claims), report);
    }
    check_lasting_template(&spec.get("template"), report);
}

/// Checks the names of claims. Kubernetes names the volumes that it makes of them.
fn check_claim_names(spec: &Field, report: &mut Report) {
    let claims = spec.get_as("volumeClaimTemplates", "template.spec.volumes");
    for claim in claims.items() {
        let metadata = claim.get_as("metadata", "");
        report.required_form(
            &metadata.get("name"),
            &rules::NAME_SYNTAX,
            TextForm::DnsLabel,
        );
    }
}

/// Checks how pods of a StatefulSet are replaced.
fn check_stateful_strategy(strategy: &Field, report: &mut Report) {
    let (kind, rolling) = (strategy.get("type"), strategy.get("rollingUpdate"));
    match kind.text_or("RollingUpdate") {
        "RollingUpdate" => {
            report.nonnegative(&rolling.get("partition"));
            // `maxUnavailable` is dropped, since its feature is off.
        }
        "OnDelete" if rolling.exists() => {
            let message = "`rollingUpdate` beside `type: OnDelete`, which does not use it";
            report.invalid(&rolling, &rules::STRATEGY, message);
        }
        "OnDelete" => {}
        text if kind.value().is_string() => {
            let message = format!(
                "`{}` is no strategy: expected `RollingUpdate` or `OnDelete`",
                shorten(text)
            );
            report.invalid(&kind.unplaced(), &rules::UNSUPPORTED_VALUE, message);
        }
        _ => {}
    }
}
