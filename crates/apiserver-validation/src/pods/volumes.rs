//! Volumes of a pod (`ValidateVolumes`, `validateVolumeSource`).

use super::volume_sources::check_source;
use super::{PodFacts, PodSubject};
use crate::field::Field;
use crate::pvc::check_claim_template;
use crate::quantity::Quantity;
use crate::report::{Report, shorten};
use crate::rules::{self, Rule};
use crate::seen::Seen;
use crate::text::TextForm;
use serde_json::Value;

/// The number of volumes up to which names are searched linearly.
const SCANNED: usize = 16;

/// The kind of volume that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VolumeKind {
    /// A claim, or a volume that a claim is made for: it can be a block device.
    Claim,
    /// Any other volume.
    Other,
}

/// The volumes of a pod by name.
pub(crate) struct VolumeIndex<'v> {
    volumes: &'v [Value],
    claims: &'v [Value],
    /// Names and places, sorted; filled for long lists only.
    sorted: Vec<(&'v str, usize)>,
}

impl<'v> VolumeIndex<'v> {
    pub(super) fn new(spec: &Field<'v, '_>, claims: Option<&Field<'v, '_>>) -> Self {
        let list = |value: Option<&'v Value>| {
            value
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice)
        };
        let volumes = list(spec.value().get("volumes"));
        let claims = list(claims.map(super::super::field::Field::value));
        let mut sorted = Vec::new();
        if volumes.len() > SCANNED {
            sorted = volumes
                .iter()
                .enumerate()
                .map(|(i, volume)| (name_of(volume), i))
                .collect();
            sorted.sort_unstable();
        }
        VolumeIndex {
            volumes,
            claims,
            sorted,
        }
    }

    /// Returns the kind of a volume, none when there is no volume of that name.
    pub(crate) fn kind(&self, name: &str) -> Option<VolumeKind> {
        if self.is_claimed(name) {
            return Some(VolumeKind::Claim);
        }
        let volume = self.find(name)?;
        let is_claim = ["persistentVolumeClaim", "ephemeral"]
            .iter()
            .any(|k| volume.get(k).is_some_and(|v| !v.is_null()));
        Some(if is_claim {
            VolumeKind::Claim
        } else {
            VolumeKind::Other
        })
    }

    /// Returns a volume of the pod itself.
    pub(crate) fn find(&self, name: &str) -> Option<&'v Value> {
        if self.volumes.len() <= SCANNED {
            return self.volumes.iter().find(|volume| name_of(volume) == name);
        }
        let place = self.sorted.partition_point(|(n, _)| *n < name);
        self.sorted
            .get(place)
            .filter(|(n, _)| *n == name)
            .map(|(_, i)| &self.volumes[*i])
    }

    /// Tells that a StatefulSet's claim template has the name.
    fn is_claimed(&self, name: &str) -> bool {
        self.claims.iter().any(|claim| {
            claim
                .get("metadata")
                .is_some_and(|metadata| name_of(metadata) == name)
        })
    }
}

fn name_of(value: &Value) -> &str {
    value
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The sources of volumes, in the order in which the API server looks at them: the member, and the names that
/// Kubernetes' paths use for it when there is more than one source and within it.
const SOURCES: [(&str, &str, &str); 30] = [
    ("emptyDir", "emptyDir", "emptyDir"),
    ("hostPath", "hostPath", "hostPath"),
    ("gitRepo", "gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk"),
    (
        "awsElasticBlockStore",
        "awsElasticBlockStore",
        "awsElasticBlockStore",
    ),
    ("secret", "secret", "secret"),
    ("nfs", "nfs", "nfs"),
    ("iscsi", "iscsi", "iscsi"),
    ("glusterfs", "glusterfs", "glusterfs"),
    ("flocker", "flocker", "flocker"),
    (
        "persistentVolumeClaim",
        "persistentVolumeClaim",
        "persistentVolumeClaim",
    ),
    ("rbd", "rbd", "rbd"),
    ("cinder", "cinder", "cinder"),
    ("cephfs", "cephFS", "cephfs"),
    ("quobyte", "quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI", "downwardAPI"),
    ("fc", "fc", "fc"),
    ("flexVolume", "flexVolume", "flexVolume"),
    ("configMap", "configMap", "configMap"),
    ("azureFile", "azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume"),
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "photonPersistentDisk",
    ),
    ("portworxVolume", "portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk", "azureDisk"),
    ("storageos", "storageos", "storageos"),
    ("projected", "projected", "projected"),
    ("scaleIO", "scaleIO", "scaleIO"),
    ("csi", "csi", "csi"),
    ("ephemeral", "ephemeral", "ephemeral"),
    ("image", "image", "image"),
];

