//! Checks the requirements of the Pod Security level `restricted` beyond `baseline`.

use super::baseline::{is_confining, refuse_unconfined};
use super::{PodSecurityPolicy, SecuredPod};
use crate::report::{Report, shorten};
use crate::rules;

/// Sources of volumes that are allowed (`check_restrictedVolumes.go`).
const ALLOWED_VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Checks a pod against the level.
pub(super) fn check_restricted(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    check_volumes(pod, report);
    let has_own_users = pod.has_own_users(policy);
    if !has_own_users {
        check_run_as_non_root(pod, policy, report);
    }
    if policy.since(23) && !has_own_users {
        check_run_as_user(pod, report);
    }
    // From version 1.25 on, pods for Windows are left alone where Windows has no such thing.
    if pod.is_windows() && policy.since(25) {
        return;
    }
    check_escalation(pod, policy, report);
    if policy.since(19) {
        check_seccomp(pod, policy, report);
    }
    if policy.since(22) {
        check_capabilities(pod, policy, report);
    }
}

/// Refuses volumes that are not of the cluster (`check_restrictedVolumes.go`).
fn check_volumes(pod: &SecuredPod, report: &mut Report) {
    for volume in pod.spec.get("volumes").items() {
        if ALLOWED_VOLUMES.iter().any(|name| volume.get(name).exists()) {
            continue;
        }
        let source = volume
            .entries()
            .find(|(name, field)| *name != "name" && field.exists());
        if let Some((name, _)) = source {
            let message = format!(
                "`{}` is no kind of volume that is allowed: expected a claim",
                shorten(name)
            );
            report.forbidden(&volume.get(name), &rules::PSS_VOLUME_TYPES, message);
        }
    }
}

/// Requires that nothing runs as root (`check_runAsNonRoot.go`).
fn check_run_as_non_root(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    let context = pod.spec.get("securityContext");
    let whole = context.get("runAsNonRoot");
    if whole.is_false() {
        report.forbidden(
            &whole,
            &rules::PSS_NON_ROOT,
            "`false` lets containers run as root",
        );
    }
    let settled = whole.is_true() || policy.fills_in();
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let own = context.get("runAsNonRoot");
        if own.is_false() {
            report.forbidden(
                &own,
                &rules::PSS_NON_ROOT,
                "`false` lets the container run as root",
            );
        } else if !own.exists() && !settled {
            report.forbidden(
                &own,
                &rules::PSS_NON_ROOT,
                "missing: expected `true` here or in the pod's security context",
            );
        }
    });
}

/// Refuses the user 0 (`check_runAsUser.go`).
fn check_run_as_user(pod: &SecuredPod, report: &mut Report) {
    pod.each_context(|context| {
        let user = context.get("runAsUser");
        if user.int() == Some(0) {
            report.forbidden(
                &user,
                &rules::PSS_RUN_AS_USER,
                "0 is root: expected another user, or none",
            );
        }
    });
}

/// Requires that processes cannot gain privileges (`check_allowPrivilegeEscalation.go`).
fn check_escalation(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let field = context.get("allowPrivilegeEscalation");
        if field.is_true() || (!field.exists() && !policy.fills_in()) {
            let what = if field.is_true() { "`true`" } else { "missing" };
            report.forbidden(
                &field,
                &rules::PSS_ESCALATION,
                format!("{what}: expected `false`"),
            );
        }
    });
}

/// Requires a seccomp profile (`check_seccompProfile_restricted.go`).
fn check_seccomp(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    pod.each_context(|context| refuse_unconfined(context, report));
    let context = pod.spec.get("securityContext");
    let whole = context.get("seccompProfile");
    let settled = policy.fills_in() && !whole.exists() || is_confining(whole.get("type").text());
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let own = context.get("seccompProfile");
        if !own.exists() && !settled && !whole.exists() {
            let message =
                "missing: expected `type: RuntimeDefault` here or in the pod's security context";
            report.forbidden(&own, &rules::PSS_SECCOMP, message);
        }
    });
}

/// Requires that all capabilities are dropped (`check_capabilities_restricted.go`).
fn check_capabilities(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let capabilities = context.get("capabilities");
        let drop = capabilities.get("drop");
        if !policy.fills_in() && !drop.items().any(|capability| capability.text() == "ALL") {
            report.forbidden(
                &drop,
                &rules::PSS_CAPABILITIES,
                "`ALL` is missing: expected all capabilities to be dropped",
            );
        }
        for capability in capabilities.get("add").items() {
            if capability.text() != "NET_BIND_SERVICE" {
                let message = format!(
                    "`{}`: expected `NET_BIND_SERVICE` or nothing",
                    shorten(capability.text())
                );
                report.forbidden(&capability, &rules::PSS_CAPABILITIES, message);
            }
        }
    });
}
