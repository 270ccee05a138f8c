//! PersistentVolumeClaims and PersistentVolumes (`pkg/apis/core/validation/validation.go`
//! `ValidatePersistentVolumeClaimSpec`, `ValidatePersistentVolumeSpec`).

use crate::field::Field;
use crate::metadata::{check_annotations, check_labels};
use crate::pods::resources::check_quantity_syntax;
use crate::pods::scheduling::check_node_selector;
use crate::pods::volume_sources::{check_driver_name, check_source};
use crate::report::{Report, shorten};
use crate::rules;
use crate::selector::check_label_selector;
use crate::text::TextForm;

const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

/// Checks a PersistentVolumeClaim.
pub(crate) fn check_claim(object: &Field, report: &mut Report) {
    check_claim_spec(&object.get("spec"), report);
}

/// Checks the template of a claim in a volume (`ValidatePersistentVolumeClaimTemplate`).
pub(crate) fn check_claim_template(template: &Field, report: &mut Report) {
    let metadata = template.get("metadata");
    check_annotations(&metadata.get("annotations"), report);
    check_labels(&metadata.get("labels"), report);
    for (name, _) in metadata.entries() {
        let field = metadata.get(name);
        if !matches!(name, "annotations" | "labels" | "creationTimestamp")
            && !field.is_blank()
            && !field.is_empty()
        {
            let message = format!(
                "`{}` in the metadata of a template: expected labels and annotations",
                shorten(name)
            );
            report.forbidden(&field, &rules::TEMPLATE_METADATA, message);
        }
    }
    check_claim_spec(&template.get("spec"), report);
}

