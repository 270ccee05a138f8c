//! Checks what becomes of objects that are in the cluster already: fields that an update cannot change, and transition rules.
//!
//! The objects before are those of a committed tree, which Argo CD has synced.

use std::collections::BTreeMap;

use pointer_diagnostics::Diagnostics;

use super::api_server::{ApiServers, SiteDefinitions};
use super::refusal::ServerRefusal;
use super::view::{FieldPlace, FieldReporter};
use crate::manifest::{Object, ObjectId};
use crate::patch::Operation;
use crate::plan::SitePlan;
use crate::rules;

const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
const HOOK: &str = "argocd.argoproj.io/hook";

/// A site now, and its objects before.
#[derive(Debug, Clone, Copy)]
pub struct UpdateInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The final manifests, by instance.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// Operations on the objects of each instance, with the origins that asked for them.
    pub changes: &'a BTreeMap<String, Vec<(ObjectId, Operation)>>,
    /// The definitions of custom resources that hold on the site.
    pub definitions: &'a SiteDefinitions<'a>,
    /// The API servers of the run.
    pub servers: &'a ApiServers,
    /// The objects before.
    pub before: &'a BTreeMap<ObjectId, Object>,
}

/// Checks every object that was there before and is there now.
pub fn check_updates(input: &UpdateInput<'_>) -> Diagnostics {
    let before = objects_before(input);
    let reporter = FieldReporter {
        changes: input.changes,
    };
    let mut found = Diagnostics::new();
    for instance in &input.plan.instances {
        let server = input.servers.serve(input.plan, instance, input.definitions);
        for object in input.rendered.get(&instance.name).into_iter().flatten() {
            let Some(old) = before.get(&without_version(object.id())) else {
                continue;
            };
            if *old == object || is_made_anew(object) {
                continue;
            }
            for refusal in server.judge_update(old.value(), object.value()) {
                let field = FieldPlace {
                    instance,
                    object,
                    field: &refusal.pointer,
                };
                let report = reporter.report(
                    &rules::IMMUTABLE_FIELD,
                    field,
                    word_refusal(object, &refusal),
                );
                found.push(report.help(find_help(object)));
            }
        }
    }
    found
}

/// Returns the objects before, whatever their versions were.
pub(super) fn objects_before<'a>(input: &UpdateInput<'a>) -> BTreeMap<ObjectId, &'a Object> {
    let objects = input.before.iter();
    objects
        .map(|(id, object)| (without_version(id.clone()), object))
        .collect()
}

/// Returns what tells objects apart in a cluster, whose server knows each in all versions of its kind.
pub(super) fn without_version(id: ObjectId) -> ObjectId {
    ObjectId {
        version: String::new(),
        ..id
    }
}

/// Tells whether Argo CD deletes the object and makes it again when it changes, or at each sync.
fn is_made_anew(object: &Object) -> bool {
    let options = object.annotation(SYNC_OPTIONS).unwrap_or_default();
    let has = |wanted: &str| options.split(',').any(|option| option.trim() == wanted);
    object.annotation(HOOK).is_some() || (has("Replace=true") && has("Force=true"))
}

fn word_refusal(object: &Object, refusal: &ServerRefusal) -> String {
    let called = format!("`{} {}`", object.kind(), object.name());
    match refusal.field.as_str() {
        "" => format!(
            "{called} is in the cluster, and its update is refused: {}",
            refusal.message
        ),
        field => format!(
            "{called} is in the cluster, and its update is refused: `{field}`: {}",
            refusal.message
        ),
    }
}

fn find_help(object: &Object) -> String {
    let anew = match object.kind() {
        "PersistentVolumeClaim" | "PersistentVolume" => {
            return "leave the field as it is, or give the object another name and move the data: what is bound cannot be changed"
                .to_owned();
        }
        "StatefulSet" => "its pods restart, its volume claims stay",
        "Deployment" | "DaemonSet" | "ReplicaSet" => "its pods restart",
        "Job" => "it runs again",
        "RoleBinding" | "ClusterRoleBinding" => "the rights are away for a moment",
        _ => "what depends on it is away for a moment",
    };
    format!(
        "leave the field as it is, or let Argo CD make the object anew with the annotation `{SYNC_OPTIONS}: Force=true,Replace=true`: {anew}"
    )
}
