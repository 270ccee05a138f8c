//! Checks the Pod Security level `baseline`.

use super::{PodSecurityLevel, PodSecurityPolicy, SecuredPod};
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;

/// Capabilities that containers have anyway (`capabilities_allowed_1_0`).
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Kernel parameters that are safe, with the minor version since which they are.
const SAFE_SYSCTLS: [(&str, u16); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Checks a pod against the level, apart from what `restricted` checks more strictly in its place.
pub(super) fn check_baseline(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    let is_baseline = policy.level == PodSecurityLevel::Baseline;
    check_host(pod, report);
    if is_baseline {
        check_host_paths(pod, report);
        check_capabilities(pod, report);
        check_seccomp(pod, report);
    }
    check_containers(pod, policy, report);
    check_selinux(pod, policy, report);
    check_apparmor(pod, report);
    check_sysctls(pod, policy, report);
    if policy.since(34) {
        check_probe_hosts(pod, report);
    }
}

/// Refuses namespaces and processes of the node (`check_hostNamespaces.go`, `check_windowsHostProcess.go`).
fn check_host(pod: &SecuredPod, report: &mut Report) {
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        let field = pod.spec.get(name);
        if field.is_true() {
            report.forbidden(
                &field,
                &rules::PSS_HOST_NAMESPACES,
                format!("`{name}: true` shares a namespace with the node"),
            );
        }
    }
    pod.each_context(|context| {
        let options = context.get("windowsOptions");
        let field = options.get("hostProcess");
        if field.is_true() {
            report.forbidden(
                &field,
                &rules::PSS_HOST_PROCESS,
                "`true` makes it a process of the node",
            );
        }
    });
}

/// Refuses directories of the node (`check_hostPathVolumes.go`).
fn check_host_paths(pod: &SecuredPod, report: &mut Report) {
    for volume in pod.spec.get("volumes").items() {
        let source = volume.get("hostPath");
        if source.exists() {
            report.forbidden(
                &source,
                &rules::PSS_HOST_PATH,
                "a directory of the node as a volume",
            );
        }
    }
}

/// Refuses capabilities beyond those that containers have anyway (`check_capabilities_baseline.go`).
fn check_capabilities(pod: &SecuredPod, report: &mut Report) {
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let capabilities = context.get("capabilities");
        for capability in capabilities.get("add").items() {
            if !DEFAULT_CAPABILITIES.contains(&capability.text()) {
                let message = format!(
                    "`{}` is no capability that containers have by default",
                    shorten(capability.text())
                );
                report.forbidden(&capability, &rules::PSS_CAPABILITIES, message);
            }
        }
    });
}