/// Checks the spec of a claim.
pub(crate) fn check_claim_spec(spec: &Field, report: &mut Report) {
    check_access_modes(spec, report);
    check_label_selector(&spec.get("selector"), report);
    let resources = spec.get("resources");
    let requests = resources.get_as("requests", "");
    let size = requests.key("storage");
    if !size.exists() {
        report.required(&size, "missing: the size of the volume is required");
    } else if check_quantity_syntax(&size, report).is_some_and(|quantity| !quantity.is_positive()) {
        report.invalid(
            &size,
            &rules::QUANTITY_VALUE,
            format!("{}: expected more than 0", size.value()),
        );
    }
    for name in ["storageClassName", "volumeAttributesClassName"] {
        report.form_if_set(&spec.get(name), &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
    report.exactly_one_of(&spec.get("volumeMode"), &["Block", "Filesystem"]);
    check_data_sources(spec, report);
}

/// Checks how a volume can be mounted.
fn check_access_modes(spec: &Field, report: &mut Report) {
    let modes = spec.get("accessModes");
    report.present(&modes);
    let (mut alone, mut others) = (false, false);
    for mode in modes.items() {
        let known = report.exactly_one_of(&mode.unplaced(), &ACCESS_MODES);
        alone |= mode.text() == "ReadWriteOncePod";
        others |= known && mode.text() != "ReadWriteOncePod";
    }
    if alone && others {
        report.forbidden(
            &modes,
            &rules::ACCESS_MODES,
            "`ReadWriteOncePod` beside other modes: expected it alone",
        );
    }
}

/// Checks what a volume is filled from (`validateDataSource`, `validateDataSourceRef`).
fn check_data_sources(spec: &Field, report: &mut Report) {
    let (source, reference) = (spec.get("dataSource"), spec.get("dataSourceRef"));
    // The API server drops a `dataSource` of any other kind.
    let kept = matches!(
        (source.get("apiGroup").text(), source.get("kind").text()),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    );
    if source.exists() && kept {
        check_data_source(&source, report);
    }
    if reference.exists() {
        check_data_source(&reference, report);
    }
    report.form_if_set(
        &reference.get("namespace"),
        &rules::NAME_SYNTAX,
        TextForm::DnsLabel,
    );
    if !source.exists() || !kept || !reference.exists() {
        return;
    }
    let place = spec.get_as("dataSource", "");
    if !reference.get("namespace").is_blank() {
        let message =
            "`dataSource` beside `dataSourceRef` with a namespace: expected the latter alone";
        report.invalid(&place, &rules::CONFLICTING_FIELDS, message);
    } else if ["apiGroup", "kind", "name"]
        .iter()
        .any(|name| source.get(name).value() != reference.get(name).value())
    {
        report.invalid(
            &place,
            &rules::CONFLICTING_FIELDS,
            "`dataSource` and `dataSourceRef` differ: expected the same",
        );
    }
}

fn check_data_source(source: &Field, report: &mut Report) {
    report.present(&source.get("name"));
    let (kind, group) = (source.get("kind"), source.get("apiGroup"));
    report.present(&kind);
    if group.is_blank() {
        if kind.text() != "PersistentVolumeClaim" && kind.value().is_string() {
            let message = format!(
                "`{}` without `apiGroup`: expected `PersistentVolumeClaim`, or a group",
                shorten(kind.text())
            );
            report.invalid(&source.get_as("kind", ""), &rules::DATA_SOURCE, message);
        }
    } else {
        report.form(&group, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    }
}

/// The sources of PersistentVolumes: the member, and the names that Kubernetes' paths use for it when there is more than
/// one source and within it.
const SOURCES: [(&str, &str, &str); 22] = [
    ("hostPath", "hostPath", "hostPath"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    (
        "awsElasticBlockStore",
        "awsElasticBlockStore",
        "awsElasticBlockStore",
    ),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    ("nfs", "nfs", "nfs"),
    ("rbd", "rbd", "rbd"),
    ("quobyte", "quobyte", "quobyte"),
    ("cephfs", "cephFS", "cephfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("cinder", "cinder", "cinder"),
    ("fc", "fc", "fc"),
    ("flexVolume", "flexVolume", "flexVolume"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "photonPersistentDisk",
    ),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("local", "local", "local"),
    ("storageos", "storageos", "storageos"),
    ("csi", "csi", "csi"),
];

/// Checks a PersistentVolume.
pub(crate) fn check_volume(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    check_access_modes(&spec, report);
    check_capacity(&spec.get("capacity"), report);
    let reclaim = spec.get("persistentVolumeReclaimPolicy");
    report.one_of(&reclaim, &["Delete", "Recycle", "Retain"]);
    let affinity = spec.get("nodeAffinity");
    if affinity.exists() {
        let required = affinity.get("required");
        if required.exists() {
            check_node_selector(&required, report);
        } else {
            report.required(
                &required,
                "missing: the nodes that reach the volume are required",
            );
        }
    }
    check_volume_sources(&spec, report);
    if spec.get("local").exists() && !affinity.exists() {
        report.required(
            &affinity,
            "missing: a local volume needs the node that it is on",
        );
    }
    let host = spec.get("hostPath");
    let is_root = host
        .get("path")
        .text()
        .split('/')
        .all(|part| part.is_empty() || part == ".");
    if host.exists() && is_root && !host.get("path").is_blank() && reclaim.text() == "Recycle" {
        report.forbidden(
            &reclaim,
            &rules::ACCESS_MODES,
            "`Recycle` of the root of a node",
        );
    }
    report.form_if_set(
        &spec.get("storageClassName"),
        &rules::NAME_SYNTAX,
        TextForm::DnsSubdomain,
    );
    report.exactly_one_of(&spec.get("volumeMode"), &["Block", "Filesystem"]);
    let class = spec.get("volumeAttributesClassName");
    if class.exists() && report.since(34) {
        report.required_form(&class, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
        if !spec.get("csi").exists() {
            report.required(
                &spec.get("csi"),
                "missing: `volumeAttributesClassName` needs a CSI volume",
            );
        }
    }
}

fn check_capacity(capacity: &Field, report: &mut Report) {
    report.present(capacity);
    if capacity.count() > 1 || (capacity.count() == 1 && !capacity.key("storage").exists()) {
        report.unsupported(capacity, "capacity", &["storage"]);
    }
    for (_, size) in capacity.entries() {
        if check_quantity_syntax(&size, report).is_some_and(|quantity| !quantity.is_positive()) {
            report.invalid(
                &size,
                &rules::QUANTITY_VALUE,
                format!("{}: expected more than 0", size.value()),
            );
        }
    }
}

fn check_volume_sources(spec: &Field, report: &mut Report) {
    let mut first = "";
    for (member, plural, path) in &SOURCES {
        if !spec.get(member).exists() {
            continue;
        }
        if first.is_empty() {
            first = member;
            check_volume_source(&spec.get_as(member, path), member, report);
        } else {
            let message = format!("`{member}` beside `{first}`: a volume has one source");
            report.forbidden(&spec.get_as(member, plural), &rules::VOLUME_SOURCE, message);
        }
    }
    if first.is_empty() {
        report.required(
            spec,
            "a volume without a source, such as `csi`, `nfs` or `local`",
        );
    }
}

fn check_volume_source(source: &Field, member: &str, report: &mut Report) {
    match member {
        "csi" => {
            check_driver_name(&source.get("driver"), report);
            report.present(&source.get("volumeHandle"));
            for name in [
                "controllerPublishSecretRef",
                "controllerExpandSecretRef",
                "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ] {
                let secret = source.get(name);
                if secret.exists() {
                    report.required_form(
                        &secret.get("name"),
                        &rules::NAME_SYNTAX,
                        TextForm::DnsSubdomain,
                    );
                    report.required_form(
                        &secret.get("namespace"),
                        &rules::NAME_SYNTAX,
                        TextForm::DnsLabel,
                    );
                }
            }
        }
        _ => check_source(source, member, report),
    }
}
