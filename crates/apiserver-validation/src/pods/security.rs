//! Security contexts, and annotations that were their forerunners (`ValidateSecurityContext`,
//! `validatePodSpecSecurityContext`, `ValidatePodSpecificAnnotations`).

use super::volume_sources::check_relative_path;
use super::{CONTAINER_LISTS, PodFacts, windows};
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use crate::violation::Cause;

const ID_MOST: i64 = i32::MAX as i64;
const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Checks the security context of a pod.
pub(super) fn check_pod_security_context(facts: &PodFacts, report: &mut Report) {
    let spec = &facts.spec;
    let context = spec.get("securityContext");
    for name in ["fsGroup", "runAsUser", "runAsGroup"] {
        report.in_range(&context.get(name), 0, ID_MOST);
    }
    for group in context.get("supplementalGroups").items() {
        report.in_range(&group, 0, ID_MOST);
    }
    let shared = spec.get("shareProcessNamespace");
    if shared.is_true() && spec.get("hostPID").is_true() {
        let named = spec.get_as(
            "shareProcessNamespace",
            "securityContext.shareProcessNamespace",
        );
        let message = "`shareProcessNamespace` beside `hostPID`: expected one";
        report.invalid(&named, &rules::CONFLICTING_FIELDS, message);
    }
    check_sysctls(&context.get("sysctls"), spec, report);
    for (name, values) in [
        ("fsGroupChangePolicy", ["OnRootMismatch", "Always"]),
        ("supplementalGroupsPolicy", ["Merge", "Strict"]),
        ("seLinuxChangePolicy", ["Recursive", "MountOption"]),
    ] {
        report.exactly_one_of(&context.get(name), &values);
    }
    check_seccomp(&context.get("seccompProfile"), report);
    check_apparmor(&context.get("appArmorProfile"), report);
    windows::check_options(&context.get("windowsOptions"), report);
}

/// Checks kernel parameters (`validateSysctls`, `ValidateHostSysctl`).
fn check_sysctls(sysctls: &Field, spec: &Field, report: &mut Report) {
    let mut names = Seen::new();
    for sysctl in sysctls.items() {
        let name = sysctl.get("name");
        if !report.required_form(&name, &rules::SYSCTL, TextForm::SysctlName) {
            continue;
        }
        let text = name.text();
        if !names.insert(text) {
            report.duplicate(
                &name,
                &rules::DUPLICATE_NAME,
                format!("`{}` is set twice", shorten(text)),
            );
        }
        let dotted = text.replace('/', ".");
        for (namespace, prefixes) in [
            ("hostNetwork", &["net."][..]),
            (
                "hostIPC",
                &["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."][..],
            ),
        ] {
            if spec.get(namespace).is_true()
                && prefixes.iter().any(|prefix| dotted.starts_with(prefix))
            {
                let message = format!(
                    "`{}` would change the node, since `{namespace}` is true",
                    shorten(text)
                );
                report.invalid(&name, &rules::SYSCTL, message);
            }
        }
    }
}

/// Checks a seccomp profile (`validateSeccompProfileField`).
fn check_seccomp(profile: &Field, report: &mut Report) {
    if !profile.exists() {
        return;
    }
    let (kind, path) = (profile.get("type"), profile.get("localhostProfile"));
    check_profile_type(&kind, report);
    if kind.text() == "Localhost" {
        if path.exists() {
            check_relative_path(&path, report);
        } else {
            report.required(
                &path,
                "missing: `type: Localhost` needs the file of the profile",
            );
        }
    } else if path.exists() {
        report.invalid(
            &path,
            &rules::PROFILE,
            "a file of a profile without `type: Localhost`, which alone uses it",
        );
    }
}

fn check_profile_type(kind: &Field, report: &mut Report) {
    if report.present(kind) {
        report.exactly_one_of(kind, &PROFILES);
    }
}

/// Checks an AppArmor profile (`ValidateAppArmorProfileField`).
fn check_apparmor(profile: &Field, report: &mut Report) {
    if !profile.exists() {
        return;
    }
    let (kind, path) = (profile.get("type"), profile.get("localhostProfile"));
    check_profile_type(&kind, report);
    let text = path.text();
    match kind.text() {
        "Localhost" if text.trim() != text => {
            report.invalid(
                &path,
                &rules::PROFILE,
                format!("`{}` has white space around it", shorten(text)),
            );
        }
        "Localhost" if path.is_blank() => report.required(
            &path,
            "missing: `type: Localhost` needs the name of the profile",
        ),
        "Localhost" if text.len() > 4095 => {
            let message = format!("the name has {} bytes: expected 4095 at most", text.len());
            report.add(&path, Cause::TooLong, &rules::TOO_LONG, message);
        }
        "RuntimeDefault" | "Unconfined" if path.exists() => {
            report.invalid(
                &path,
                &rules::PROFILE,
                "a profile of the node without `type: Localhost`, which alone uses it",
            );
        }
        _ => {}
    }
}