/// Tells that a seccomp profile confines (`validSeccomp`).
pub(super) fn is_confining(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// Refuses profiles that confine nothing (`check_seccompProfile_baseline.go`).
fn check_seccomp(pod: &SecuredPod, report: &mut Report) {
    pod.each_context(|context| refuse_unconfined(context, report));
}

/// Refuses a seccomp profile that confines nothing; false when there is one that confines, or none.
pub(super) fn refuse_unconfined(context: &Field, report: &mut Report) {
    let profile = context.get("seccompProfile");
    let kind = profile.get("type");
    if profile.exists() && !is_confining(kind.text()) {
        let message = format!(
            "`{}`: expected `RuntimeDefault` or `Localhost`",
            shorten(kind.text())
        );
        report.forbidden(&kind, &rules::PSS_SECCOMP, message);
    }
}

/// Refuses privileges, an open `/proc` and ports of the node (`check_privileged.go`, `check_procMount.go`, `check_hostPorts.go`).
fn check_containers(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    pod.each_container(|container| {
        let context = container.get("securityContext");
        let (privileged, mount) = (context.get("privileged"), context.get("procMount"));
        if privileged.is_true() {
            report.forbidden(
                &privileged,
                &rules::PSS_PRIVILEGED,
                "`true` gives the container all of the node",
            );
        }
        if mount.exists() && mount.text() != "Default" && !pod.has_own_users(policy) {
            let message = format!("`{}`: expected `Default`", shorten(mount.text()));
            report.forbidden(&mount, &rules::PSS_PROC_MOUNT, message);
        }
        for port in container.get("ports").items() {
            let field = port.get("hostPort");
            if let Some(number) = field.int().filter(|number| *number != 0) {
                report.forbidden(
                    &field,
                    &rules::PSS_HOST_PORTS,
                    format!("port {number} of the node"),
                );
            }
        }
    });
}

/// Refuses SELinux options that loosen (`check_seLinuxOptions.go`).
fn check_selinux(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    pod.each_context(|context| {
        let options = context.get("seLinuxOptions");
        let kind = options.get("type");
        let known = matches!(
            kind.text(),
            "" | "container_t" | "container_init_t" | "container_kvm_t"
        ) || (kind.text() == "container_engine_t" && policy.since(31));
        if !known {
            let message = format!("`{}` is no type of containers", shorten(kind.text()));
            report.forbidden(&kind, &rules::PSS_SELINUX, message);
        }
        for name in ["user", "role"] {
            let field = options.get(name);
            if !field.is_blank() {
                report.forbidden(
                    &field,
                    &rules::PSS_SELINUX,
                    format!("an SELinux {name} of its own"),
                );
            }
        }
    });
}

/// Refuses AppArmor profiles that confine nothing (`check_appArmorProfile.go`).
fn check_apparmor(pod: &SecuredPod, report: &mut Report) {
    pod.each_context(|context| {
        let profile = context.get("appArmorProfile");
        let kind = profile.get("type");
        if profile.exists() && !matches!(kind.text(), "RuntimeDefault" | "Localhost") {
            let message = format!(
                "`{}`: expected `RuntimeDefault` or `Localhost`",
                shorten(kind.text())
            );
            report.forbidden(&kind, &rules::PSS_APPARMOR, message);
        }
    });
    for (key, field) in pod.metadata.get("annotations").entries() {
        let text = field.text();
        let confines = matches!(text, "" | "runtime/default") || text.starts_with("localhost/");
        if key.starts_with(APPARMOR_ANNOTATION) && !confines {
            report.forbidden(
                &field,
                &rules::PSS_APPARMOR,
                format!("`{}`: expected `runtime/default`", shorten(text)),
            );
        }
    }
}

/// Refuses kernel parameters that others feel too (`check_sysctls.go`).
fn check_sysctls(pod: &SecuredPod, policy: PodSecurityPolicy, report: &mut Report) {
    let context = pod.spec.get("securityContext");
    for sysctl in context.get("sysctls").items() {
        let name = sysctl.get("name");
        let safe = SAFE_SYSCTLS
            .iter()
            .any(|(safe, minor)| *safe == name.text() && policy.since(*minor));
        if !safe {
            report.forbidden(
                &name,
                &rules::PSS_SYSCTLS,
                format!("`{}` is not safe to set", shorten(name.text())),
            );
        }
    }
}

/// Refuses probes of other hosts (`check_hostProbesAndhostLifecycle.go`).
fn check_probe_hosts(pod: &SecuredPod, report: &mut Report) {
    pod.each_container(|container| {
        let lifecycle = container.get("lifecycle");
        let hooks = ["postStart", "preStop"].map(|name| lifecycle.get(name));
        let probes =
            ["livenessProbe", "readinessProbe", "startupProbe"].map(|name| container.get(name));
        for owner in hooks.iter().chain(&probes) {
            for name in ["httpGet", "tcpSocket"] {
                let handler = owner.get(name);
                let host = handler.get("host");
                if !host.is_blank() {
                    report.forbidden(
                        &host,
                        &rules::PSS_PROBE_HOST,
                        format!("`{}` is another host than the pod", shorten(host.text())),
                    );
                }
            }
        }
    });
}
