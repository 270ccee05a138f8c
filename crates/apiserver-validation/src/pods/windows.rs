//! Operating systems of pods, and what Windows has otherwise (`validateOS`, `validateLinux`, `validateWindows`,
//! `validateWindowsSecurityContextOptions`).

use super::CONTAINER_LISTS;
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;

/// Fields of a pod's security context that Windows does not know.
const NOT_WINDOWS_POD: [&str; 11] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];

/// Fields of a container's security context that Windows does not know.
const NOT_WINDOWS_CONTAINER: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// Checks that fields fit the operating system of the pod.
pub(super) fn check_os(spec: &Field, report: &mut Report) {
    check_host_process(spec, report);
    let os = spec.get("os");
    if !os.exists() {
        return;
    }
    let name = os.get("name");
    if !report.present(&name) {
        return;
    }
    match name.text() {
        "linux" => check_linux(spec, report),
        "windows" => check_windows(spec, report),
        // Kubernetes names the whole field.
        text => report.unsupported(&os.get_as("name", ""), text, &["linux", "windows"]),
    }
}

fn check_linux(spec: &Field, report: &mut Report) {
    refuse_fields(
        &spec.get("securityContext"),
        &["windowsOptions"],
        "linux",
        report,
    );
    for list in CONTAINER_LISTS {
        for container in spec.get(list).items() {
            refuse_fields(
                &container.get("securityContext"),
                &["windowsOptions"],
                "linux",
                report,
            );
        }
    }
}

fn check_windows(spec: &Field, report: &mut Report) {
    refuse_fields(
        &spec.get("securityContext"),
        &NOT_WINDOWS_POD,
        "windows",
        report,
    );
    refuse_fields(
        spec,
        &["hostUsers", "shareProcessNamespace", "resources"],
        "windows",
        report,
    );
    for name in ["hostPID", "hostIPC"] {
        if spec.get(name).is_true() {
            refuse_fields(spec, &[name], "windows", report);
        }
    }
    for list in CONTAINER_LISTS {
        for container in spec.get(list).items() {
            refuse_fields(
                &container.get("securityContext"),
                &NOT_WINDOWS_CONTAINER,
                "windows",
                report,
            );
        }
    }
}

fn refuse_fields(owner: &Field, names: &[&str], os: &str, report: &mut Report) {
    for name in names {
        let field = owner.get(name);
        if field.exists() {
            report.forbidden(
                &field,
                &rules::OS_FIELD,
                format!("`{name}` in a pod for `{os}`, which does not have it"),
            );
        }
    }
}

/// Checks options of Windows.
pub(super) fn check_options(options: &Field, report: &mut Report) {
    report.form(
        &options.get("gmsaCredentialSpecName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    let spec = options.get("gmsaCredentialSpec");
    let size = spec.text().len();
    if spec.value().is_string() && (size == 0 || size > 64 * 1024) {
        report.invalid(
            &spec,
            &rules::TOO_LONG,
            format!("{size} bytes: expected 1 to 65536"),
        );
    }
    let user = options.get("runAsUserName");
    if user.value().is_string() && !is_windows_user(user.text()) {
        let message = format!(
            "`{}` is no user of Windows: expected `user` or `DOMAIN\\user`",
            shorten(user.text())
        );
        report.invalid(&user, &rules::NAME_SYNTAX, message);
    }
}

fn is_windows_user(text: &str) -> bool {
    let (domain, user) = match text.split_once('\\') {
        Some((domain, user)) => (Some(domain), user),
        None => (None, text),
    };
    let domain_fits = domain.is_none_or(|domain| is_net_bios_name(domain) || is_dns_domain(domain));
    domain_fits
        && !text.chars().any(|c| c.is_ascii_control())
        && (1..=104).contains(&user.len())
        && !user.chars().all(|c| c == '.' || c == ' ')
        && !user.contains([
            '"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']',
        ])
}

fn is_net_bios_name(text: &str) -> bool {
    (1..=15).contains(&text.chars().count())
        && !text.starts_with('.')
        && !text.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns_domain(text: &str) -> bool {
    text.len() < 256
        && text
            .split('.')
            .all(|part| TextForm::DnsLabel.accepts(&part.to_ascii_lowercase()))
}

/// Checks containers that run as processes of the node (`validateWindowsHostProcessPod`).
fn check_host_process(spec: &Field, report: &mut Report) {
    let host_process = |owner: &Field| {
        owner
            .value()
            .pointer("/securityContext/windowsOptions/hostProcess")
            .and_then(serde_json::Value::as_bool)
    };
    let whole = host_process(spec);
    let (mut all, mut host) = (0, 0);
    for list in CONTAINER_LISTS {
        for container in spec.get(list).items() {
            let own = host_process(&container);
            all += 1;
            host += usize::from(own.or(whole) == Some(true));
            if own.is_some() && whole.is_some() && own != whole {
                let context = container.get("securityContext");
                let options = context.get("windowsOptions");
                let message =
                    "`hostProcess` of the container and of the pod differ: expected the same";
                report.invalid(&options.get("hostProcess"), &rules::HOST_PROCESS, message);
            }
        }
    }
    if host > 0 && host < all {
        let message =
            format!("{host} of {all} containers are host processes: expected all or none");
        report.invalid(spec, &rules::HOST_PROCESS, message);
    }
    let network = spec.get("hostNetwork");
    if host > 0 && !network.is_true() {
        report.invalid(
            &network,
            &rules::HOST_PROCESS,
            "host processes without the host network: expected `true`",
        );
    }
}