/// Checks the volumes of a pod.
pub(super) fn check_volumes(facts: &PodFacts, report: &mut Report) {
    let (mut names, mut shadowed) = (Seen::new(), Seen::new());
    let mut place = facts.volumes.claims.len();
    for volume in facts.spec.get("volumes").items() {
        // Kubernetes puts the claims of a StatefulSet in front.
        let volume = volume.renumbered(place);
        let name = volume.get("name");
        if facts.volumes.is_claimed(name.text()) {
            // The claim of the StatefulSet takes the place of the volume before anything is checked.
            if !shadowed.insert(name.text()) {
                report_repeated(&name, &rules::DUPLICATE_KEY, report);
            }
            continue;
        }
        place += 1;
        check_volume(&volume, facts, report);
        if report.required_form(&name, &rules::NAME_SYNTAX, TextForm::DnsLabel)
            && !names.insert(name.text())
        {
            report_repeated(&name, &rules::DUPLICATE_NAME, report);
        }
    }
}

fn report_repeated(name: &Field, rule: &Rule, report: &mut Report) {
    let message = format!(
        "`{}` is the name of another volume too",
        shorten(name.text())
    );
    report.duplicate(name, rule, message);
}

/// Checks that there is one source. Without any the API server fills in `emptyDir: {}`.
fn check_volume(volume: &Field, facts: &PodFacts, report: &mut Report) {
    let mut first = "";
    for (member, plural, path) in &SOURCES {
        if !volume.get(member).exists() {
            continue;
        }
        if first.is_empty() {
            first = member;
            check_volume_source(&volume.get_as(member, path), member, facts, report);
        } else {
            let message = format!("`{member}` beside `{first}`: a volume has one source");
            report.forbidden(
                &volume.get_as(member, plural),
                &rules::VOLUME_SOURCE,
                message,
            );
        }
    }
}

fn check_volume_source(source: &Field, member: &str, facts: &PodFacts, report: &mut Report) {
    match member {
        "emptyDir" => {
            let size = source.get("sizeLimit");
            if size.exists() && Quantity::of(size.value()).is_some_and(Quantity::is_negative) {
                report.forbidden(
                    &size,
                    &rules::QUANTITY_VALUE,
                    "a negative size: expected 0 or more",
                );
            }
            super::resources::check_quantity_syntax(&size, report);
        }
        "projected" => super::projected::check_projected(source, report),
        "downwardAPI" => super::projected::check_downward_api(source, report),
        "ephemeral" => check_ephemeral(source, report),
        "image" => {
            if facts.subject == PodSubject::Pod {
                report.present(&source.get("reference"));
            }
            report.one_of(
                &source.get("pullPolicy"),
                &["Always", "IfNotPresent", "Never"],
            );
        }
        _ => check_source(source, member, report),
    }
}

/// Checks a volume that a claim is made for (`validateEphemeralVolumeSource`).
fn check_ephemeral(source: &Field, report: &mut Report) {
    let template = source.get("volumeClaimTemplate");
    if template.exists() {
        check_claim_template(&template, report);
    } else {
        report.required(&template, "missing: a template of the claim is required");
    }
}
