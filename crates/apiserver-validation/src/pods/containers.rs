//! Containers of all kinds (`validateContainers`, `validateInitContainers`, `validateEphemeralContainers`).

use super::{PodFacts, PodSubject, env, handlers, mounts, ports, resources, security};
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;

/// Fields that an ephemeral container may not have.
const NOT_EPHEMERAL: [&str; 7] = [
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
    "resizePolicy",
];

/// Checks all containers of a pod.
pub(super) fn check_all_containers(facts: &PodFacts, report: &mut Report) {
    let spec = &facts.spec;
    let containers = spec.get("containers");
    if containers.is_empty() {
        report.required(
            &containers,
            "missing or empty: a pod needs at least one container",
        );
    }
    let mut names = Seen::new();
    for container in containers.items() {
        check_container(&container, facts, report);
        check_unique_name(&container, &mut names, report);
        handlers::check_lifecycle(&container, facts, report);
        handlers::check_probes(&container, facts, report);
        check_container_restart(&container, report);
    }
    let mut host_ports = Seen::new();
    for container in containers.items() {
        ports::check_host_ports(&container, facts, &mut host_ports, report);
    }
    for container in spec.get("initContainers").items() {
        check_container(&container, facts, report);
        check_unique_name(&container, &mut names, report);
        check_init_container(&container, facts, report);
    }
    for container in spec.get("ephemeralContainers").items() {
        check_container(&container, facts, report);
        check_unique_name(&container, &mut names, report);
        check_ephemeral_container(&container, spec, report);
    }
}

fn check_unique_name<'v>(
    container: &Field<'v, '_>,
    names: &mut Seen<&'v str>,
    report: &mut Report,
) {
    let name = container.get("name");
    if !name.is_blank() && !names.insert(name.text()) {
        let message = format!(
            "`{}` is the name of another container too",
            shorten(name.text())
        );
        report.duplicate(&name, &rules::DUPLICATE_NAME, message);
    }
}

/// Checks what holds for containers of all kinds (`validateContainerCommon`).
fn check_container(container: &Field, facts: &PodFacts, report: &mut Report) {
    report.required_form(
        &container.get("name"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    let image = container.get("image");
    report.present(&image);
    if facts.subject == PodSubject::Pod && image.text().trim() != image.text() {
        report.invalid(
            &image,
            &rules::IMAGE,
            format!("`{}` has white space around it", shorten(image.text())),
        );
    }
    report.one_of(
        &container.get("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    report.one_of(
        &container.get("imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
    );
    ports::check_ports(&container.get("ports"), report);
    env::check_env(&container.get("env"), report);
    env::check_env_from(&container.get("envFrom"), report);
    mounts::check_mounts(container, facts, report);
    mounts::check_devices(container, facts, report);
    resources::check_container_resources(container, facts, report);
    resources::check_resize_policy(container, facts, report);
    security::check_container_security(container, facts, report);
}

/// Checks that only init containers have a restart policy of their own. Kubernetes 1.34 drops it, since its feature is off;
/// from 1.35 on all containers may have one.
fn check_container_restart(container: &Field, report: &mut Report) {
    let policy = container.get("restartPolicy");
    if !policy.exists() || report.is_minor(34) {
        return;
    }
    if report.since(35) {
        report.exactly_one_of(&policy, &["Always", "Never", "OnFailure"]);
    } else {
        let message =
            "a restart policy of a container that is no init container: expected it on the pod";
        report.forbidden(&policy, &rules::RESTART_POLICY, message);
    }
}

/// Checks a container that runs before the others, or beside them with `restartPolicy: Always`.
fn check_init_container(container: &Field, facts: &PodFacts, report: &mut Report) {
    let policy = container.get("restartPolicy");
    let allowed: &[&str] = if report.since(35) {
        &["Always", "Never", "OnFailure"]
    } else {
        &["Always"]
    };
    if policy.exists() && !report.is_minor(34) {
        report.exactly_one_of(&policy, allowed);
    }
    let list = facts.spec.get("initContainers");
    let mut host_ports = Seen::new();
    for place in list
        .items()
        .filter(|item| std::ptr::eq(item.value(), container.value()))
    {
        // Kubernetes numbers the only container of a list of its own.
        ports::check_host_ports(&place.renumbered(0), facts, &mut host_ports, report);
    }
    if policy.text() == "Always" {
        handlers::check_lifecycle(container, facts, report);
        handlers::check_probes(container, facts, report);
        return;
    }
    for name in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        let field = container.get(name);
        if field.exists() {
            let message = format!(
                "`{name}` of an init container: expected `restartPolicy: Always` beside it"
            );
            report.forbidden(&field, &rules::INIT_CONTAINER, message);
        }
    }
    let resize = container.get("resizePolicy");
    if resize.count() > 0 && !report.since(35) {
        report.invalid(
            &resize,
            &rules::INIT_CONTAINER,
            "a resize policy of an init container, which is not resized",
        );
    }
}

/// Checks a container that is added to a running pod.
fn check_ephemeral_container(container: &Field, spec: &Field, report: &mut Report) {
    let target = container.get("targetContainerName");
    if !target.is_blank() {
        let known = ["containers", "initContainers"].iter().any(|list| {
            spec.get(list)
                .items()
                .any(|c| c.get("name").text() == target.text())
        });
        if !known {
            let message = format!("`{}` is no container of the pod", shorten(target.text()));
            report.add(
                &target,
                crate::violation::Cause::NotFound,
                &rules::EPHEMERAL_CONTAINER,
                message,
            );
        }
    }
    for name in NOT_EPHEMERAL {
        let field = container.get(name);
        if !field.is_empty() {
            let message = format!("`{name}` of an ephemeral container, which has none");
            report.forbidden(&field, &rules::EPHEMERAL_CONTAINER, message);
        }
    }
    for mount in container.get("volumeMounts").items() {
        for name in ["subPath", "subPathExpr"] {
            if !mount.get(name).is_blank() {
                let message =
                    format!("`{name}` in an ephemeral container: expected the whole volume");
                report.forbidden(&mount.get(name), &rules::EPHEMERAL_CONTAINER, message);
            }
        }
    }
}
