//! Subscriptions of operators: their channel by the version of OpenShift, and who approves their updates.

use serde_json::Value;

use crate::manifest::Object;
use crate::model::UpdateApproval;
use crate::operators::FoundRelease;
use crate::patch::{Editor, FieldAuthor, Reason};
use crate::place::{ObjectPatch, PatchPurpose};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use super::OverlayInput;

/// A field of a Subscription that is not as its base has it.
struct SetField<'a> {
    pointer: &'static str,
    value: &'a str,
    origin: Origin,
}

/// Sets the channel of every Subscription whose operator the fleet knows, and on sites that approve updates by hand the version that it
/// starts with.
pub(super) fn set_operator_versions(
    input: &OverlayInput<'_>,
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let mut patches = Vec::new();
    for object in objects.iter_mut().filter(|object| is_subscription(object)) {
        let package = object.get("/spec/name").and_then(Value::as_str);
        let Some(package) = package.map(str::to_owned) else {
            continue;
        };
        match choose_fields(input, &package) {
            Ok(fields) => patches.extend(set_fields(object, &fields)),
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    patches
}

fn is_subscription(object: &Object) -> bool {
    object.group() == "operators.coreos.com" && object.kind() == "Subscription"
}

/// Returns the fields of a package's Subscription; or the reason why its version is not known.
fn choose_fields<'a>(
    input: &OverlayInput<'a>,
    package: &str,
) -> Result<Vec<SetField<'a>>, Box<Diagnostic>> {
    let site = &input.plan.site;
    let updates = &site.spec.operator_updates;
    let is_manual = updates.approval == UpdateApproval::Manual;
    let pinned = updates.versions.get(package);
    let openshift = site.spec.cluster.version.as_deref();
    let release = match input.plan.operator_facts.find(package, openshift) {
        FoundRelease::Known(known) => Some(known),
        FoundRelease::OtherVersions(origin) if pinned.is_none() => {
            let report = report_unknown_version(input, package);
            return Err(Box::new(
                report.context(origin, "the versions that are known"),
            ));
        }
        FoundRelease::Unknown if is_manual && pinned.is_none() => {
            return Err(Box::new(report_unknown_version(input, package)));
        }
        FoundRelease::OtherVersions(_) | FoundRelease::Unknown => None,
    };
    let mut fields = Vec::new();
    if let Some(known) = &release {
        fields.push(SetField {
            pointer: "/spec/channel",
            value: &known.release.channel,
            origin: known.origin.clone(),
        });
    }
    if is_manual {
        let updates_at = site.origin(&Pointer::parse("/operatorUpdates"));
        fields.push(SetField {
            pointer: "/spec/installPlanApproval",
            value: "Manual",
            origin: updates_at.at("approval"),
        });
        let of_release = release.map(|known| (known.release.version.as_str(), known.origin));
        let of_site = pinned.map(|name| (name.as_str(), updates_at.at("versions").at(package)));
        fields.extend(of_site.or(of_release).map(|(value, origin)| SetField {
            pointer: "/spec/startingCSV",
            value,
            origin,
        }));
    }
    Ok(fields)
}

fn report_unknown_version(input: &OverlayInput<'_>, package: &str) -> Diagnostic {
    let openshift = input.plan.site.spec.cluster.version.as_deref();
    rules::OPERATOR_VERSION_UNKNOWN
        .report(format!(
            "nothing says which version of the operator `{package}` runs on OpenShift {} of site `{}`",
            openshift.unwrap_or("of no version"),
            input.plan.name
        ))
        .primary_key(input.instance.origin.clone(), "its Subscription is in this instance")
        .help(format!(
            "add a release for it to `base/operators.yaml`, or name the ClusterServiceVersion under `operatorUpdates: {{versions: {{{package}: …}}}}` of the site"
        ))
}

fn set_fields(object: &mut Object, fields: &[SetField<'_>]) -> Option<ObjectPatch> {
    let differing: Vec<&SetField<'_>> = fields
        .iter()
        .filter(|field| object.get(field.pointer).and_then(Value::as_str) != Some(field.value))
        .collect();
    if differing.is_empty() {
        return None;
    }
    let target = object.id();
    let mut editor = Editor::new(object.value_mut());
    // The package was read below `spec`: it is a map, and every field of it can be set.
    let are_set = differing.into_iter().all(|field| {
        let reason = Reason {
            author: FieldAuthor::OperatorVersion,
            origins: vec![field.origin.clone()],
        };
        let value = Value::String(field.value.to_owned());
        editor.set(&Pointer::parse(field.pointer), value, &reason)
    });
    are_set.then(|| ObjectPatch {
        purpose: PatchPurpose::Operators,
        target,
        operations: editor.finish(),
    })
}
