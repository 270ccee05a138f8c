//! Single sources of volumes, in pods and in PersistentVolumes (`validate…VolumeSource`).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::text::TextForm;
use crate::violation::Cause;

/// Fields that a source requires, for the sources of which nothing more is checked.
const REQUIRED_FIELDS: [(&str, &[&str]); 17] = [
    ("gitRepo", &["repository"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("nfs", &["server", "path"]),
    ("iscsi", &["targetPortal", "iqn"]),
    ("glusterfs", &["endpoints", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("quobyte", &["registry", "volume"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
];

/// Checks a source of a volume.
pub(crate) fn check_source(source: &Field, member: &str, report: &mut Report) {
    if let Some((_, fields)) = REQUIRED_FIELDS.iter().find(|(name, _)| *name == member) {
        for field in *fields {
            report.present(&source.get(field));
        }
    }
    match member {
        "hostPath" | "local" => check_host_path(source, report),
        "gitRepo" => check_relative_path(&source.get("directory"), report),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            report.in_range(&source.get("partition"), 0, 255);
        }
        "secret" => check_keys(source, "secretName", report),
        "configMap" => check_keys(source, "name", report),
        "nfs" => check_absolute(&source.get("path"), report),
        "iscsi" => check_iscsi(source, report),
        "fc" => check_fc(source, report),
        "flocker" => check_flocker(source, report),
        "flexVolume" => check_flex_options(&source.get("options"), report),
        "azureDisk" => check_azure_disk(source, report),
        "storageos" => check_storageos(source, report),
        "csi" => check_csi(source, report),
        "cinder" => check_secret_name(&source.get("secretRef"), report),
        _ => {}
    }
}

fn check_secret_name(reference: &Field, report: &mut Report) {
    if reference.exists() {
        report.present(&reference.get("name"));
    }
}

/// Checks the path of a directory on the node (`validateHostPathVolumeSource`, `validateLocalVolumeSource`).
fn check_host_path(source: &Field, report: &mut Report) {
    let path = source.get("path");
    if report.present(&path) {
        check_no_backsteps(&path, report);
        let types = [
            "DirectoryOrCreate",
            "Directory",
            "FileOrCreate",
            "File",
            "Socket",
            "CharDevice",
            "BlockDevice",
        ];
        report.one_of(&source.get("type"), &types);
    }
}

fn check_absolute(path: &Field, report: &mut Report) {
    if !path.is_blank() && path.value().is_string() && !path.text().starts_with('/') {
        report.invalid(
            path,
            &rules::PATH_FORM,
            format!(
                "`{}` is relative: expected `/` in front",
                shorten(path.text())
            ),
        );
    }
}

/// Checks the keys of a Secret or ConfigMap that become files (`validateSecretVolumeSource`).
fn check_keys(source: &Field, name: &str, report: &mut Report) {
    report.present(&source.get(name));
    check_file_mode(&source.get("defaultMode"), report);
    for item in source.get("items").items() {
        check_key_to_path(&item, report);
    }
}

/// Checks a key and the path of its file (`validateKeyToPath`).
pub(super) fn check_key_to_path(item: &Field, report: &mut Report) {
    report.present(&item.get("key"));
    let path = item.get("path");
    report.present(&path);
    check_unreserved_path(&path, report);
    check_file_mode(&item.get("mode"), report);
}

/// Checks the permission bits of a file.
pub(super) fn check_file_mode(mode: &Field, report: &mut Report) {
    if let Some(bits) = mode.int()
        && !(0..=0o777).contains(&bits)
    {
        let message = format!("{bits} is no file mode: expected 0 to 511, in octal 0 to 0777");
        report.invalid(mode, &rules::FILE_MODE, message);
    }
}

/// Refuses `..` as a part of a path (`validatePathNoBacksteps`).
pub(crate) fn check_no_backsteps(path: &Field, report: &mut Report) {
    if path.text().split('/').any(|part| part == "..") {
        let message = format!(
            "`{}` goes up with `..`: expected a path without it",
            shorten(path.text())
        );
        report.invalid(path, &rules::PATH_FORM, message);
    }
}

/// Requires a path to be relative and to stay below its directory (`validateLocalDescendingPath`).
pub(super) fn check_relative_path(path: &Field, report: &mut Report) {
    if path.text().starts_with('/') {
        let message = format!(
            "`{}` is absolute: expected a relative path",
            shorten(path.text())
        );
        report.invalid(path, &rules::PATH_FORM, message);
    }
    check_no_backsteps(path, report);
}

/// Requires a relative path that does not begin with `..` (`ValidateLocalNonReservedPath`).
pub(super) fn check_unreserved_path(path: &Field, report: &mut Report) {
    check_relative_path(path, report);
    let text = path.text();
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        let message = format!("`{}` begins with `..`, which is reserved", shorten(text));
        report.invalid(path, &rules::PATH_FORM, message);
    }
}

/// Checks an iSCSI volume (`validateISCSIVolumeSource`).
fn check_iscsi(source: &Field, report: &mut Report) {
    check_iqn(&source.get("iqn"), report);
    check_iqn(&source.get_as("initiatorName", "initiatorname"), report);
    report.in_range(&source.get("lun"), 0, 255);
    let chap = source.get("chapAuthDiscovery").is_true() || source.get("chapAuthSession").is_true();
    let secret = source.get("secretRef");
    if chap && !secret.exists() {
        report.required(&secret, "missing: CHAP authentication needs a Secret");
    }
}

fn check_iqn(field: &Field, report: &mut Report) {
    let text = field.text();
    let named = ["iqn", "eui", "naa"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    if !field.is_blank() && field.value().is_string() && !(named && is_iscsi_name(text)) {
        let message = format!(
            "`{}` is no iSCSI name: expected one that begins with `iqn.`, `eui.` or `naa.`",
            shorten(text)
        );
        report.invalid(field, &rules::NAME_SYNTAX, message);
    }
}

/// Tells that a name has the form of `iscsiInitiatorIqnRegex`, `iscsiInitiatorEuiRegex` or `iscsiInitiatorNaaRegex`.
fn is_iscsi_name(text: &str) -> bool {
    let alphanumeric = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if let Some(rest) = text.strip_prefix("iqn.") {
        let (date, rest) = rest.split_at_checked(8).unwrap_or(("", ""));
        let is_date = date.bytes().enumerate().all(|(i, b)| match i {
            4 => b == b'-',
            7 => b == b'.',
            _ => b.is_ascii_digit(),
        });
        let (host, name) = rest.split_once(':').unwrap_or((rest, ""));
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let is_name = |c: char| !c.is_whitespace() && !",;*&$|".contains(c);
        return date.len() == 8
            && is_date
            && is_host
            && !name.is_empty()
            && name.chars().all(is_name);
    }
    let (kind, rest) = text.split_at_checked(4).unwrap_or(("", ""));
    match kind {
        "eui." => rest.len() == 16 && alphanumeric(rest),
        "naa." => rest.len() == 32 && alphanumeric(rest),
        _ => false,
    }
}

/// Checks a Fibre Channel volume (`validateFCVolumeSource`).
fn check_fc(source: &Field, report: &mut Report) {
    let (targets, lun) = (source.get("targetWWNs"), source.get("lun"));
    match (targets.count() > 0, source.get("wwids").count() > 0) {
        (false, false) => report.required(&targets, "missing: `targetWWNs` or `wwids` is required"),
        (true, true) => report.invalid(
            &targets,
            &rules::CONFLICTING_FIELDS,
            "`targetWWNs` beside `wwids`: expected one",
        ),
        _ => {}
    }
    if targets.count() > 0 {
        if lun.exists() {
            report.in_range(&lun, 0, 255);
        } else {
            report.required(&lun, "missing: `targetWWNs` needs a `lun`");
        }
    }
}

fn check_flocker(source: &Field, report: &mut Report) {
    let (name, id) = (source.get("datasetName"), source.get("datasetUUID"));
    match (name.is_blank(), id.is_blank()) {
        (true, true) => report.required(
            source,
            "missing: `datasetName` or `datasetUUID` is required",
        ),
        (false, false) => {
            report.invalid(
                source,
                &rules::CONFLICTING_FIELDS,
                "`datasetName` beside `datasetUUID`: expected one",
            );
        }
        _ => {}
    }
    if name.text().contains('/') {
        report.invalid(
            &name,
            &rules::NAME_SYNTAX,
            format!("`{}` contains `/`", shorten(name.text())),
        );
    }
}

fn check_flex_options(options: &Field, report: &mut Report) {
    for (key, option) in options.entries() {
        let domain = format!(
            ".{}",
            key.split('/').next().unwrap_or_default().to_lowercase()
        );
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            report.invalid(
                &option,
                &rules::KEY_SYNTAX,
                format!("`{}` lies in a domain of Kubernetes", shorten(key)),
            );
        }
    }
}

fn check_azure_disk(source: &Field, report: &mut Report) {
    report.present(&source.get("diskName"));
    let (uri, kind) = (source.get("diskURI"), source.get("kind"));
    report.present(&uri);
    report.one_of(
        &source.get("cachingMode"),
        &["None", "ReadOnly", "ReadWrite"],
    );
    report.one_of(&kind, &["Shared", "Dedicated", "Managed"]);
    let prefix = if kind.text() == "Managed" {
        "/subscriptions/"
    } else {
        "https://"
    };
    if kind.exists() && !uri.is_blank() && !uri.text().starts_with(prefix) {
        report.unsupported(&uri, uri.text(), &[&format!("{prefix}…")]);
    }
}

fn check_storageos(source: &Field, report: &mut Report) {
    report.required_form(
        &source.get("volumeName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    report.form_if_set(
        &source.get("volumeNamespace"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    check_secret_name(&source.get("secretRef"), report);
}

/// Checks a volume of a CSI driver in a pod (`validateCSIVolumeSource`).
fn check_csi(source: &Field, report: &mut Report) {
    check_driver_name(&source.get("driver"), report);
    let secret = source.get("nodePublishSecretRef");
    if secret.exists() && report.present(&secret.get("name")) {
        let reference = source.get_as("nodePublishSecretRef", "");
        report.form(
            &reference.get("name"),
            &rules::NAME_SYNTAX,
            TextForm::DnsSubdomain,
        );
    }
}

/// Checks the name of a CSI driver (`ValidateCSIDriverName`).
pub(crate) fn check_driver_name(driver: &Field, report: &mut Report) {
    if !report.present(driver) {
        return;
    }
    let lower = driver.text().to_lowercase();
    if lower.len() > 63 {
        let message = format!("the name has {} bytes: expected 63 at most", lower.len());
        report.add(driver, Cause::TooLong, &rules::TOO_LONG, message);
    }
    report.form_of(driver, &lower, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
}

/// Reports a name that no volume has.
pub(super) fn report_unknown_volume(name: &Field, report: &mut Report) {
    let message = format!(
        "`{}` is no volume of the pod: expected the name of one under `volumes`",
        shorten(name.text())
    );
    report.add(name, Cause::NotFound, &rules::UNKNOWN_VOLUME, message);
}
