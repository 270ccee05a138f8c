//! Mounts of volumes into containers (`ValidateVolumeMounts`, `ValidateVolumeDevices`).

use super::PodFacts;
use super::volume_sources::{check_relative_path, report_unknown_volume};
use super::volumes::VolumeKind;
use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;

/// Checks the volumes that a container mounts.
pub(super) fn check_mounts(container: &Field, facts: &PodFacts, report: &mut Report) {
    let devices = container.get("volumeDevices");
    let mut paths = Seen::new();
    let mounts = container.get("volumeMounts");
    for mount in mounts.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        check_volume_name(&name, facts, report);
        if report.present(&path) && path.value().is_string() && !paths.insert(path.text()) {
            let message = format!(
                "`{}` is the path of another mount of the container too",
                shorten(path.text())
            );
            report.invalid(&path, &rules::DUPLICATE_PATH, message);
        }
        if !name.is_blank()
            && devices
                .items()
                .any(|device| device.get("name").text() == name.text())
        {
            let message = format!(
                "`{}` is mounted and a block device: expected one",
                shorten(name.text())
            );
            report.invalid(&name, &rules::VOLUME_DEVICE, message);
        }
        if !path.is_blank()
            && devices
                .items()
                .any(|device| device.get("devicePath").text() == path.text())
        {
            let message = format!(
                "`{}` is the path of a block device too",
                shorten(path.text())
            );
            report.invalid(&path, &rules::DUPLICATE_PATH, message);
        }
        check_mount_options(&mount, container, report);
    }
}

/// Checks how a volume is mounted. Kubernetes' paths leave out which mount it is.
fn check_mount_options(mount: &Field, container: &Field, report: &mut Report) {
    let place = mount.unplaced();
    let (part, expression) = (place.get("subPath"), place.get("subPathExpr"));
    check_relative_path(&part, report);
    check_relative_path(&expression, report);
    if !part.is_blank() && !expression.is_blank() {
        let message = "`subPathExpr` beside `subPath`: expected one";
        report.invalid(
            &mount.get("subPathExpr"),
            &rules::CONFLICTING_FIELDS,
            message,
        );
    }
    let propagation = place.get("mountPropagation");
    if propagation.exists() {
        report.exactly_one_of(&propagation, &["Bidirectional", "HostToContainer", "None"]);
    }
    let context = container.get("securityContext");
    if propagation.text() == "Bidirectional" && !context.get("privileged").is_true() {
        let message =
            "`Bidirectional` in a container without privileges: expected `privileged: true`";
        report.forbidden(&propagation, &rules::MOUNT_PROPAGATION, message);
    }
    check_recursive_read_only(mount, &place.get("recursiveReadOnly"), report);
}

/// Checks recursive read-only mounts (`validateMountRecursiveReadOnly`).
fn check_recursive_read_only(mount: &Field, field: &Field, report: &mut Report) {
    if !field.exists() || !report.exactly_one_of(field, &["Disabled", "IfPossible", "Enabled"]) {
        return;
    }
    if field.text() == "Disabled" || !field.value().is_string() {
        return;
    }
    let propagation = mount.get("mountPropagation");
    if !mount.get("readOnly").is_true() {
        let message = format!(
            "`{}` of a writable mount: expected `readOnly: true` beside it",
            field.text()
        );
        report.forbidden(field, &rules::MOUNT_PROPAGATION, message);
    } else if propagation.exists() && propagation.text() != "None" {
        let message = format!(
            "`{}` beside propagation of mounts: expected `None`",
            field.text()
        );
        report.forbidden(field, &rules::MOUNT_PROPAGATION, message);
    }
}

/// Requires the name of a volume of the pod.
fn check_volume_name(name: &Field, facts: &PodFacts, report: &mut Report) -> Option<VolumeKind> {
    if !report.present(name) || !name.value().is_string() {
        return None;
    }
    let kind = facts.volumes.kind(name.text());
    if kind.is_none() {
        report_unknown_volume(name, report);
    }
    kind
}

/// Checks the volumes that a container has as block devices.
pub(super) fn check_devices(container: &Field, facts: &PodFacts, report: &mut Report) {
    let (mut names, mut paths) = (Seen::new(), Seen::new());
    let devices = container.get("volumeDevices");
    for device in devices.items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        if check_volume_name(&name, facts, report) == Some(VolumeKind::Other) {
            let message = format!(
                "`{}` is no claim: expected one for a block device",
                shorten(name.text())
            );
            report.invalid(&name, &rules::VOLUME_DEVICE, message);
        }
        if !name.is_blank() && !names.insert(name.text()) {
            let message = format!(
                "`{}` is another block device of the container too",
                shorten(name.text())
            );
            report.invalid(&name, &rules::DUPLICATE_NAME, message);
        }
        if !report.present(&path) {
            continue;
        }
        if path.text().split('/').any(|part| part == "..") {
            let message = format!(
                "`{}` goes up with `..`: expected a path without it",
                shorten(path.text())
            );
            report.invalid(&path, &rules::PATH_FORM, message);
        } else if !paths.insert(path.text()) {
            let message = format!(
                "`{}` is the path of another block device too",
                shorten(path.text())
            );
            report.invalid(&path, &rules::DUPLICATE_PATH, message);
        }
    }
}