/// Checks the security context of a container.
pub(super) fn check_container_security(container: &Field, facts: &PodFacts, report: &mut Report) {
    let context = container.get("securityContext");
    if !context.exists() {
        return;
    }
    for name in ["runAsUser", "runAsGroup"] {
        report.in_range(&context.get(name), 0, ID_MOST);
    }
    let mount = context.get("procMount");
    if report.exactly_one_of(&mount, &["Default", "Unmasked"])
        && mount.text() == "Unmasked"
        && facts.has_host_users()
    {
        let message = "`Unmasked` in the user namespace of the node: expected `hostUsers: false`";
        report.invalid(&mount, &rules::SECURITY_CONTEXT, message);
    }
    check_seccomp(&context.get("seccompProfile"), report);
    if context.get("allowPrivilegeEscalation").is_false() {
        check_escalation(&context, report);
    }
    windows::check_options(&context.get("windowsOptions"), report);
    check_apparmor(&context.get("appArmorProfile"), report);
}

/// Refuses what makes `allowPrivilegeEscalation: false` impossible.
fn check_escalation(context: &Field, report: &mut Report) {
    if context.get("privileged").is_true() {
        let field = context.get_as("allowPrivilegeEscalation", "");
        report.invalid(
            &field,
            &rules::SECURITY_CONTEXT,
            "`false` beside `privileged: true`: expected one of them",
        );
    }
    let capabilities = context.get_as("capabilities", "");
    for capability in capabilities.get_as("add", "").items() {
        if capability.text() == "CAP_SYS_ADMIN" {
            let message = "`CAP_SYS_ADMIN` beside `allowPrivilegeEscalation: false`";
            report.invalid(&capability.unplaced(), &rules::SECURITY_CONTEXT, message);
        }
    }
}

/// Checks pods with users of their own (`validateHostUsers`).
pub(super) fn check_host_users(facts: &PodFacts, report: &mut Report) {
    if facts.has_host_users() {
        return;
    }
    for (name, path) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        // From Kubernetes 1.35 on, the feature that allows the host network is decided by a gate that is off by default.
        let field = facts.spec.get_as(name, path);
        if field.is_true() {
            report.forbidden(
                &field,
                &rules::HOST_USERS,
                format!("`{name}` beside `hostUsers: false`: expected one"),
            );
        }
    }
    for list in CONTAINER_LISTS {
        for container in facts.spec.get(list).items() {
            let devices = container.get("volumeDevices");
            if devices.count() > 0 {
                report.forbidden(
                    &devices,
                    &rules::HOST_USERS,
                    "block devices beside `hostUsers: false`",
                );
            }
        }
    }
}

/// Checks annotations that mean something in pods.
pub(super) fn check_pod_annotations(annotations: &Field, spec: &Field, report: &mut Report) {
    for (key, field) in annotations.entries() {
        match key {
            "controller.kubernetes.io/pod-deletion-cost" => check_deletion_cost(&field, report),
            "kubernetes.io/config.mirror" if spec.get("nodeName").is_blank() => {
                report.invalid(
                    &field,
                    &rules::POD_ANNOTATION,
                    "the annotation of a static pod without `spec.nodeName`",
                );
            }
            "seccomp.security.alpha.kubernetes.io/pod" => {
                check_seccomp_annotation(annotations, key, report);
            }
            _ if key.starts_with("container.seccomp.security.alpha.kubernetes.io/") => {
                check_seccomp_annotation(annotations, key, report);
            }
            _ => {
                if let Some(name) = key.strip_prefix(APPARMOR_ANNOTATION) {
                    check_apparmor_annotation(&field, name, spec, report);
                }
            }
        }
    }
}

fn check_deletion_cost(field: &Field, report: &mut Report) {
    let text = field.text();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0" || text.starts_with('-') || !digits.starts_with('0');
    if !(canonical && text.parse::<i32>().is_ok() && !text.starts_with('+')) {
        report.invalid(
            field,
            &rules::POD_ANNOTATION,
            format!("`{}` is no whole number of 32 bits", shorten(text)),
        );
    }
}

fn check_seccomp_annotation(annotations: &Field, key: &str, report: &mut Report) {
    let field = annotations.get(key);
    let text = field.text();
    match text.strip_prefix("localhost/") {
        Some(path) if path.starts_with('/') || path.split('/').any(|part| part == "..") => {
            report.invalid(
                &field,
                &rules::PATH_FORM,
                format!("`{}` leaves the directory of profiles", shorten(text)),
            );
        }
        None if !matches!(text, "runtime/default" | "docker/default" | "unconfined") => {
            report.invalid(
                &field,
                &rules::PROFILE,
                format!("`{}` is no seccomp profile", shorten(text)),
            );
        }
        _ => {}
    }
}

fn check_apparmor_annotation(field: &Field, container: &str, spec: &Field, report: &mut Report) {
    let known = CONTAINER_LISTS.iter().any(|list| {
        spec.get(list)
            .items()
            .any(|c| c.get("name").text() == container)
    });
    if !known {
        report.invalid(
            field,
            &rules::POD_ANNOTATION,
            format!("`{}` is no container of the pod", shorten(container)),
        );
    }
    let text = field.text();
    if !matches!(text, "" | "runtime/default" | "unconfined") && !text.starts_with("localhost/") {
        report.invalid(
            field,
            &rules::PROFILE,
            format!("`{}` is no AppArmor profile", shorten(text)),
        );
    }
}
